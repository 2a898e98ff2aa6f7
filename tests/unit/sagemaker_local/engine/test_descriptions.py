from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sagemaker_local.engine.descriptions import as_details, as_properties, describe_job
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.records.shapes import check_response
from tests.fakes.step_definitions import processing, training

_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _job(kind: JobKind = JobKind.TRAINING, status: JobStatus = JobStatus.COMPLETED, **members: Any) -> Job:
    request = training()["Arguments"] if kind is JobKind.TRAINING else processing()["Arguments"]
    job = Job(
        kind,
        "job",
        "arn:aws:sagemaker:us-west-2:000000000000:training-job/job",
        status,
        request,
        created=_NOON,
        modified=_NOON,
    )
    return replace(job, **members)


@pytest.mark.parametrize(
    "moment", [_NOON, _NOON.timestamp(), _NOON.isoformat(), _NOON.replace(tzinfo=None).isoformat()]
)
def test_times_in_details_become_aware_datetimes(moment: Any) -> None:
    metric = {"MetricName": "auc", "Value": 0.9, "Timestamp": moment}

    described = describe_job(_job(details={"FinalMetricDataList": [metric]}))

    assert described["FinalMetricDataList"][0]["Timestamp"] == _NOON


def test_members_that_the_response_has_not_are_left_out() -> None:
    described = describe_job(_job(request={**_job().request, "Tags": [{"Key": "a", "Value": "b"}]}, details={"Own": 1}))

    assert not {"Tags", "Own", "FailureReason"} & set(described)


def test_training_that_ended_is_billed_for_its_seconds() -> None:
    described = describe_job(_job(started=_NOON, ended=_NOON + timedelta(seconds=90)))

    assert (described["TrainingTimeInSeconds"], described["BillableTimeInSeconds"]) == (90, 90)


@pytest.mark.parametrize(
    ("status", "word"),
    [(JobStatus.IN_PROGRESS, "Starting"), (JobStatus.STOPPING, "Stopping"), (JobStatus.FAILED, "Failed")],
)
def test_training_without_a_runners_word_has_the_secondary_status_of_its_state(status: JobStatus, word: str) -> None:
    assert describe_job(_job(status=status))["SecondaryStatus"] == word


def test_what_the_request_leaves_out_has_the_default_of_the_service() -> None:
    request = {name: value for name, value in _job().request.items() if name != "StoppingCondition"}
    details = {"ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/m.tar.gz"}}

    described = describe_job(_job(request=request, details=details))

    check_response("sagemaker", "DescribeTrainingJob", described)
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}
    assert described["EnableNetworkIsolation"] is False


def test_failed_job_tells_its_reason() -> None:
    described = describe_job(_job(JobKind.PROCESSING, JobStatus.FAILED, failure_reason="AlgorithmError: bad"))

    assert (described["ProcessingJobStatus"], described["FailureReason"]) == ("Failed", "AlgorithmError: bad")


def test_properties_hold_times_as_texts_and_details_as_seconds() -> None:
    document = {"a": [{"at": _NOON}], "b": 1}

    assert as_properties(document) == {"a": [{"at": "2026-01-31T12:00:00+00:00"}], "b": 1}
    assert as_details(document) == {"a": [{"at": _NOON.timestamp()}], "b": 1}
