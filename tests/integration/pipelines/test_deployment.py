"""A deployment with real boto3 clients and the SDK's own upsert; only the network is not there."""

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from pipelines.deployment import deploy
from pipelines.deployment.functions import Change
from pipelines.errors import NoSuchBucket, PlaceholderAccount, RequestRefused, WrongRegion
from tests.fakes.aws_account import FakeAccount

FUNCTIONS = ("churn-get-latest-approved-model", "churn-notify-failure", "churn-verdict")


@pytest.fixture
def account(churn: PipelineConfig) -> FakeAccount:
    return FakeAccount({churn.bucket})


def test_deploy_first_time_brings_files_functions_and_definition_in_this_order(
    built: BuiltPipeline, account: FakeAccount
) -> None:
    deployed = deploy(built, account.session())

    files = len(built.artifacts)
    assert account.calls == [
        "HeadBucket",
        *["HeadObject", "PutObject"] * files,
        *["GetFunctionConfiguration", "CreateFunction", "GetFunctionConfiguration"] * len(FUNCTIONS),
        "CreatePipeline",
    ]
    assert deployed.pipeline_arn == "arn:aws:sagemaker:us-west-2:123456789012:pipeline/churn-end-to-end"
    assert (deployed.uploads.new, deployed.functions) == (files, dict.fromkeys(FUNCTIONS, Change.CREATED))


def test_deploy_sends_exactly_the_definition_that_was_built(built: BuiltPipeline, account: FakeAccount) -> None:
    deploy(built, account.session())

    request = account.pipelines["churn-end-to-end"]
    assert request["PipelineDefinition"] == built.definition()
    assert request["RoleArn"] == built.config.role_arn
    assert request["PipelineDescription"] == built.description


def test_deploy_again_changes_nothing_but_the_definition(built: BuiltPipeline, account: FakeAccount) -> None:
    deploy(built, account.session())
    account.calls.clear()

    deployed = deploy(built, account.session())

    changing = [call for call in account.calls if not call.startswith(("Head", "Get"))]
    assert changing == ["CreatePipeline", "UpdatePipeline"]
    assert (deployed.uploads.new, deployed.functions) == (0, dict.fromkeys(FUNCTIONS, Change.UNCHANGED))


def test_deploy_function_as_the_configuration_says(built: BuiltPipeline, account: FakeAccount) -> None:
    deploy(built, account.session())

    function = account.functions["churn-get-latest-approved-model"]
    assert (function["Timeout"], function["MemorySize"]) == (360, 256)
    assert (function["Handler"], function["Runtime"]) == ("get_latest_approved_model.handler", "python3.12")
    assert function["Role"] == built.config.role_arn


def test_deploy_reports_what_it_does(built: BuiltPipeline, account: FakeAccount) -> None:
    lines: list[str] = []

    deploy(built, account.session(), report=lines.append)

    assert lines == [
        f"files: {len(built.artifacts)} uploaded, 0 already there",
        *(f"function {name}: created" for name in FUNCTIONS),
        "pipeline churn-end-to-end: up to date",
    ]


def test_deploy_without_bucket_changes_nothing(built: BuiltPipeline) -> None:
    account = FakeAccount(set())

    with pytest.raises(NoSuchBucket, match="'mlbucket-sagemaker' does not exist"):
        deploy(built, account.session())

    assert account.calls == ["HeadBucket"]


def test_deploy_in_another_region_is_refused(built: BuiltPipeline) -> None:
    account = FakeAccount(set(), region="eu-west-1")

    with pytest.raises(WrongRegion, match="works in 'eu-west-1'; the configuration's region is 'us-west-2'"):
        deploy(built, account.session())

    assert account.calls == []


def test_deploy_with_placeholder_account_is_refused(churn: PipelineConfig, account: FakeAccount) -> None:
    built = catalog.build("end-to-end", churn.with_account_id("ACCOUNT_ID"))

    with pytest.raises(PlaceholderAccount, match="ACCOUNT_ID stands where AWS needs an account"):
        deploy(built, account.session())

    assert account.calls == []


def test_deploy_refused_by_sagemaker_says_what_was_refused(
    built: BuiltPipeline, account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"Error": {"Code": "ValidationException", "Message": "Role is unusable."}}
    monkeypatch.setattr(FakeAccount, "_sagemaker", lambda *_: refusal)

    with pytest.raises(
        RequestRefused, match="pipeline 'churn-end-to-end': CreatePipeline answered ValidationException"
    ):
        deploy(built, account.session())
