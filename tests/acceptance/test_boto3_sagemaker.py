"""Plain boto3 against SageMaker's operations: paginators, waiters, tokens, errors, tags, logs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from tests.acceptance import job_requests
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import Execution, until

BUCKET = "boto3-sagemaker"
WAIT = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(scope="module")
def sagemaker(endpoint: Endpoint) -> Any:
    return endpoint.client("sagemaker")


@pytest.fixture(scope="module")
def s3(endpoint: Endpoint) -> Any:
    client = endpoint.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return client


def create_pipeline(sagemaker: Any, name: str, *steps: dict[str, Any], **more: Any) -> str:
    arn: str = sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition=job_requests.definition(*steps),
        ClientRequestToken=uuid.uuid4().hex,
        RoleArn=job_requests.ROLE,
        **more,
    )["PipelineArn"]
    return arn


def run_processing(sagemaker: Any, name: str, *command: str) -> dict[str, Any]:
    sagemaker.create_processing_job(**job_requests.processing(name, command or job_requests.NOTHING))
    waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName=name, WaiterConfig=WAIT)
    described: dict[str, Any] = sagemaker.describe_processing_job(ProcessingJobName=name)
    return described


def log_lines(endpoint: Endpoint, group: str, prefix: str) -> list[str]:
    logs = endpoint.client("logs")
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    lines: list[str] = []
    for stream in streams:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
        lines += [event["message"] for event in page["events"]]
    return lines


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_paginator_of_pipelines_walks_all_pages(sagemaker: Any) -> None:
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        create_pipeline(sagemaker, name)

    pages = list(
        sagemaker.get_paginator("list_pipelines").paginate(
            PipelineNamePrefix="page", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["PipelineSummaries"]) for page in pages] == [2, 2, 1]
    assert [entry["PipelineName"] for page in pages for entry in page["PipelineSummaries"]] == names


def test_paginator_of_executions_and_steps_walks_all_pages(sagemaker: Any, endpoint: Endpoint) -> None:
    condition = {"Name": "Yes", "Type": "Condition", "Arguments": {"Conditions": [], "IfSteps": [], "ElseSteps": []}}
    condition["Arguments"]["Conditions"] = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]  # type: ignore[index]
    create_pipeline(sagemaker, "paged-executions", condition, {**condition, "Name": "Again"})
    arns = [
        sagemaker.start_pipeline_execution(PipelineName="paged-executions")["PipelineExecutionArn"] for _ in range(3)
    ]
    for arn in arns:
        assert Execution(endpoint, arn).wait() == "Succeeded"

    executions = sagemaker.get_paginator("list_pipeline_executions").paginate(
        PipelineName="paged-executions", PaginationConfig={"PageSize": 2}
    )
    steps = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arns[0], PaginationConfig={"PageSize": 1}
    )

    listed = [entry["PipelineExecutionArn"] for page in executions for entry in page["PipelineExecutionSummaries"]]
    assert sorted(listed) == sorted(arns)
    assert {step["StepName"] for page in steps for step in page["PipelineExecutionSteps"]} == {"Yes", "Again"}


def test_paginator_of_jobs_walks_all_pages(sagemaker: Any) -> None:
    names = {f"paged-job-{number}" for number in range(3)}
    for name in names:
        sagemaker.create_processing_job(**job_requests.processing(name))

    pages = list(
        sagemaker.get_paginator("list_processing_jobs").paginate(
            NameContains="paged-job", PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["ProcessingJobSummaries"]) for page in pages] == [2, 1]
    assert {entry["ProcessingJobName"] for page in pages for entry in page["ProcessingJobSummaries"]} == names


def test_paginator_of_model_packages_gives_versions_newest_first(sagemaker: Any) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="paged-group")
    for _ in range(5):
        sagemaker.create_model_package(
            ModelPackageGroupName="paged-group",
            InferenceSpecification=job_requests.specification(f"s3://{BUCKET}/model.tar.gz"),
        )

    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="paged-group", SortOrder="Descending", PaginationConfig={"PageSize": 2}
    )

    versions = [entry["ModelPackageVersion"] for page in pages for entry in page["ModelPackageSummaryList"]]
    assert versions == [5, 4, 3, 2, 1]


def test_waiter_of_a_processing_job_ends_when_it_has_completed(sagemaker: Any) -> None:
    described = run_processing(sagemaker, "waited-processing")

    assert described["ProcessingJobStatus"] == "Completed"
    assert described["ProcessingEndTime"] >= described["ProcessingStartTime"]


def test_waiter_of_a_processing_job_fails_when_the_script_does(sagemaker: Any) -> None:
    with pytest.raises(WaiterError, match="terminal failure state"):
        run_processing(sagemaker, "waited-failure", "python3", "-c", "raise SystemExit(3)")

    described = sagemaker.describe_processing_job(ProcessingJobName="waited-failure")
    assert described["ProcessingJobStatus"] == "Failed"
    assert "exit code: 3" in described["FailureReason"]


def test_stop_ends_a_processing_job_that_would_go_on(sagemaker: Any) -> None:
    command = ("python3", "-c", "import time; time.sleep(300)")
    sagemaker.create_processing_job(**job_requests.processing("stopped-processing", command))

    sagemaker.stop_processing_job(ProcessingJobName="stopped-processing")

    waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName="stopped-processing", WaiterConfig=WAIT)
    described = sagemaker.describe_processing_job(ProcessingJobName="stopped-processing")
    assert described["ProcessingJobStatus"] == "Stopped"


def test_waiter_of_a_training_job_ends_with_metrics_and_a_model(sagemaker: Any, s3: Any) -> None:
    command = ("/bin/sh", "-c", "echo validation-auc:0.75; echo validation-auc:0.81; echo x > /opt/ml/model/x")
    sagemaker.create_training_job(**job_requests.training("waited-training", BUCKET, command))

    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="waited-training", WaiterConfig=WAIT)

    described = sagemaker.describe_training_job(TrainingJobName="waited-training")
    metrics = {metric["MetricName"]: metric["Value"] for metric in described["FinalMetricDataList"]}
    assert metrics == {"validation:auc": pytest.approx(0.81)}
    model_uri = described["ModelArtifacts"]["S3ModelArtifacts"]
    assert model_uri == f"s3://{BUCKET}/models/waited-training/output/model.tar.gz"
    assert s3.head_object(Bucket=BUCKET, Key=model_uri.removeprefix(f"s3://{BUCKET}/"))["ContentLength"] > 0


def test_waiter_of_a_transform_job_ends_with_one_output_for_each_input(sagemaker: Any, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="scorer/model.tar.gz", Body=job_requests.scorer("good"))
    for name in ("a.csv", "b/c.csv"):
        s3.put_object(Bucket=BUCKET, Key=f"batch/{name}", Body=b"1,2\n3,4\n")
    sagemaker.create_model(
        ModelName="scorer",
        PrimaryContainer=job_requests.container(f"s3://{BUCKET}/scorer/model.tar.gz"),
        ExecutionRoleArn=job_requests.ROLE,
    )
    sagemaker.create_transform_job(**job_requests.transform("waited-transform", "scorer", BUCKET, "batch"))

    waiter = sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName="waited-transform", WaiterConfig=WAIT)

    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="batch-scored/")["Contents"]
    assert [entry["Key"] for entry in listed] == ["batch-scored/a.csv.out", "batch-scored/b/c.csv.out"]
    body = s3.get_object(Bucket=BUCKET, Key="batch-scored/a.csv.out")["Body"].read()
    assert body == b"1,2,good\n3,4,good\n"


def test_start_twice_with_one_token_gives_one_execution(sagemaker: Any) -> None:
    create_pipeline(sagemaker, "one-token")

    token = uuid.uuid4().hex
    first, second = (
        sagemaker.start_pipeline_execution(PipelineName="one-token", ClientRequestToken=token) for _ in range(2)
    )

    assert first["PipelineExecutionArn"] == second["PipelineExecutionArn"]
    listed = sagemaker.list_pipeline_executions(PipelineName="one-token")["PipelineExecutionSummaries"]
    assert len(listed) == 1


def test_an_unknown_pipeline_is_refused_by_its_own_error_class(sagemaker: Any) -> None:
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="nobody"):
        sagemaker.describe_pipeline(PipelineName="nobody")


def test_a_pipeline_name_is_taken_once(sagemaker: Any) -> None:
    create_pipeline(sagemaker, "taken")

    with pytest.raises(ClientError, match="must be unique within an AWS account") as caught:
        create_pipeline(sagemaker, "taken")

    assert code_of(caught) in {"ValidationException", "ResourceInUse"}


def test_a_job_name_is_taken_once(sagemaker: Any) -> None:
    sagemaker.create_processing_job(**job_requests.processing("taken-job"))

    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="taken-job"):
        sagemaker.create_processing_job(**job_requests.processing("taken-job"))


def test_a_value_that_aws_refuses_is_refused_with_its_code_and_place(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="'pipelineName' failed to satisfy constraint") as caught:
        create_pipeline(sagemaker, "no_underscores")

    assert code_of(caught) == "ValidationException"


def test_a_missing_member_never_leaves_boto3(sagemaker: Any) -> None:
    with pytest.raises(ParamValidationError, match="RoleArn"):
        sagemaker.create_pipeline(PipelineName="x", PipelineDefinition="{}")


def test_an_operation_that_is_not_built_is_refused_by_name(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="ListEndpoints") as caught:
        sagemaker.list_endpoints()

    assert code_of(caught) == "UnknownOperationException"


def test_tags_are_added_listed_and_deleted(sagemaker: Any) -> None:
    arn = create_pipeline(sagemaker, "tagged", Tags=[{"Key": "team", "Value": "churn"}])

    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "dev"}])
    added = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])

    assert added == {"team": "churn", "stage": "dev"}
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "dev"}]


def test_a_processing_jobs_lines_are_in_its_log_group_and_stream(sagemaker: Any, endpoint: Endpoint) -> None:
    run_processing(sagemaker, "logged-processing", "python3", "-c", "print('first'); print('second')")

    assert log_lines(endpoint, "/aws/sagemaker/ProcessingJobs", "logged-processing/") == ["first", "second"]


def test_a_training_jobs_lines_are_in_its_log_group_and_stream(sagemaker: Any, endpoint: Endpoint, s3: Any) -> None:
    sagemaker.create_training_job(**job_requests.training("logged-training", BUCKET, ("/bin/echo", "learning")))
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="logged-training", WaiterConfig=WAIT)

    assert "learning" in log_lines(endpoint, "/aws/sagemaker/TrainingJobs", "logged-training/")


def test_a_steps_job_knows_its_execution_and_its_log_is_found_by_the_job(sagemaker: Any, endpoint: Endpoint) -> None:
    step = {"Name": "Say", "Type": "Processing", "Arguments": job_requests.processing(None, ("/bin/echo", "said"))}
    create_pipeline(sagemaker, "one-step", step)
    execution = Execution(endpoint, sagemaker.start_pipeline_execution(PipelineName="one-step")["PipelineExecutionArn"])
    assert execution.wait() == "Succeeded"

    arn = execution.steps()["Say"]["Metadata"]["ProcessingJob"]["Arn"]
    listed = sagemaker.list_processing_jobs(NameContains=execution.id)["ProcessingJobSummaries"]

    assert [entry["ProcessingJobArn"] for entry in listed] == [arn]
    name = listed[0]["ProcessingJobName"]
    assert until(lambda: log_lines(endpoint, "/aws/sagemaker/ProcessingJobs", f"{name}/"), timeout=5) == ["said"]
    definition = sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=execution.arn)
    assert json.loads(definition["PipelineDefinition"])["Steps"][0]["Name"] == "Say"
