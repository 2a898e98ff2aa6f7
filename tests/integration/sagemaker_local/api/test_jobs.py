from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature
from sagemaker_local.records.job import JobKind, JobStatus
from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane
from tests.fakes.definitions import processing_request
from tests.fakes.records import NOON, ROLE, a_job
from tests.fakes.scripted_runner import failing, until_stopped

S3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://pipes/in/"}
REQUESTS: dict[JobKind, dict[str, Any]] = {
    JobKind.PROCESSING: processing_request(Environment={"LEVEL": "1"}),
    JobKind.TRAINING: {
        "AlgorithmSpecification": {"TrainingImage": "sagemaker-xgboost:3.2-0-cpu-py3", "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "HyperParameters": {"eta": "0.1"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": S3}}],
        "OutputDataConfig": {"S3OutputPath": "s3://pipes/out/"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
    JobKind.TRANSFORM: {
        "ModelName": "scorer",
        "TransformInput": {"DataSource": {"S3DataSource": S3}, "ContentType": "text/csv"},
        "TransformOutput": {"S3OutputPath": "s3://pipes/scored/"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    },
}
KINDS = pytest.mark.parametrize("kind", list(JobKind))


def create(plane: ControlPlane, kind: JobKind, name: str = "Job-1", **members: Any) -> dict[str, Any]:
    return plane.call(f"Create{kind.value}Job", **{kind.name_member: name, **REQUESTS[kind], **members})


def describe(plane: ControlPlane, kind: JobKind, name: str = "Job-1") -> dict[str, Any]:
    return plane.call(f"Describe{kind.value}Job", **{kind.name_member: name})


def listed(plane: ControlPlane, kind: JobKind, **request: Any) -> list[str]:
    items = plane.pages(f"List{kind.value}Jobs", f"{kind.value}JobSummaries", **request)
    return [item[kind.name_member] for item in items]


@KINDS
def test_create_gives_the_arn_with_small_letters(plane: ControlPlane, kind: JobKind) -> None:
    answer = create(plane, kind)

    assert answer == {kind.arn_member: f"arn:aws:sagemaker:us-west-2:000000000000:{kind.value.lower()}-job/job-1"}


@KINDS
def test_describe_gives_back_the_request_and_the_state(plane: ControlPlane, kind: JobKind) -> None:
    plane.runner.behaviour = until_stopped
    create(plane, kind)

    described = describe(plane, kind)

    assert REQUESTS[kind].items() <= described.items()
    assert described[kind.name_member] == "Job-1"
    assert described[kind.status_member] == "InProgress"


@KINDS
def test_describe_of_an_ended_job_has_its_end_and_reason(plane: ControlPlane, kind: JobKind) -> None:
    plane.runner.behaviour = failing("AlgorithmError: " + "x" * 5000)
    create(plane, kind)
    plane.jobs.wait(kind, "Job-1")

    described = describe(plane, kind)

    assert described[kind.status_member] == "Failed"
    assert described["FailureReason"].startswith("AlgorithmError: x")
    assert described[f"{kind.value}EndTime"] >= described[f"{kind.value}StartTime"]


@KINDS
def test_create_with_a_taken_name_is_refused(plane: ControlPlane, kind: JobKind) -> None:
    create(plane, kind)

    with pytest.raises(Refused, match="ResourceInUse: Job name must be unique within an AWS account and region"):
        create(plane, kind)


def test_create_by_many_at_once_with_one_name_creates_one(plane: ControlPlane) -> None:
    def attempt(_: int) -> bool:
        try:
            create(plane, JobKind.PROCESSING)
        except Refused as refused:
            assert refused.code == "ResourceInUse"  # noqa: PT017  # both outcomes are counted below
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))

    assert outcomes.count(True) == 1


@KINDS
def test_create_that_the_runner_refuses_keeps_nothing(plane: ControlPlane, kind: JobKind) -> None:
    plane.runner.refusal = UnsupportedFeature("Pipe mode is not supported")

    with pytest.raises(Refused, match="ValidationException: Pipe mode is not supported"):
        create(plane, kind)

    assert listed(plane, kind) == []


@KINDS
def test_create_keeps_tags_apart_from_the_description(plane: ControlPlane, kind: JobKind) -> None:
    arn = create(plane, kind, Tags=[{"Key": "team", "Value": "x"}])[kind.arn_member]

    assert plane.call("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "x"}]


@KINDS
def test_job_that_is_not_there_is_refused(plane: ControlPlane, kind: JobKind) -> None:
    for operation in ("Describe", "Stop"):
        with pytest.raises(Refused, match="ValidationException: Could not find requested job with name: none"):
            plane.call(f"{operation}{kind.value}Job", **{kind.name_member: "none"})


@KINDS
def test_stop_ends_a_running_job(plane: ControlPlane, kind: JobKind) -> None:
    plane.runner.behaviour = until_stopped
    create(plane, kind)

    assert plane.call(f"Stop{kind.value}Job", **{kind.name_member: "Job-1"}) == {}

    assert plane.jobs.wait(kind, "Job-1").status is JobStatus.STOPPED


def past_jobs(plane: ControlPlane, kind: JobKind, count: int) -> list[str]:
    """Jobs that ended long ago, one an hour, one out of two failed."""
    for number in range(count):
        time = NOON + timedelta(hours=number)
        status = JobStatus.FAILED if number % 2 else JobStatus.COMPLETED
        job = a_job(f"past-{number:04d}", kind, status=status, created=time, modified=time, ended=time)
        plane.store.jobs.add(replace(job, details={"SecondaryStatus": status.value}))
    return [f"past-{number:04d}" for number in range(count)]


@KINDS
def test_jobs_are_listed_by_creation_in_the_order_that_the_reference_states(plane: ControlPlane, kind: JobKind) -> None:
    names = past_jobs(plane, kind, 35)

    assert listed(plane, kind) == (names[::-1] if kind is JobKind.TRANSFORM else names)


@KINDS
def test_jobs_come_ten_at_a_time_unless_told_otherwise(plane: ControlPlane, kind: JobKind) -> None:
    past_jobs(plane, kind, 12)

    answer = plane.call(f"List{kind.value}Jobs")

    assert len(answer[f"{kind.value}JobSummaries"]) == 10
    assert answer["NextToken"]


@KINDS
def test_jobs_are_filtered_and_sorted_as_asked(plane: ControlPlane, kind: JobKind) -> None:
    names = past_jobs(plane, kind, 4)
    half_past = (NOON + timedelta(minutes=90)).timestamp()

    assert listed(plane, kind, StatusEquals="Failed", SortOrder="Ascending") == [names[1], names[3]]
    assert listed(plane, kind, NameContains="0002") == [names[2]]
    assert listed(plane, kind, CreationTimeAfter=half_past, SortOrder="Ascending") == names[2:]
    assert listed(plane, kind, LastModifiedTimeBefore=half_past, SortOrder="Ascending") == names[:2]
    assert listed(plane, kind, SortBy="Name", SortOrder="Descending") == names[::-1]
    assert listed(plane, kind, SortBy="Status", SortOrder="Ascending") == [names[0], names[2], names[1], names[3]]


def test_training_jobs_have_no_warm_pools_and_no_plans(plane: ControlPlane) -> None:
    past_jobs(plane, JobKind.TRAINING, 1)

    assert listed(plane, JobKind.TRAINING, WarmPoolStatusEquals="Available") == []


@KINDS
def test_summary_has_state_and_times(plane: ControlPlane, kind: JobKind) -> None:
    past_jobs(plane, kind, 1)

    summary = plane.call(f"List{kind.value}Jobs")[f"{kind.value}JobSummaries"][0]

    assert summary[kind.status_member] == "Completed"
    assert summary["CreationTime"] == summary[f"{kind.value}EndTime"] == NOON.timestamp()
