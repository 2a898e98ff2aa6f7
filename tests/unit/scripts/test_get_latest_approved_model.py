from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lambdas.get_latest_approved_model import NoApprovedModel, VersionNotListed, find

START = datetime(2026, 1, 31, tzinfo=UTC)


class FakeSageMaker:
    """A model package group whose pages hold one version; time passes only by sleeping."""

    def __init__(self) -> None:
        self.packages: list[dict[str, Any]] = []
        self.appears_at: dict[float, dict[str, Any]] = {}
        self.now = 0.0
        self.described = 0
        self.missing_group = ""

    def add(self, version: int, *, minutes: int, status: str = "Approved", execution: str = "", at: float = 0) -> None:
        package = {
            "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/{version}",
            "ModelPackageVersion": version,
            "CreationTime": START + timedelta(minutes=minutes),
            "ModelApprovalStatus": status,
            "ModelPackageStatus": "Completed",
            "CustomerMetadataProperties": {"PipelineExecutionId": execution},
        }
        if at:
            self.appears_at[at] = package
        else:
            self.packages.append(package)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def list_model_packages(self, **request: Any) -> dict[str, Any]:
        if self.missing_group:
            code, _, message = self.missing_group.partition(": ")
            raise ClientError({"Error": {"Code": code, "Message": message}}, "ListModelPackages")
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        status = request.get("ModelApprovalStatus")
        visible = self.packages + [package for at, package in self.appears_at.items() if at <= self.now]
        found = [package for package in visible if status in {None, package["ModelApprovalStatus"]}]
        place = int(request.get("NextToken", 0))
        answer: dict[str, Any] = {"ModelPackageSummaryList": found[place : place + 1]}
        return answer | ({"NextToken": str(place + 1)} if place + 1 < len(found) else {})

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        self.described += 1
        every = [*self.packages, *self.appears_at.values()]
        package = next(item for item in every if item["ModelPackageArn"] == ModelPackageName)
        url = f"s3://models/{package['ModelPackageVersion']}/model.tar.gz"
        return package | {"InferenceSpecification": {"Containers": [{"ModelDataUrl": url}]}}


def answer_of(client: FakeSageMaker, seconds_left: float = 1000, **event: Any) -> dict[str, str]:
    every = {
        "ModelPackageGroupName": "churn",
        "ModelApprovalStatus": "Approved",
        "PipelineExecutionId": "run-1",
        **event,
    }
    return find(client, every, seconds_left, client.sleep, lambda: client.now)


def test_newest_approved_version_is_found_on_any_page_in_any_order() -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1)
    client.add(3, minutes=3)
    client.add(2, minutes=2)
    client.add(4, minutes=4, status="PendingManualApproval")

    answer = answer_of(client)

    assert answer == {
        "ModelPackageArn": "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3",
        "ModelPackageVersion": "3",
        "ModelDataUrl": "s3://models/3/model.tar.gz",
    }


def test_versions_of_the_same_time_are_ordered_by_their_number() -> None:
    client = FakeSageMaker()
    client.add(9, minutes=1)
    client.add(10, minutes=1)

    assert answer_of(client)["ModelPackageVersion"] == "10"


def test_version_whose_creation_failed_is_passed_over() -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1)
    client.add(2, minutes=2)
    client.packages[1]["ModelPackageStatus"] = "Failed"

    assert answer_of(client)["ModelPackageVersion"] == "1"


@pytest.mark.parametrize(
    "missing_group", ["", "ValidationException: ModelPackageGroup churn does not exist.", "ResourceNotFound: No group."]
)
def test_no_approved_version_is_an_error_with_the_command_that_approves_one(missing_group: str) -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1, status="Rejected")
    client.missing_group = missing_group

    with pytest.raises(NoApprovedModel, match=r"'churn' has no version .* `python pipeline.py approve VERSION`"):
        answer_of(client)


@pytest.mark.parametrize("outcome", ["false", "False", ""])
def test_failed_gate_waits_for_nothing(outcome: str) -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1)

    answer = answer_of(client, GateOutcome=outcome)

    assert answer["ModelPackageVersion"] == "1"
    assert client.now == 0


@pytest.mark.parametrize("outcome", ["true", "True"])
def test_passed_gate_waits_until_this_executions_version_is_listed(outcome: str) -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1, execution="run-0")
    client.add(2, minutes=2, execution="run-1", at=5)

    answer = answer_of(client, GateOutcome=outcome)

    assert answer["ModelPackageVersion"] == "2"
    assert client.now == 6


def test_passed_gate_with_a_listed_version_does_not_sleep() -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1, execution="run-1")

    answer_of(client, GateOutcome="true")

    assert client.now == 0


def test_passed_gate_whose_version_awaits_approval_scores_with_the_last_approved() -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1, execution="run-0")
    client.add(2, minutes=2, execution="run-1", status="PendingManualApproval")

    assert answer_of(client, GateOutcome="true")["ModelPackageVersion"] == "1"


def test_each_version_is_described_once_while_waiting() -> None:
    client = FakeSageMaker()
    for version in range(1, 6):
        client.add(version, minutes=version, execution="run-0")
    client.add(9, minutes=9, execution="run-1", at=100)

    answer_of(client, GateOutcome="true")

    assert client.described == 5 + 1 + 1


@pytest.mark.parametrize(("seconds_left", "waited"), [(1000, 10), (7, 7)])
def test_version_that_never_appears_ends_the_wait_in_time(seconds_left: float, waited: int) -> None:
    client = FakeSageMaker()
    client.add(1, minutes=1, execution="run-0")

    with pytest.raises(VersionNotListed, match=f"after {waited} s no version .* carries PipelineExecutionId 'run-1'"):
        answer_of(client, seconds_left, GateOutcome="true", WaitSeconds=10)
    assert client.now <= waited
