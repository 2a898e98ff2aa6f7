"""What boto3 makes of our responses: types, error classes, paginators, waiters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from sagemaker_local.records.execution import ExecutionStatus
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from tests.fakes import step_definitions as steps
from tests.fakes.control_plane import ControlPlane
from tests.fakes.definitions import definition, processing_request
from tests.fakes.in_process_aws import client_of
from tests.fakes.records import NOON, ROLE, a_job, an_execution
from tests.fakes.scripted_runner import complete, failing

OPERATIONS = {
    *(f"{verb}Pipeline" for verb in ("Create", "Update", "Describe", "Delete")),
    *(f"{verb}PipelineExecution" for verb in ("Start", "Stop", "Retry", "Update", "Describe")),
    "ListPipelines",
    "ListPipelineVersions",
    "UpdatePipelineVersion",
    "ListPipelineExecutions",
    "ListPipelineExecutionSteps",
    "ListPipelineParametersForExecution",
    "DescribePipelineDefinitionForExecution",
    *(f"{verb}{kind.value}Job" for verb in ("Create", "Describe", "Stop") for kind in JobKind),
    *(f"List{kind.value}Jobs" for kind in JobKind),
    *(f"{verb}Model" for verb in ("Create", "Describe", "Delete")),
    "ListModels",
    *(f"{verb}ModelPackageGroup" for verb in ("Create", "Describe", "Delete")),
    "ListModelPackageGroups",
    *(f"{verb}ModelPackage" for verb in ("Create", "Describe", "Update", "Delete")),
    "ListModelPackages",
    "BatchDescribeModelPackage",
    "AddTags",
    "ListTags",
    "DeleteTags",
}

WORK = steps.processing("Work")
ON_FAILURE = steps.after("Work", "Failed")


@pytest.fixture
def client(plane: ControlPlane) -> Any:
    return client_of(plane.api)


def create(client: Any, name: str = "churn", **members: Any) -> str:
    defaults = {"PipelineName": name, "RoleArn": ROLE, "PipelineDefinition": definition()}
    return str(client.create_pipeline(**{**defaults, **members})["PipelineArn"])


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_operation_is_answered(plane: ControlPlane, operation: str) -> None:
    """Each one is refused, if at all, for what the empty request lacks, not for its name."""
    status, answer = plane.api.handle("sagemaker", operation, b"{}")

    assert status in {200, 400}
    assert b"UnknownOperationException" not in answer


def test_times_arrive_as_datetimes_with_a_zone(client: Any) -> None:
    create(client)

    created = client.describe_pipeline(PipelineName="churn")["CreationTime"]

    assert abs(created - datetime.now(UTC)) < timedelta(minutes=1)


def test_missing_pipeline_is_the_error_class_of_the_client(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFound, match="Pipeline 'churn' does not exist"):
        client.describe_pipeline(PipelineName="churn")


def test_taken_pipeline_name_is_the_error_class_of_the_client(client: Any) -> None:
    create(client)

    with pytest.raises(client.exceptions.ResourceInUse, match="must be unique within an AWS account"):
        create(client)


def test_missing_job_is_a_validation_exception(client: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationException\).*Could not find requested job") as caught:
        client.describe_processing_job(ProcessingJobName="none")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_operation_that_is_not_supported_says_so(client: Any) -> None:
    with pytest.raises(ClientError, match=r"\(UnknownOperationException\).*CreateExperiment of sagemaker is not supp"):
        client.create_experiment(ExperimentName="e")


def test_client_refuses_ill_typed_requests_before_we_see_them(client: Any) -> None:
    with pytest.raises(ParamValidationError, match="Invalid type for parameter PipelineName"):
        client.describe_pipeline(PipelineName=1)


def test_failure_of_ours_shows_the_text_that_names_the_log(plane: ControlPlane, client: Any) -> None:
    create(client)
    plane.store.close()

    with pytest.raises(ClientError, match=r"\(InternalFailure\).*the endpoint's log has the traceback"):
        client.describe_pipeline(PipelineName="churn")


def test_paginator_of_executions_gives_each_once(plane: ControlPlane, client: Any) -> None:
    create(client)
    for number in range(25):
        created = NOON + timedelta(hours=number)
        plane.store.executions.add(an_execution(f"e{number}", status=ExecutionStatus.SUCCEEDED, created=created))

    pages = client.get_paginator("list_pipeline_executions").paginate(
        PipelineName="churn", SortOrder="Ascending", PaginationConfig={"PageSize": 4}
    )

    names = [item["PipelineExecutionDisplayName"] for page in pages for item in page["PipelineExecutionSummaries"]]
    assert names == [f"execution-e{number}" for number in range(25)]


def test_paginator_takes_times_as_filters(plane: ControlPlane, client: Any) -> None:
    for number in range(4):
        plane.store.jobs.add(a_job(f"job-{number}", JobKind.PROCESSING, created=NOON + timedelta(hours=number)))

    pages = client.get_paginator("list_processing_jobs").paginate(CreationTimeAfter=NOON + timedelta(minutes=90))

    names = [item["ProcessingJobName"] for page in pages for item in page["ProcessingJobSummaries"]]
    assert names == ["job-2", "job-3"]


def test_waiter_sees_the_end_of_a_job(client: Any) -> None:
    client.create_processing_job(ProcessingJobName="work", **processing_request())

    client.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName="work", WaiterConfig={"Delay": 1, "MaxAttempts": 5}
    )

    assert client.describe_processing_job(ProcessingJobName="work")["ProcessingJobStatus"] == "Completed"


def test_number_that_json_has_not_arrives_as_awss_word_for_it(plane: ControlPlane, client: Any) -> None:
    metrics = [{"MetricName": "auc", "Value": float("nan"), "Timestamp": NOON}]
    plane.store.jobs.add(a_job(status=JobStatus.COMPLETED, details={"FinalMetricDataList": metrics}))

    described = client.describe_training_job(TrainingJobName="train-1")

    assert described["FinalMetricDataList"][0]["Value"] == "NaN"


def test_execution_is_followed_to_its_failure(plane: ControlPlane, client: Any) -> None:
    plane.runner.behaviour = failing("AlgorithmError: boom")
    create(client)
    arn = client.start_pipeline_execution(PipelineName="churn")["PipelineExecutionArn"]
    plane.executions.wait(arn, 10)

    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]

    assert described["PipelineExecutionStatus"] == "Failed"
    assert [(step["StepName"], step["StepStatus"]) for step in steps] == [("Work", "Failed")]
    assert steps[0]["EndTime"] >= steps[0]["StartTime"]


def test_status_that_the_client_does_not_know_arrives_as_it_is(plane: ControlPlane, client: Any) -> None:
    """botocore's enumeration lacks CompletedWithFailures; the SDK's documentation has it."""

    def behave(job: Job, control: JobControl) -> JobOutcome:
        return (failing("AlgorithmError: boom") if "-Work-" in job.name else complete)(job, control)

    plane.runner.behaviour = behave
    create(client, PipelineDefinition=steps.definition(WORK, steps.processing("Tidy", DependsOn=[ON_FAILURE])))
    arn = client.start_pipeline_execution(PipelineName="churn")["PipelineExecutionArn"]
    plane.executions.wait(arn, 10)

    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    (listed,) = client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"]

    assert described["PipelineExecutionStatus"] == listed["PipelineExecutionStatus"] == "CompletedWithFailures"
    assert "FailureReason" not in described
    client.delete_pipeline(PipelineName="churn")
