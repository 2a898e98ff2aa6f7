"""Steps that run because of what became of another one: why they ran, for the tables of an execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.context import Context
from cli.executions import dag

_TROUBLE = frozenset({"Failed", "Stopped"})
_WORDS = {"Failed": "failed", "Stopped": "was stopped", "Any": "ended"}


def add_reasons(context: Context, arn: str, steps: Sequence[Mapping[str, Any]], because: dict[str, str]) -> None:
    """Put why each step ran into `because`, by its name: "" unless it was triggered.

    The definition is read once, and not before a step has failed or was stopped.
    """
    if because or not any(step["StepStatus"] in _TROUBLE for step in steps):
        return
    because.update(dict.fromkeys([step["StepName"] for step in steps], ""))
    try:
        client = context.client("sagemaker")
        text = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
        because.update({name: _reason(triggers) for name, triggers in dag.triggers(text).items()})
    except Exception:  # noqa: BLE001, S110  # a detail of a table, read from another call: it may not spoil the table
        pass


def _reason(triggers: Mapping[str, str]) -> str:
    return "because " + " and ".join(f"{step} {_WORDS.get(trigger, trigger)}" for step, trigger in triggers.items())
