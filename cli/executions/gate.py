"""What a condition step compared: each value that it read, and the threshold it was held against."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli import s3_objects
from cli.context import Context
from cli.executions import dag, history, job_outputs

_PROPERTY_FILE = re.compile(r"^Steps\.(?P<step>[^.]+)\.PropertyFiles\.(?P<name>.+)$")
_WORDS = {
    "GreaterThanOrEqualTo": "at least",
    "LessThanOrEqualTo": "at most",
    "GreaterThan": "more than",
    "LessThan": "less than",
}


def outcome(step: Mapping[str, Any]) -> str | None:
    """`True` or `False` for a condition step that has decided, None for every other."""
    value = step.get("Metadata", {}).get("Condition", {}).get("Outcome")
    return str(value) if value else None


def said_no(steps: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a condition of the execution was not met."""
    return any(outcome(step) == "False" for step in steps)


def add_reasons(context: Context, arn: str, steps: Sequence[Mapping[str, Any]], reasons: dict[str, str]) -> None:
    """Put the reason of each condition step that has decided into `reasons`, by its name; read each one once."""
    for step in steps:
        decided, name = outcome(step), step["StepName"]
        if decided is None or name in reasons:
            continue
        try:
            reasons[name] = f"outcome {decided}: {_reason(context, arn, steps, name)}"
        except Exception:  # noqa: BLE001  # a detail of a table, read from four services: none may spoil the table
            reasons[name] = f"outcome {decided}"


def _reason(context: Context, arn: str, steps: Sequence[Mapping[str, Any]], name: str) -> str:
    client = context.client("sagemaker")
    text = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
    definition = json.loads(text)
    known = dag.steps(definition)
    comparisons: list[str] = []
    for condition in known[name]["Arguments"]["Conditions"]:
        read = condition["LeftValue"]["Std:JsonGet"]
        report = _report(context, known, steps, read["PropertyFile"])
        # The evaluation's own sentence, which knows the champion; one of an older version of evaluate.py has none.
        own = report.get("gate", {}).get("reason")
        if own:
            return str(own)
        value = float(_at(report, read["Path"]))
        asker, threshold = _threshold(client, arn, definition, condition["RightValue"])
        words = _WORDS[condition["Type"]]
        comparisons.append(f"{read['Path']} is {_shown(value, threshold)}, {asker} asks for {words} {threshold:g}")
    return "; ".join(comparisons)


def _report(context: Context, known: Mapping[str, Any], steps: Iterable[Mapping[str, Any]], property_file: Any) -> Any:
    """Read the property file where the step's job put it."""
    target = property_file["Get"] if isinstance(property_file, dict) else property_file
    found = _PROPERTY_FILE.match(target)
    if found is None:
        raise LookupError(target)
    file = next(file for file in known[found["step"]]["PropertyFiles"] if file["PropertyFileName"] == found["name"])
    step = next(step for step in steps if step["StepName"] == found["step"])
    folder = job_outputs.address_of(context, step, file["OutputName"])
    return json.loads(s3_objects.read(context, f"{folder}/{file['FilePath']}"))


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[part]
    return document


def _threshold(client: Any, arn: str, definition: Mapping[str, Any], operand: Any) -> tuple[str, float]:
    """Who asks, and for how much: a parameter of the execution or a number of the definition."""
    if not isinstance(operand, dict):
        return "the condition", float(operand)
    name = operand["Get"].removeprefix("Parameters.")
    defaults = {entry["Name"]: entry.get("DefaultValue") for entry in definition["Parameters"]}
    return name, float({**defaults, **history.parameters(client, arn)}[name])


def _shown(value: float, threshold: float) -> str:
    """Three decimals, unless the rounded value would stand on the threshold or on its other side."""
    short = f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.3g}"
    is_clear = (float(short) < threshold) == (value < threshold) and (float(short) > threshold) == (value > threshold)
    return short if is_clear else repr(value)
