"""The AWS CLI, as `pip install awscli` gives it, against the endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.awscli import VERSION, AwsCli, install, shell_environment
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import BUCKET, DAY, GROUP, PIPELINE, SCORED, SMALL, TABLE, Execution, until


@pytest.fixture(scope="module")
def aws(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    return AwsCli(install(), shell_environment(endpoint), tmp_path_factory.mktemp("awscli"))


@pytest.fixture(scope="module")
def execution(aws: AwsCli, deployed: Endpoint) -> Execution:
    """An execution of the end-to-end pipeline, started by the CLI, at its end."""
    parameters = " ".join(f"Name={name},Value={value}" for name, value in SMALL.items())
    started = aws.json(
        f"sagemaker start-pipeline-execution --pipeline-name {PIPELINE} --pipeline-parameters {parameters}"
    )
    begun = Execution(deployed, started["PipelineExecutionArn"])
    assert begun.wait() == "Succeeded"
    return begun


def query(aws: AwsCli, sql: str) -> list[list[str]]:
    """Run a query to its end and give its rows, the header first."""
    started = aws.json(
        f'athena start-query-execution --query-string "{sql}" --query-execution-context Database=ml_metrics '
        f"--result-configuration OutputLocation=s3://{BUCKET}/tests/results/"
    )
    option = f"--query-execution-id {started['QueryExecutionId']}"

    def ended() -> Any:
        state = aws.json(f"athena get-query-execution {option}")["QueryExecution"]["Status"]["State"]
        return state in {"SUCCEEDED", "FAILED"} and state

    assert until(ended, timeout=60) == "SUCCEEDED"
    rows = aws.json(f"athena get-query-results {option}")["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]


def test_env_leaves_nothing_of_the_users_own_account(aws: AwsCli, endpoint: Endpoint) -> None:
    settings = {name: value for name, value in aws.environment.items() if name.startswith("AWS_")}

    assert settings["AWS_ENDPOINT_URL"] == endpoint.running.url
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & settings.keys()
    assert aws.run("--version").stdout.startswith(f"aws-cli/{VERSION} ")


def test_sts_says_who_calls(aws: AwsCli) -> None:
    assert aws.json("sts get-caller-identity")["Account"] == "000000000000"


def test_list_and_describe_pipelines(aws: AwsCli, deployed: Endpoint) -> None:
    listed = aws.text(
        "sagemaker list-pipelines --pipeline-name-prefix churn --query PipelineSummaries[].PipelineName --output text"
    )
    described = aws.json(f"sagemaker describe-pipeline --pipeline-name {PIPELINE}")

    assert listed.split() == [PIPELINE]
    assert described["PipelineStatus"] == "Active"


def test_start_and_list_the_steps_of_an_execution(aws: AwsCli, execution: Execution) -> None:
    steps = aws.json(f"sagemaker list-pipeline-execution-steps --pipeline-execution-arn {execution.arn}")

    states = {step["StepName"]: step["StepStatus"] for step in steps["PipelineExecutionSteps"]}
    assert len(states) == 12
    assert set(states.values()) == {"Succeeded"}


def test_list_model_packages_shows_the_registered_version(aws: AwsCli, execution: Execution) -> None:
    packages = aws.json(
        f"sagemaker list-model-packages --model-package-group-name {GROUP} --model-approval-status Approved"
    )["ModelPackageSummaryList"]

    assert {package["ModelPackageGroupName"] for package in packages} == {GROUP}


def test_wait_returns_for_a_completed_job(aws: AwsCli, execution: Execution) -> None:
    jobs = aws.json(f"sagemaker list-training-jobs --name-contains {execution.id}")["TrainingJobSummaries"]

    aws.text(f"sagemaker wait training-job-completed-or-stopped --training-job-name {jobs[0]['TrainingJobName']}")

    assert len(jobs) == 1


def test_logs_of_a_step_are_read_with_the_logs_commands(aws: AwsCli, execution: Execution) -> None:
    jobs = aws.json(f"sagemaker list-training-jobs --name-contains {execution.id}")["TrainingJobSummaries"]
    group = "--log-group-name /aws/sagemaker/TrainingJobs"
    streams = aws.json(f"logs describe-log-streams {group} --log-stream-name-prefix {jobs[0]['TrainingJobName']}/")
    stream = streams["logStreams"][0]["logStreamName"]

    events = aws.json(f"logs get-log-events {group} --log-stream-name {stream} --start-from-head")["events"]
    found = aws.json(f"logs filter-log-events {group} --log-stream-names {stream} --filter-pattern validation-auc")

    assert any("validation-auc" in event["message"] for event in events)
    assert 0 < len(found["events"]) < len(events)


def test_glue_and_athena_read_the_published_table(aws: AwsCli, execution: Execution) -> None:
    table = aws.json(f"glue get-table --database-name ml_metrics --name {TABLE}")["Table"]
    rows = query(aws, f"SELECT count(*) AS n FROM {TABLE} WHERE dt = '{DAY}'")

    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt"]
    assert rows == [["n"], [str(SCORED)]]


def test_s3_copies_lists_syncs_and_removes(aws: AwsCli, deployed: Endpoint) -> None:
    folder = aws.folder / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "below" / "two.txt").write_text("two")
    prefix = f"s3://{BUCKET}/awscli"

    aws.text(f"s3 cp tree/one.txt {prefix}/copied.txt")
    aws.text(f"s3 sync tree {prefix}/tree")
    listed = aws.text(f"s3 ls {prefix}/ --recursive")
    aws.text(f"s3 sync {prefix}/tree back")
    again = aws.text(f"s3 sync {prefix}/tree back")
    aws.text(f"s3 rm {prefix}/ --recursive")

    keys = [line.split()[-1] for line in listed.splitlines()]
    assert keys == ["awscli/copied.txt", "awscli/tree/below/two.txt", "awscli/tree/one.txt"]
    assert (aws.folder / "back" / "below" / "two.txt").read_text() == "two"
    assert again == "", "nothing has changed"
    assert aws.run(f"s3 ls {prefix}/").stdout == ""


def test_a_large_file_is_copied_in_parts(aws: AwsCli, deployed: Endpoint) -> None:
    body = bytes(range(256)) * (40 << 10)
    (aws.folder / "large.bin").write_bytes(body)

    aws.text(f"s3 cp large.bin s3://{BUCKET}/awscli/large.bin")
    aws.text(f"s3 cp s3://{BUCKET}/awscli/large.bin returned.bin")

    assert Path(aws.folder / "returned.bin").read_bytes() == body


def test_a_refusal_is_printed_with_its_code_and_ends_with_an_error(aws: AwsCli) -> None:
    done = aws.run("sagemaker describe-pipeline --pipeline-name nobody")

    assert done.returncode != 0
    assert "(ResourceNotFound)" in done.stderr
    assert "nobody" in done.stderr
