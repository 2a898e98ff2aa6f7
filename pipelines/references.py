"""What the steps of a definition refer to: parameters, other steps, execution variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(r"Steps\.(?P<step>[A-Za-z0-9_-]+)\.(?P<path>.+)")
_OUTPUT = re.compile(r"ProcessingOutputConfig\.Outputs\['(?P<name>[^']+)'\]")
_LAMBDA_OUTPUT = re.compile(r"OutputParameters\['(?P<name>[^']+)'\]")
_PROPERTY_FILE = re.compile(r"PropertyFiles\.(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """One `Get`: `Parameters.X`, `Execution.X` or `Steps.X.path`."""

    text: str

    @property
    def parameter(self) -> str | None:
        """The parameter that is meant, if one is."""
        return self.text.removeprefix("Parameters.") if self.text.startswith("Parameters.") else None

    @property
    def execution_variable(self) -> str | None:
        """The execution variable that is meant, if one is."""
        return self.text.removeprefix("Execution.") if self.text.startswith("Execution.") else None

    @property
    def step(self) -> str | None:
        """The step that is meant, if one is."""
        found = _STEP.fullmatch(self.text)
        return found["step"] if found else None

    @property
    def processing_output(self) -> str | None:
        """The output of a processing step that is meant, if one is."""
        return self._in_step(_OUTPUT)

    @property
    def lambda_output(self) -> str | None:
        """The output of a Lambda step that is meant, if one is."""
        return self._in_step(_LAMBDA_OUTPUT)

    @property
    def property_file(self) -> str | None:
        """The property file that is meant, if one is."""
        return self._in_step(_PROPERTY_FILE)

    def _in_step(self, pattern: re.Pattern[str]) -> str | None:
        step = _STEP.fullmatch(self.text)
        found = pattern.match(step["path"]) if step else None
        return found["name"] if found else None


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step of a definition, with the condition step whose branch it is in."""

    name: str
    type: str
    body: Mapping[str, Any]
    inside: str | None

    @property
    def references(self) -> list[Reference]:
        """Every reference in the step's own arguments, without those of steps inside its branches."""
        arguments = {
            key: value for key, value in self.body.get("Arguments", {}).items() if key not in {"IfSteps", "ElseSteps"}
        }
        return list(_walk(arguments))

    @property
    def upstream(self) -> set[str]:
        """Names of the steps that must end before this one starts."""
        named = {item["Step"] if isinstance(item, Mapping) else str(item) for item in self.body.get("DependsOn", [])}
        referred = {reference.step for reference in self.references if reference.step is not None}
        return named | referred | ({self.inside} if self.inside is not None else set())

    @property
    def processing_outputs(self) -> dict[str, str]:
        """Names of the outputs of a processing step, each with its address as text."""
        config = self.body.get("Arguments", {}).get("ProcessingOutputConfig", {})
        return {
            output["OutputName"]: json.dumps(output["S3Output"]["S3Uri"], sort_keys=True)
            for output in config.get("Outputs", [])
        }


def step_nodes(steps: list[Mapping[str, Any]], inside: str | None = None) -> Iterator[StepNode]:
    """Yield all steps, those in branches after the condition that they belong to."""
    for body in steps:
        yield StepNode(name=str(body["Name"]), type=str(body["Type"]), body=body, inside=inside)
        if body["Type"] == "Condition":
            arguments = body["Arguments"]
            yield from step_nodes([*arguments["IfSteps"], *arguments["ElseSteps"]], inside=str(body["Name"]))


def _walk(value: Any) -> Iterator[Reference]:
    if isinstance(value, Mapping):
        if set(value) == {"Get"}:
            yield Reference(str(value["Get"]))
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)
