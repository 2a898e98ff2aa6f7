"""Plain boto3 against the operations of hyperparameter tuning jobs, with training jobs that run."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance import conftest, job_requests
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import until

BUCKET = "boto3-tuning"
PROGRAM = Path(__file__).parent / "programs/jobs/tuner/train.py"
FINAL = {"Completed", "Failed", "Stopped"}


def upload_code(endpoint: Endpoint) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(PROGRAM, "train.py")
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz", Body=packed.getvalue())


@pytest.fixture(scope="module")
def tuned(endpoint: Endpoint) -> Endpoint:
    upload_code(endpoint)
    return endpoint


def create(endpoint: Endpoint, name: str, *, config: dict[str, Any], static: dict[str, str] | None = None) -> str:
    code = {"sagemaker_program": "train.py", "sagemaker_submit_directory": f"s3://{BUCKET}/code/sourcedir.tar.gz"}
    arn: str = endpoint.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.05", "MaxValue": "0.95"}],
            },
            "RandomSeed": 5,
            **config,
        },
        TrainingJobDefinition={
            "AlgorithmSpecification": {"TrainingImage": job_requests.IMAGE, "TrainingInputMode": "File"},
            "StaticHyperParameters": {**code, **(static or {})},
            "RoleArn": job_requests.ROLE,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
        },
    )["HyperParameterTuningJobArn"]
    return arn


def limits(most: int, parallel: int) -> dict[str, Any]:
    return {"ResourceLimits": {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel}}


def describe(endpoint: Endpoint, name: str) -> dict[str, Any]:
    described: dict[str, Any] = endpoint.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return described


def wait(endpoint: Endpoint, name: str) -> dict[str, Any]:
    until(lambda: describe(endpoint, name)["HyperParameterTuningJobStatus"] in FINAL, timeout=120)
    return describe(endpoint, name)


def training_jobs(endpoint: Endpoint, name: str, **request: Any) -> list[dict[str, Any]]:
    paginator = endpoint.client("sagemaker").get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    pages = paginator.paginate(HyperParameterTuningJobName=name, **request)
    return [summary for page in pages for summary in page["TrainingJobSummaries"]]


def log(endpoint: Endpoint, training_job: str) -> list[str]:
    logs, group = endpoint.client("logs"), "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{training_job}/")["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
    return [event["message"] for event in events["events"]]


def test_tuning_job_trains_in_parallel_and_finds_the_best_model(tuned: Endpoint) -> None:
    create(tuned, "best", config=limits(5, 2))

    described = wait(tuned, "best")

    best = described["BestTrainingJob"]
    best_first = training_jobs(tuned, "best", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    values = [item["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for item in best_first]
    assert described["HyperParameterTuningJobStatus"] == "Completed", described
    assert described["TrainingJobStatusCounters"]["Completed"] == 5
    assert values == sorted(values, reverse=True)
    assert best_first[0]["TrainingJobName"] == best["TrainingJobName"]
    assert any(f"validation-auc:{values[0]:.5f}" in line for line in log(tuned, best["TrainingJobName"]))
    trained = tuned.client("sagemaker").describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert trained["TuningJobArn"] == described["HyperParameterTuningJobArn"]
    assert trained["HyperParameters"]["_tuning_objective_metric"] == "validation:auc"
    body = tuned.client("s3").get_object(
        Bucket=BUCKET, Key=trained["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    )["Body"]
    with tarfile.open(fileobj=io.BytesIO(body.read())) as archive:
        member = archive.extractfile("model.json")
        assert member is not None
        assert json.loads(member.read())["eta"] == float(best["TunedHyperParameters"]["eta"])


def test_training_jobs_of_a_script_that_fails_fail_the_tuning_job(tuned: Endpoint) -> None:
    create(tuned, "broken", config=limits(2, 2), static={"nobody": "knows"})

    described = wait(tuned, "broken")

    assert described["HyperParameterTuningJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("No training job succeeded after 2 attempts.")
    assert "unrecognized arguments: --nobody knows" in described["FailureReason"]
    assert described["TrainingJobStatusCounters"]["NonRetryableError"] == 2


def test_stop_ends_what_runs(tuned: Endpoint) -> None:
    create(tuned, "stopped", config=limits(4, 2), static={"seconds": "60"})
    until(lambda: len(training_jobs(tuned, "stopped", StatusEquals="InProgress")) == 2, timeout=30)

    tuned.client("sagemaker").stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")

    assert wait(tuned, "stopped")["HyperParameterTuningJobStatus"] == "Stopped"
    assert [item["TrainingJobStatus"] for item in training_jobs(tuned, "stopped")] == ["Stopped", "Stopped"]


def test_what_is_not_supported_is_refused_by_name(tuned: Endpoint) -> None:
    with pytest.raises(ClientError, match="Strategy 'Hyperband' is not supported") as caught:
        create(tuned, "refused", config={**limits(2, 1), "Strategy": "Hyperband"})

    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="Could not find a tuning job with name: refused"):
        describe(tuned, "refused")


def test_tuning_job_that_a_kill_interrupts_is_failed_at_the_next_start(own_endpoint: Endpoint) -> None:
    upload_code(own_endpoint)
    create(own_endpoint, "done", config=limits(1, 1))
    done = wait(own_endpoint, "done")
    create(own_endpoint, "killed", config=limits(4, 1), static={"seconds": "60"})
    until(lambda: training_jobs(own_endpoint, "killed"), timeout=30)

    os.kill(own_endpoint.running.pid, signal.SIGKILL)
    conftest.start(own_endpoint.root, own_endpoint.port)

    killed = describe(own_endpoint, "killed")
    assert killed["HyperParameterTuningJobStatus"] == "Failed"
    assert killed["FailureReason"] == "InternalServerError: the endpoint stopped while the job ran."
    assert [item["TrainingJobStatus"] for item in training_jobs(own_endpoint, "killed")] == ["Failed"]
    after = describe(own_endpoint, "done")
    assert {**after, "ResponseMetadata": None} == {**done, "ResponseMetadata": None}
