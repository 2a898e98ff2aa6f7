"""The steps of a definition, for people: all of them, and which steps each of them waits for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP_REFERENCE = re.compile(r"^Steps\.([A-Za-z0-9_-]+)\.")


def steps(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every step by its name, also those within a condition."""
    return {step["Name"]: step for step, _ in _steps(definition["Steps"], parent=None)}


def predecessors(definition: str) -> dict[str, list[str]]:
    """Map every step, in order, to the steps that it takes data from, depends on or is a branch of."""
    edges: dict[str, list[str]] = {}
    for step, parent in _steps(json.loads(definition)["Steps"], parent=None):
        depends_on = [_named(entry) for entry in step.get("DependsOn") or []]
        names = dict.fromkeys([*([parent] if parent else []), *depends_on, *_references(step)])
        edges[step["Name"]] = [name for name in names if name != step["Name"]]
    return edges


def triggers(definition: str) -> dict[str, dict[str, str]]:
    """Map every step that waits for another outcome than success to the steps and outcomes that it waits for."""
    found: dict[str, dict[str, str]] = {}
    for step, _ in _steps(json.loads(definition)["Steps"], parent=None):
        entries = [entry for entry in step.get("DependsOn") or [] if isinstance(entry, Mapping)]
        if entries:
            found[step["Name"]] = {entry["Step"]: entry["Trigger"] for entry in entries}
    return found


def _named(entry: str | Mapping[str, str]) -> str:
    return entry if isinstance(entry, str) else entry["Step"]


def _steps(steps: list[dict[str, Any]], parent: str | None) -> Iterator[tuple[dict[str, Any], str | None]]:
    for step in steps:
        if step["Type"] != "Condition":
            yield step, parent
            continue
        arguments = step["Arguments"]
        yield {**step, "Arguments": {"Conditions": arguments["Conditions"]}}, parent
        yield from _steps([*arguments["IfSteps"], *arguments["ElseSteps"]], parent=step["Name"])


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        target = value.get("Get")
        if isinstance(target, str) and (match := _STEP_REFERENCE.match(target)):
            yield match[1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
