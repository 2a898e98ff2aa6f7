from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.records.execution import ExecutionStatus
from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane, build
from tests.fakes.definitions import PARAMETERS, definition
from tests.fakes.records import NOON, ROLE, a_step, an_execution
from tests.fakes.scripted_runner import complete, failing, until_stopped

TOKEN = "t" * 32
ARN = "arn:aws:sagemaker:us-west-2:000000000000:pipeline/churn"
ROUNDS = [{"Name": "Rounds", "Value": "7"}]


@pytest.fixture
def with_pipeline(plane: ControlPlane) -> ControlPlane:
    text = definition(parameters=PARAMETERS)
    plane.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinition=text)
    return plane


def start(plane: ControlPlane, **members: Any) -> str:
    defaults = {"PipelineName": "churn", "PipelineParameters": ROUNDS}
    answer = plane.call("StartPipelineExecution", **{**defaults, **members})
    return str(answer["PipelineExecutionArn"])


def describe(plane: ControlPlane, arn: str) -> dict[str, Any]:
    return plane.call("DescribePipelineExecution", PipelineExecutionArn=arn)


def parameters(plane: ControlPlane, arn: str) -> dict[str, str]:
    found = plane.pages("ListPipelineParametersForExecution", "PipelineParameters", PipelineExecutionArn=arn)
    return {item["Name"]: item["Value"] for item in found}


def add_executions(plane: ControlPlane, count: int, **members: Any) -> list[str]:
    """Executions that have ended long ago, one an hour."""
    executions = [
        an_execution(f"past{n:04d}", status=ExecutionStatus.SUCCEEDED, created=NOON + timedelta(hours=n), **members)
        for n in range(count)
    ]
    for execution in executions:
        plane.store.executions.add(execution)
    return [execution.arn for execution in executions]


def test_start_gives_the_arn_and_the_execution_succeeds(with_pipeline: ControlPlane) -> None:
    arn = start(with_pipeline)

    with_pipeline.executions.wait(arn, 10)

    assert arn.startswith(f"{ARN}/execution/")
    assert describe(with_pipeline, arn)["PipelineExecutionStatus"] == "Succeeded"


def test_describe_shows_what_was_asked_for(with_pipeline: ControlPlane) -> None:
    arn = start(
        with_pipeline,
        PipelineExecutionDisplayName="nightly",
        PipelineExecutionDescription="by hand",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 3},
    )

    described = describe(with_pipeline, arn)

    assert described["PipelineArn"] == ARN
    assert described["PipelineExecutionDisplayName"] == "nightly"
    assert described["PipelineExecutionDescription"] == "by hand"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 3}
    assert described["PipelineVersionId"] == 1
    assert described["PipelineExperimentConfig"] == {"ExperimentName": "churn", "TrialName": arn.rsplit("/", 1)[-1]}


def test_start_takes_the_arn_of_the_pipeline(with_pipeline: ControlPlane) -> None:
    assert start(with_pipeline, PipelineName=ARN).startswith(ARN)


def test_start_of_a_pipeline_that_is_not_there_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ResourceNotFound: Pipeline 'churn' does not exist"):
        start(plane)


def test_start_runs_the_version_that_it_names(with_pipeline: ControlPlane) -> None:
    with_pipeline.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))

    arn = start(with_pipeline, PipelineVersionId=1)

    frozen = with_pipeline.call("DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)
    assert frozen["PipelineDefinition"] == definition(parameters=PARAMETERS)
    assert describe(with_pipeline, arn)["PipelineVersionId"] == 1


def test_definition_of_an_execution_outlives_an_update(with_pipeline: ControlPlane) -> None:
    arn = start(with_pipeline)

    with_pipeline.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))

    frozen = with_pipeline.call("DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)
    assert frozen["PipelineDefinition"] == definition(parameters=PARAMETERS)
    assert frozen["CreationTime"] == describe(with_pipeline, arn)["CreationTime"]


def test_parameters_of_an_execution_have_the_defaults_and_what_was_given(with_pipeline: ControlPlane) -> None:
    given = [*ROUNDS, {"Name": "Dry", "Value": "True"}, {"Name": "Size", "Value": "large"}]

    found = parameters(with_pipeline, start(with_pipeline, PipelineParameters=given))

    assert found == {"Date": "today", "Rounds": "7", "Threshold": "0.75", "Dry": "True", "Size": "large"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([*ROUNDS, {"Name": "Dat", "Value": "x"}], "Unknown parameter 'Dat'.*Did you mean 'Date'"),
        ([], "Parameter 'Rounds' is undefined"),
        (
            [{"Name": "Rounds", "Value": "many"}],
            "Parameter 'Rounds' has value 'many', which is not of its type Integer",
        ),
        ([*ROUNDS, {"Name": "Threshold", "Value": "high"}], "'Threshold' has value 'high'"),
        ([*ROUNDS, {"Name": "Dry", "Value": "perhaps"}], "'Dry' has value 'perhaps'"),
        ([*ROUNDS, {"Name": "Size", "Value": "huge"}], "'Size' has value 'huge'; allowed are 'small', 'large'"),
        ([*ROUNDS, *ROUNDS], "Parameter 'Rounds' is given twice"),
    ],
)
def test_start_with_parameters_that_do_not_fit_is_refused_by_name(
    with_pipeline: ControlPlane, given: list[dict[str, str]], words: str
) -> None:
    with pytest.raises(Refused, match=f"ValidationException: .*{words}"):
        start(with_pipeline, PipelineParameters=given)

    assert with_pipeline.call("ListPipelineExecutions", PipelineName="churn") == {"PipelineExecutionSummaries": []}


@pytest.mark.parametrize(
    "member",
    [{"SelectiveExecutionConfig": {"SelectedSteps": [{"StepName": "Work"}]}}, {"MlflowExperimentName": "e"}],
)
def test_start_with_what_is_not_supported_is_refused_by_name(
    with_pipeline: ControlPlane, member: dict[str, Any]
) -> None:
    with pytest.raises(
        Refused, match=f"ValidationException: {next(iter(member))} of StartPipelineExecution is not supp"
    ):
        start(with_pipeline, **member)


def test_start_again_with_the_same_token_starts_nothing_new(with_pipeline: ControlPlane) -> None:
    first = start(with_pipeline, ClientRequestToken=TOKEN)

    assert start(with_pipeline, ClientRequestToken=TOKEN) == first


def test_start_by_many_at_once_with_one_token_starts_one(with_pipeline: ControlPlane) -> None:
    with ThreadPoolExecutor(8) as threads:
        arns = set(threads.map(lambda _: start(with_pipeline, ClientRequestToken=TOKEN), range(16)))

    assert len(arns) == 1
    listed = with_pipeline.call("ListPipelineExecutions", PipelineName="churn")["PipelineExecutionSummaries"]
    assert [item["PipelineExecutionArn"] for item in listed] == list(arns)


@pytest.mark.parametrize(
    "changes", [{"PipelineParameters": [{"Name": "Rounds", "Value": "8"}]}, {"PipelineVersionId": 2}]
)
def test_start_with_a_used_token_and_other_members_is_refused(
    with_pipeline: ControlPlane, changes: dict[str, Any]
) -> None:
    first = start(with_pipeline, ClientRequestToken=TOKEN)
    with_pipeline.call(
        "UpdatePipeline",
        PipelineName="churn",
        PipelineDefinition=definition(parameters=PARAMETERS, Metadata={"a": "b"}),
    )

    with pytest.raises(Refused, match=f"ConflictException: ClientRequestToken '{TOKEN}' .*started '{first}'"):
        start(with_pipeline, ClientRequestToken=TOKEN, **changes)


def test_start_with_a_used_token_gives_the_same_answer_after_an_update(with_pipeline: ControlPlane) -> None:
    first = start(with_pipeline, ClientRequestToken=TOKEN)
    with_pipeline.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))

    assert start(with_pipeline, ClientRequestToken=TOKEN) == first


def test_token_of_one_pipeline_is_free_for_another(with_pipeline: ControlPlane) -> None:
    with_pipeline.call("CreatePipeline", PipelineName="other", RoleArn=ROLE, PipelineDefinition=definition())
    first = start(with_pipeline, ClientRequestToken=TOKEN)

    assert start(with_pipeline, PipelineName="other", PipelineParameters=[], ClientRequestToken=TOKEN) != first


def test_token_is_remembered_after_a_restart(tmp_path: Path) -> None:
    plane = build(tmp_path)
    plane.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinition=definition())
    first = start(plane, PipelineParameters=[], ClientRequestToken=TOKEN)
    plane.executions.wait(first, 10)
    plane.close()

    again = build(tmp_path)

    assert start(again, PipelineParameters=[], ClientRequestToken=TOKEN) == first
    again.close()


def test_executions_are_listed_newest_first_page_by_page(with_pipeline: ControlPlane) -> None:
    arns = add_executions(with_pipeline, 250)

    found = with_pipeline.pages("ListPipelineExecutions", "PipelineExecutionSummaries", PipelineName="churn")

    assert [item["PipelineExecutionArn"] for item in found] == arns[::-1]


def test_executions_are_filtered_and_sorted_as_asked(with_pipeline: ControlPlane) -> None:
    arns = add_executions(with_pipeline, 3)

    def listed(**request: Any) -> list[str]:
        answer = with_pipeline.call("ListPipelineExecutions", PipelineName=ARN, **request)
        return [item["PipelineExecutionArn"] for item in answer["PipelineExecutionSummaries"]]

    assert listed(SortBy="PipelineExecutionArn", SortOrder="Ascending") == arns
    assert listed(CreatedAfter=(NOON + timedelta(minutes=30)).timestamp()) == [arns[2], arns[1]]
    assert listed(CreatedBefore=(NOON + timedelta(minutes=30)).isoformat()) == [arns[0]]


def test_failed_execution_says_why_in_summary_and_description(with_pipeline: ControlPlane) -> None:
    with_pipeline.runner.behaviour = failing("AlgorithmError: boom")
    arn = start(with_pipeline)
    with_pipeline.executions.wait(arn, 10)

    summary = with_pipeline.call("ListPipelineExecutions", PipelineName="churn")["PipelineExecutionSummaries"][0]
    step = with_pipeline.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"][0]

    assert describe(with_pipeline, arn)["PipelineExecutionStatus"] == "Failed"
    assert summary["PipelineExecutionFailureReason"] == describe(with_pipeline, arn)["FailureReason"]
    assert "AlgorithmError: boom" in step["FailureReason"]


def test_reasons_that_are_too_long_for_the_api_are_cut(with_pipeline: ControlPlane) -> None:
    """The responses are checked against the service model, which limits both."""
    arn = add_executions(with_pipeline, 1, failure_reason="x" * 5000)[0]
    with_pipeline.store.executions.save_step(a_step(execution_id="past0000", failure_reason="y" * 5000))

    assert len(describe(with_pipeline, arn)["FailureReason"]) == 1300
    steps = with_pipeline.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert len(steps[0]["FailureReason"]) == 1024


def test_steps_are_listed_newest_first_with_what_they_made(plane: ControlPlane) -> None:
    text = definition("Prepare", "Train")
    plane.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinition=text)
    arn = start(plane, PipelineParameters=[])
    plane.executions.wait(arn, 10)

    steps = plane.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]

    assert [(step["StepName"], step["StepStatus"], step["AttemptCount"]) for step in steps] == [
        ("Train", "Succeeded", 1),
        ("Prepare", "Succeeded", 1),
    ]
    job = steps[0]["Metadata"]["ProcessingJob"]["Arn"]
    assert job.startswith("arn:aws:sagemaker:us-west-2:000000000000:processing-job/pipelines-")
    assert steps[0]["StartTime"] >= steps[1]["EndTime"]


def test_steps_are_listed_in_either_order_page_by_page(with_pipeline: ControlPlane) -> None:
    arn = add_executions(with_pipeline, 1)[0]
    for number in range(230):
        with_pipeline.store.executions.save_step(a_step(f"Step{number}", "past0000"))

    def names(**request: Any) -> list[str]:
        steps = with_pipeline.pages(
            "ListPipelineExecutionSteps", "PipelineExecutionSteps", PipelineExecutionArn=arn, **request
        )
        return [step["StepName"] for step in steps]

    assert names(MaxResults=7, SortOrder="Ascending") == [f"Step{number}" for number in range(230)]
    assert names() == [f"Step{number}" for number in reversed(range(230))]


def test_step_that_took_over_a_result_names_its_source(with_pipeline: ControlPlane) -> None:
    arn = add_executions(with_pipeline, 1)[0]
    with_pipeline.store.executions.save_step(a_step(execution_id="past0000", cache_hit_arn=arn))

    steps = with_pipeline.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]

    assert steps[0]["CacheHitResult"] == {"SourcePipelineExecutionArn": arn}


@pytest.mark.parametrize(
    "operation",
    [
        "DescribePipelineExecution",
        "ListPipelineExecutionSteps",
        "ListPipelineParametersForExecution",
        "DescribePipelineDefinitionForExecution",
        "StopPipelineExecution",
        "RetryPipelineExecution",
        "UpdatePipelineExecution",
    ],
)
def test_execution_that_is_not_there_is_refused_by_every_operation(plane: ControlPlane, operation: str) -> None:
    with pytest.raises(Refused, match=r"ResourceNotFound: Pipeline execution '.*/execution/none' does not exist"):
        plane.call(operation, PipelineExecutionArn=f"{ARN}/execution/none")


def test_steps_of_no_execution_are_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ValidationException: PipelineExecutionArn is missing"):
        plane.call("ListPipelineExecutionSteps")


def test_stop_ends_a_running_execution(with_pipeline: ControlPlane) -> None:
    with_pipeline.runner.behaviour = until_stopped
    arn = start(with_pipeline)

    assert with_pipeline.call("StopPipelineExecution", PipelineExecutionArn=arn) == {"PipelineExecutionArn": arn}

    assert with_pipeline.executions.wait(arn, 10).status is ExecutionStatus.STOPPED


def test_stop_of_an_execution_that_has_ended_is_refused(with_pipeline: ControlPlane) -> None:
    arn = start(with_pipeline)
    with_pipeline.executions.wait(arn, 10)

    with pytest.raises(Refused, match=r"ConflictException: .*status Succeeded"):
        with_pipeline.call("StopPipelineExecution", PipelineExecutionArn=arn)


def test_retry_runs_a_failed_execution_again(with_pipeline: ControlPlane) -> None:
    with_pipeline.runner.behaviour = failing("boom")
    arn = start(with_pipeline)
    with_pipeline.executions.wait(arn, 10)
    with_pipeline.runner.behaviour = complete

    assert with_pipeline.call("RetryPipelineExecution", PipelineExecutionArn=arn) == {"PipelineExecutionArn": arn}

    assert with_pipeline.executions.wait(arn, 10).status is ExecutionStatus.SUCCEEDED


def test_retry_again_with_the_same_token_is_one_retry(with_pipeline: ControlPlane) -> None:
    with_pipeline.runner.behaviour = failing("boom")
    arn = start(with_pipeline)
    with_pipeline.executions.wait(arn, 10)
    with_pipeline.runner.behaviour = until_stopped
    with_pipeline.call("RetryPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)

    again = with_pipeline.call("RetryPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)

    assert again == {"PipelineExecutionArn": arn}
    with pytest.raises(Refused, match=r"ConflictException: .*status Executing"):
        with_pipeline.call("RetryPipelineExecution", PipelineExecutionArn=arn)


def test_retry_of_a_successful_execution_is_refused(with_pipeline: ControlPlane) -> None:
    arn = start(with_pipeline)
    with_pipeline.executions.wait(arn, 10)

    with pytest.raises(Refused, match=r"ConflictException: .*status Succeeded"):
        with_pipeline.call("RetryPipelineExecution", PipelineExecutionArn=arn)


def test_update_execution_changes_its_texts_only(with_pipeline: ControlPlane) -> None:
    with_pipeline.runner.behaviour = until_stopped
    arn = start(with_pipeline, PipelineExecutionDescription="before")

    with_pipeline.call("UpdatePipelineExecution", PipelineExecutionArn=arn, PipelineExecutionDisplayName="renamed")

    described = describe(with_pipeline, arn)
    assert described["PipelineExecutionDisplayName"] == "renamed"
    assert described["PipelineExecutionDescription"] == "before"
    assert described["PipelineExecutionStatus"] == "Executing"
    assert described["LastModifiedTime"] > described["CreationTime"]


def test_execution_interrupted_by_a_kill_is_failed_after_the_restart_and_can_be_retried(tmp_path: Path) -> None:
    killed = build(tmp_path)
    killed.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinition=definition("A", "B"))
    running = replace(an_execution(definition=definition("A", "B")), parameters={})
    killed.store.executions.add(running)

    again = build(tmp_path)
    described = describe(again, running.arn)
    again.call("RetryPipelineExecution", PipelineExecutionArn=running.arn)

    assert described["PipelineExecutionStatus"] == "Failed"
    assert again.executions.wait(running.arn, 10).status is ExecutionStatus.SUCCEEDED
    again.close()
    killed.close()
