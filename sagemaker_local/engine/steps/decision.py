"""Condition and Fail steps: they decide, and make nothing."""

from __future__ import annotations

from sagemaker_local.engine.conditions import holds
from sagemaker_local.engine.steps.outcome import Attempt, StepOutcome
from sagemaker_local.records.execution import StepStatus

_MESSAGE_MAX = 3072


def decide(attempt: Attempt) -> StepOutcome:
    """Evaluate a Condition step; it succeeds whatever the outcome is."""
    outcome = all(holds(condition, attempt.scope) for condition in attempt.step.conditions)
    return StepOutcome(StepStatus.SUCCEEDED, {"Condition": {"Outcome": str(outcome)}}, {"Outcome": outcome})


def fail(attempt: Attempt) -> StepOutcome:
    """End the execution with the Fail step's message; an empty message is no reason."""
    message = str(attempt.arguments.get("ErrorMessage", ""))[:_MESSAGE_MAX]
    return StepOutcome(StepStatus.FAILED, {"Fail": {"ErrorMessage": message}}, failure_reason=message or None)
