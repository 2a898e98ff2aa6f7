"""Gate: only a model that reaches the threshold, and is not worse than the champion, is registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.sdk import ConditionGreaterThanOrEqualTo, ConditionLessThanOrEqualTo, ConditionStep, JsonGet
from pipelines.steps.context import StepContext
from pipelines.steps.evaluate import REPORT

NAME = "Gate"
_CONDITIONS = {"at_least": ConditionGreaterThanOrEqualTo, "at_most": ConditionLessThanOrEqualTo}
_WORDS = {"at_least": "at least", "at_most": "at most"}
_SHORTFALL = "gate.shortfall"
"""In evaluation.json: how much worse than the champion the model is, 0 without one."""


def gate(context: StepContext, evaluated: Any, if_passed: Sequence[Any]) -> Any:
    """Build the step around the steps that run when the model is good enough.

    There is nothing to do otherwise: a model that fails must not stop the scoring, which takes the last approved one.
    """
    rule, tolerance = context.config.gate, context.parameters.champion_tolerance
    conditions = [
        _CONDITIONS[rule.comparison](left=_read(evaluated, rule.metric), right=context.parameters.metric_threshold)
    ]
    champion = ""
    if tolerance is not None:
        conditions.append(ConditionLessThanOrEqualTo(left=_read(evaluated, _SHORTFALL), right=tolerance))
        champion = " and it is not worse than the champion by more than ChampionTolerance"
    return ConditionStep(
        name=NAME,
        display_name="Is the model good enough?",
        description=f"Register the model only when {rule.metric} is {_WORDS[rule.comparison]} MetricThreshold"
        f"{champion}.",
        conditions=conditions,
        if_steps=list(if_passed),
        else_steps=[],
    )


def _read(evaluated: Any, path: str) -> Any:
    return JsonGet(step_name=evaluated.name, property_file=REPORT, json_path=path)
