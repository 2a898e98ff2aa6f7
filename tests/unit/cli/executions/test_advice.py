"""The command that goes on, after each way in which an execution can end."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.commands import executions
from cli.executions import advice
from tests.unit.cli.fakes import ARN, FakeSageMaker, context_with, step

RETRY = "python pipeline.py retry abcdefghijkl --wait --local"
NOT_MET = step("Gate", "Succeeded", Metadata={"Condition": {"Outcome": "False"}})
MET = step("Gate", "Succeeded", Metadata={"Condition": {"Outcome": "True"}})
NO_MODEL = step("GetLatestApprovedModel", "Failed")


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the registry holds; none at first."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr("cli.executions.advice.model_packages.versions", lambda _: found)
    return found


def test_after_a_failure_the_cause_comes_before_the_retry() -> None:
    context, _ = context_with()

    text = advice.after(context, ARN, "Failed", [step("Train", "Failed")])

    assert text.splitlines() == [
        f"Correct the cause, then resume it: {RETRY}",
        "It keeps its parameters and its code; to run with others, start a new execution.",
    ]


def test_after_a_stop_there_is_no_cause_to_correct() -> None:
    context, _ = context_with()

    assert advice.after(context, ARN, "Stopped", [step("Train", "Stopped")]) == f"Resume it: {RETRY}"


@pytest.mark.usefixtures("versions")
def test_without_a_model_after_a_gate_that_said_no_the_gate_is_named_and_no_retry() -> None:
    context, _ = context_with()

    text = advice.after(context, ARN, "Failed", [NOT_MET, NO_MODEL])

    assert text.startswith("the gate refused this model: lower gate.threshold (or --param MetricThreshold=")
    assert text.endswith("start a new execution; retry would find the same.")
    assert "pipeline.py retry" not in text


def test_with_a_version_that_waits_for_approval_the_retry_is_right(versions: list[dict[str, Any]]) -> None:
    versions.append({"ModelPackageVersion": 1})
    context, _ = context_with()

    assert RETRY in advice.after(context, ARN, "Failed", [NOT_MET, NO_MODEL])


@pytest.mark.usefixtures("versions")
def test_without_a_model_after_a_gate_that_was_met_the_retry_is_right() -> None:
    context, _ = context_with()

    assert RETRY in advice.after(context, ARN, "Failed", [MET, NO_MODEL])


def test_a_registry_that_cannot_be_read_leaves_the_retry() -> None:
    context, _ = context_with(sagemaker=object())

    assert RETRY in advice.after(context, ARN, "Failed", [NOT_MET, NO_MODEL])


def test_a_start_that_is_refused_suggests_no_retry() -> None:
    class Refusing(FakeSageMaker):
        def start_pipeline_execution(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "Depth"}}, "StartPipelineExecution")

    context, printed = context_with(sagemaker=Refusing([], []))

    with pytest.raises(ClientError, match="Depth"):
        executions.start(context, argparse.Namespace(pipeline="end-to-end", param=["Depth=1"], wait=True))

    assert "retry" not in printed.getvalue()
