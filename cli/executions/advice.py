"""What to do after an execution that did not succeed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.context import Context
from cli.executions import gate, history
from cli.registry import model_packages

CHOOSES_VERSION = "GetLatestApprovedModel"
"""The step after which a version of the model scores (pipelines/steps/latest_approved_model.py)."""
_REFUSED = (
    "the gate refused this model: lower gate.threshold (or --param MetricThreshold=…) or improve the model, then start "
    "a new execution; retry would find the same."
)


def resume_hint(context: Context, arn: str) -> str:
    """The command that takes an execution up again."""
    return f"Resume it: {_retry(context, arn)}"


def after(context: Context, arn: str, state: str, steps: Sequence[Mapping[str, Any]]) -> str:
    """What goes on from an execution that ended in `state` without having succeeded."""
    if state == "Stopped":
        return resume_hint(context, arn)
    if _is_without_a_model(context, steps):
        return _REFUSED
    return (
        f"Correct the cause, then resume it: {_retry(context, arn)}\n"
        "It keeps its parameters and its code; to run with others, start a new execution."
    )


def _retry(context: Context, arn: str) -> str:
    return f"python pipeline.py retry {history.execution_id(arn)} --wait{context.options_text}"


def _is_without_a_model(context: Context, steps: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing could score because the gate registered nothing, now or ever before."""
    failed = any(step["StepName"] == CHOOSES_VERSION and step["StepStatus"] == "Failed" for step in steps)
    if not failed or not gate.said_no(steps):
        return False
    try:
        return not model_packages.versions(context)
    except Exception:  # noqa: BLE001  # only the better of two hints hangs on it
        return False
