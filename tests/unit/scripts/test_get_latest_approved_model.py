from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lambdas.get_latest_approved_model import (
    ModelArtifactForbidden,
    ModelArtifactMissing,
    NoApprovedModel,
    VersionNotListed,
    VersionRefused,
    find,
)

START = datetime(2026, 1, 31, tzinfo=UTC)
GROUP_ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package-group/churn"


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeSageMaker:
    """A model package group whose pages hold one version or tag; time passes only by sleeping."""

    def __init__(self) -> None:
        self.packages: list[dict[str, Any]] = []
        self.appears_at: dict[float, dict[str, Any]] = {}
        self.tags: dict[str, str] = {"team": "churn"}
        self.now = 0.0
        self.described = 0
        self.missing_group = ""

    def add(self, version: int, *, minutes: int, status: str = "Approved", execution: str = "", at: float = 0) -> None:
        package = {
            "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/{version}",
            "ModelPackageGroupName": "churn",
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
        self._check_group("ListModelPackages")
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        status = request.get("ModelApprovalStatus")
        visible = self.packages + [package for at, package in self.appears_at.items() if at <= self.now]
        found = [package for package in visible if status in {None, package["ModelApprovalStatus"]}]
        return self._page("ModelPackageSummaryList", found, request)

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        self.described += 1
        every = [*self.packages, *self.appears_at.values()]
        package = next(item for item in every if item["ModelPackageArn"] == ModelPackageName)
        url = f"s3://models/{package['ModelPackageVersion']}/model.tar.gz"
        return {"InferenceSpecification": {"Containers": [{"ModelDataUrl": url}]}} | package

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        self._check_group("DescribeModelPackageGroup")
        assert ModelPackageGroupName == "churn"
        return {"ModelPackageGroupArn": GROUP_ARN}

    def list_tags(self, **request: Any) -> dict[str, Any]:
        assert request["ResourceArn"] == GROUP_ARN
        return self._page("Tags", [{"Key": key, "Value": value} for key, value in self.tags.items()], request)

    def _check_group(self, operation: str) -> None:
        if self.missing_group:
            code, _, message = self.missing_group.partition(": ")
            raise refusal(code, operation, message)

    def _page(self, member: str, items: list[Any], request: dict[str, Any]) -> dict[str, Any]:
        place = int(request.get("NextToken", 0))
        more = {"NextToken": str(place + 1)} if place + 1 < len(items) else {}
        return {member: items[place : place + 1], **more}


class FakeS3:
    """A bucket that has every artifact, but for those that are gone."""

    def __init__(self, **refused: str) -> None:
        self.refused = refused

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        version = Key.partition("/")[0]
        assert (Bucket, Key) == ("models", f"{version}/model.tar.gz")
        if code := self.refused.get(f"v{version}"):
            raise refusal(code, "HeadObject")
        return {}


def answer_of(
    client: FakeSageMaker, seconds_left: float = 1000, s3: FakeS3 | None = None, **event: Any
) -> dict[str, str]:
    every = {
        "ModelPackageGroupName": "churn",
        "ModelApprovalStatus": "Approved",
        "PipelineExecutionId": "run-1",
        **event,
    }
    return find(client, s3 or FakeS3(), every, seconds_left, client.sleep, lambda: client.now)


@pytest.fixture
def three() -> FakeSageMaker:
    """Versions 1 and 2 are approved, 3 is rejected."""
    client = FakeSageMaker()
    client.add(1, minutes=1)
    client.add(2, minutes=2)
    client.add(3, minutes=3, status="Rejected")
    return client


def test_latest_approved_version_is_found_on_any_page_in_any_order() -> None:
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
        "Note": "none",
    }


def test_the_highest_number_counts_whatever_the_order_of_time_or_of_text() -> None:
    client = FakeSageMaker()
    client.add(10, minutes=1)
    client.add(9, minutes=2)

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


@pytest.mark.parametrize("operation", ["list_model_packages", "describe_model_package_group"])
def test_refusal_for_another_reason_than_a_missing_group_is_not_taken_for_one(
    three: FakeSageMaker, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def refuse(**_: Any) -> None:
        raise refusal("AccessDeniedException", operation, "not you")

    monkeypatch.setattr(three, operation, refuse)

    with pytest.raises(ClientError, match="not you"):
        answer_of(three, AllowNone="true")


def test_pinned_version_scores_whatever_was_approved_later(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = "1"

    assert answer_of(three)["ModelPackageVersion"] == "1"


@pytest.mark.parametrize("pinned", ["9", "two", "02"])
def test_pin_on_a_version_that_is_not_there_is_refused_with_the_way_out(three: FakeSageMaker, pinned: str) -> None:
    three.tags["PinnedModelPackageVersion"] = pinned

    with pytest.raises(
        VersionRefused,
        match=rf"'churn' has no version '{pinned}', which the tag PinnedModelPackageVersion pins; the newest are: "
        r"3, 2, 1\. Let the latest approved version score with `python pipeline\.py unpin`",
    ):
        answer_of(three)


def test_empty_pin_pins_nothing(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = ""

    assert answer_of(three)["ModelPackageVersion"] == "2"


def test_pin_on_a_version_that_is_not_approved_is_refused_with_both_ways_out(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = "3"

    with pytest.raises(
        VersionRefused,
        match=r"Version 3 .* pins, is Rejected, not Approved: approve it with `python pipeline\.py approve 3`, or let "
        r".*`python pipeline\.py unpin`",
    ):
        answer_of(three)


def test_pin_on_a_version_whose_creation_failed_is_refused(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = "1"
    three.packages[0]["ModelPackageStatus"] = "Failed"

    with pytest.raises(VersionRefused, match=r"Version 1 .* is Failed, not Completed: .*`python pipeline\.py unpin`"):
        answer_of(three)


def test_version_that_is_asked_for_goes_before_the_pinned_one(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = "2"

    assert answer_of(three, ModelVersion="1")["ModelPackageVersion"] == "1"
    assert answer_of(three, ModelVersion="latest")["ModelPackageVersion"] == "2"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("9", r"no version '9', which ModelVersion asks for; the newest are: 3, 2, 1\. Ask for another version, or"),
        ("newest", r"no version 'newest', which ModelVersion asks for; .* or for 'latest'\."),
        ("3", r"Version 3 .* which ModelVersion asks for, is Rejected, .*approve 3`, or ask for another version"),
    ],
)
def test_version_that_is_asked_for_and_may_not_score_is_refused(
    three: FakeSageMaker, wanted: str, message: str
) -> None:
    with pytest.raises(VersionRefused, match=message):
        answer_of(three, ModelVersion=wanted)


@pytest.mark.parametrize("code", ["404", "NoSuchBucket"])
def test_latest_version_without_its_artifact_is_refused_by_name(three: FakeSageMaker, code: str) -> None:
    with pytest.raises(
        ModelArtifactMissing,
        match=r"Version 2 of model package group 'churn' cannot score: its artifact s3://models/2/model.tar.gz is not "
        r"in S3\. Put it back, or .*`python pipeline\.py reject 2`",
    ):
        answer_of(three, s3=FakeS3(v2=code))


def test_pinned_version_without_its_artifact_is_refused_with_the_command_that_unpins(three: FakeSageMaker) -> None:
    three.tags["PinnedModelPackageVersion"] = "1"

    with pytest.raises(ModelArtifactMissing, match=r"Version 1 .*`python pipeline\.py unpin`"):
        answer_of(three, s3=FakeS3(v1="404"))


def test_version_that_names_no_artifact_is_refused(three: FakeSageMaker) -> None:
    three.packages[1]["InferenceSpecification"] = {"Containers": [{"Image": "i"}]}

    with pytest.raises(ModelArtifactMissing, match=r"Version 2 .* names no ModelDataUrl"):
        answer_of(three)


def test_artifact_that_may_not_be_looked_at_is_not_called_missing(three: FakeSageMaker) -> None:
    with pytest.raises(ModelArtifactForbidden, match=r"Version 2 .* \(403\)\. Give the function's role s3:GetObject"):
        answer_of(three, s3=FakeS3(v2="403"), AllowNone="true")


def test_other_refusal_of_s3_stays_what_it_is(three: FakeSageMaker) -> None:
    with pytest.raises(ClientError, match="SlowDown"):
        answer_of(three, s3=FakeS3(v2="SlowDown"), AllowNone="true")


def test_no_model_is_none_where_that_is_allowed() -> None:
    answer = answer_of(FakeSageMaker(), AllowNone="true")

    note = answer.pop("Note")
    assert answer == {"ModelPackageArn": "none", "ModelPackageVersion": "none", "ModelDataUrl": "none"}
    assert "'churn' has no version whose status is Approved" in note


def test_missing_artifact_is_none_where_that_is_allowed_and_the_note_says_so(three: FakeSageMaker) -> None:
    answer = answer_of(three, s3=FakeS3(v2="404"), AllowNone="true")

    assert answer["ModelPackageArn"] == answer["ModelPackageVersion"] == answer["ModelDataUrl"] == "none"
    assert "its artifact s3://models/2/model.tar.gz is not in S3" in answer["Note"]


def test_pin_that_cannot_be_met_is_refused_even_where_no_model_is_allowed(three: FakeSageMaker) -> None:
    """It is a person's word that something is wrong with; an answer of "none" would hide that."""
    three.tags["PinnedModelPackageVersion"] = "3"

    with pytest.raises(VersionRefused, match="unpin"):
        answer_of(three, AllowNone="true")


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
