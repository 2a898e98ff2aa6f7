"""What `down` and `up` leave: everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import execution as small
from tests.acceptance.conftest import Endpoint, deploy, start, stop
from tests.acceptance.execution import BUCKET, GROUP, PIPELINE, SCORED, TABLE, Execution


def clean(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def everything(endpoint: Endpoint, arn: str) -> dict[str, Any]:
    """What a client can read about one finished execution and all that it made."""
    sagemaker, glue, s3 = (endpoint.client(service) for service in ("sagemaker", "glue", "s3"))
    execution = Execution(endpoint, arn)
    (job,) = sagemaker.list_training_jobs(NameContains=execution.id)["TrainingJobSummaries"]
    function = endpoint.client("lambda").get_function(FunctionName="churn-get-latest-approved-model")
    return {
        "pipeline": clean(sagemaker.describe_pipeline(PipelineName=PIPELINE)),
        "execution": clean(execution.describe()),
        "steps": execution.steps(),
        "parameters": clean(sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)),
        "training": clean(sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])),
        "packages": clean(sagemaker.list_model_packages(ModelPackageGroupName=GROUP)),
        "models": clean(sagemaker.list_models()),
        "table": clean(glue.get_table(DatabaseName="ml_metrics", Name=TABLE)),
        "partitions": clean(glue.get_partitions(DatabaseName="ml_metrics", TableName=TABLE)),
        "objects": [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]],
        "function": function["Configuration"]["CodeSha256"],
        "log": log(endpoint, job["TrainingJobName"]),
    }


def log(endpoint: Endpoint, job: str) -> list[str]:
    logs, group = endpoint.client("logs"), "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/")["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
    return [event["message"] for event in events["events"]]


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Endpoint, dict[str, Any], dict[str, Any]]]:
    """The endpoint after `down` and `up` on another port, with what was read before and after."""
    first = start(tmp_path_factory.mktemp("restart"))
    try:
        deploy(first)
        begun = small.start(first)
        assert begun.wait() == "Succeeded"
        assert len(small.published(first)) == SCORED
        before = everything(first, begun.arn)
    finally:
        stop(first)
    second = start(first.root)
    try:
        yield second, before, everything(second, begun.arn)
    finally:
        stop(second)


def test_restart_keeps_everything_that_a_client_can_read(
    restarted: tuple[Endpoint, dict[str, Any], dict[str, Any]],
) -> None:
    _, before, after = restarted

    assert after.keys() == before.keys()
    for name, value in before.items():
        assert after[name] == value, name
    assert len(before["steps"]) == 12
    assert any("validation-auc" in line for line in before["log"])


def test_restart_keeps_queries_with_their_results(
    restarted: tuple[Endpoint, dict[str, Any], dict[str, Any]],
) -> None:
    athena = restarted[0].client("athena")

    (query,) = athena.list_query_executions()["QueryExecutionIds"]

    assert athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    assert len(rows) == SCORED + 1


def test_the_table_is_queried_and_the_pipeline_runs_again_after_a_restart(
    restarted: tuple[Endpoint, dict[str, Any], dict[str, Any]],
) -> None:
    endpoint = restarted[0]

    rows = small.published(endpoint)
    again = small.start(endpoint)

    assert len(rows) == SCORED
    assert again.wait() == "Succeeded"
    assert [package["ModelPackageVersion"] for package in small.versions(endpoint)] == [1, 2]
    assert {row["execution_id"] for row in small.published(endpoint)} == {again.id}
