"""An execution whose failures were handled: it has not succeeded, and the steps that ran because of them say so."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from cli.commands import executions
from cli.executions import follow, triggers
from tests.unit.cli.fakes import ARN, BEGIN, FakeSageMaker, context_with, step

DEFINITION = {
    "Steps": [
        {"Name": "Train", "Type": "Training"},
        {"Name": "Mail", "Type": "Lambda", "DependsOn": [{"Step": "Train", "Trigger": "Failed"}]},
        {"Name": "Tidy", "Type": "Lambda", "DependsOn": ["Mail", {"Step": "Train", "Trigger": "Any"}]},
        {"Name": "Both", "Type": "Lambda", "DependsOn": [{"Step": n, "Trigger": "Stopped"} for n in ("Train", "Mail")]},
    ]
}
FAILED = step("Train", "Failed", FailureReason="ClientError: AlgorithmError: [bad] data")
OUTPUTS = {"Lambda": {"OutputParameters": [{"Name": "Published", "Value": "True"}]}}
MAILED = step("Mail", "Succeeded", Metadata=OUTPUTS)


class Service(FakeSageMaker):
    """An execution of DEFINITION."""

    def __init__(self, *steps: dict[str, Any], state: str = "CompletedWithFailures") -> None:
        super().__init__([state], [steps])
        self.read = 0

    def describe_pipeline_definition_for_execution(self, **_: Any) -> dict[str, Any]:
        self.read += 1
        return {"PipelineDefinition": json.dumps(DEFINITION)}

    def list_pipeline_parameters_for_execution(self, **_: Any) -> dict[str, Any]:
        return {"PipelineParameters": []}

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        summary = {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": "CompletedWithFailures", "StartTime": BEGIN}
        return {"PipelineExecutionSummaries": [summary]}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.executions.follow.time.sleep", lambda _: None)


def test_following_an_execution_with_failures_returns_one_with_reasons_and_the_command_that_resumes_it() -> None:
    context, printed = context_with(sagemaker=Service(FAILED, MAILED))

    assert follow.to_the_end(context, ARN) == 1

    text = printed.getvalue()
    assert "abcdefghijkl: CompletedWithFailures after 7.5 s" in text
    assert "\nTrain: ClientError: AlgorithmError: [bad] data\n" in text
    assert "Correct the cause, then resume it: python pipeline.py retry abcdefghijkl --wait --local" in text
    assert text.count("because Train failed; Published=True") == 2  # as it happens, and in the table


def test_status_of_an_execution_with_failures_shows_the_same() -> None:
    context, printed = context_with(sagemaker=Service(FAILED, MAILED))

    executions.status(context, argparse.Namespace(execution=ARN))

    text = printed.getvalue()
    assert "because Train failed; Published=True" in text
    assert "resume it: python pipeline.py retry abcdefghijkl --wait --local" in text


def test_status_of_an_execution_that_runs_suggests_no_retry() -> None:
    context, printed = context_with(sagemaker=Service(FAILED, state="Executing"))

    executions.status(context, argparse.Namespace(execution=ARN))

    assert "retry" not in printed.getvalue()


def test_list_of_executions_says_what_the_state_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.executions.definitions.sagemaker_name", lambda *_: "p")
    context, printed = context_with(sagemaker=Service())

    executions.list_executions(context, argparse.Namespace(pipeline="p", limit=5))

    assert "steps failed, and what was to run then has run" in printed.getvalue()


def test_handler_that_failed_says_why_it_ran_and_why_it_failed() -> None:
    mail = step("Mail", "Failed", FailureReason="ClientError: no topic")
    context, printed = context_with(sagemaker=Service(FAILED, mail, state="Failed"))

    assert follow.to_the_end(context, ARN) == 1

    assert "because Train failed; ClientError: no topic" in printed.getvalue()
    assert "\nStep failure: One or multiple steps failed.\n" in printed.getvalue()


def test_definition_is_read_once_and_only_after_a_failure_or_a_stop() -> None:
    client = Service()
    context, _ = context_with(sagemaker=client)
    because: dict[str, str] = {}

    triggers.add_reasons(context, ARN, [step("Train", "Succeeded")], because)
    assert (client.read, because) == (0, {})
    for _ in range(3):
        triggers.add_reasons(context, ARN, [step("Train", "Stopped")], because)

    assert client.read == 1
    assert because == {
        "Train": "",
        "Mail": "because Train failed",
        "Tidy": "because Train ended",
        "Both": "because Train was stopped and Mail was stopped",
    }


def test_definition_that_cannot_be_read_leaves_the_steps_as_they_are() -> None:
    context, _ = context_with(sagemaker=object())
    because: dict[str, str] = {}

    triggers.add_reasons(context, ARN, [FAILED, MAILED], because)

    assert because == {"Train": "", "Mail": ""}
