"""Expressions of a pipeline definition (Get, Std:Join, Std:JsonGet) as records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.engine.path import Path, parse_path, show_path
from sagemaker_local.errors import UnsupportedFeature, ValidationException

_FORMS = ("Get", "Std:Join", "Std:JsonGet")
_ROOTS = "Parameters.<name>, Execution.<variable>, Steps.<step>.<path> or PipelineExperimentConfig.<member>"
_UNSUPPORTED_ROOTS = ("ForEach", "IterationOutput")
_UNSUPPORTED_STEP_MEMBERS = ("IterationOutputs", "Selected")


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """`{"Get": "Parameters.Name"}`."""

    name: str

    def __str__(self) -> str:
        return f"Parameters.{self.name}"


@dataclass(frozen=True, slots=True)
class ExecutionVariable:
    """`{"Get": "Execution.PipelineExecutionId"}`."""

    name: str

    def __str__(self) -> str:
        return f"Execution.{self.name}"


@dataclass(frozen=True, slots=True)
class ExperimentMember:
    """`{"Get": "PipelineExperimentConfig.TrialName"}`."""

    name: str

    def __str__(self) -> str:
        return f"PipelineExperimentConfig.{self.name}"


@dataclass(frozen=True, slots=True)
class StepProperty:
    """`{"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}`; also Lambda outputs and Outcome."""

    step: str
    path: Path

    def __str__(self) -> str:
        return f"Steps.{self.step}.{show_path(self.path)}"


@dataclass(frozen=True, slots=True)
class PropertyFile:
    """`{"Get": "Steps.Evaluate.PropertyFiles.Report"}`, allowed inside Std:JsonGet only."""

    step: str
    name: str

    def __str__(self) -> str:
        return f"Steps.{self.step}.PropertyFiles.{self.name}"


@dataclass(frozen=True, slots=True)
class Join:
    """`{"Std:Join": {"On": "/", "Values": [...]}}`."""

    separator: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        return "Std:Join"


@dataclass(frozen=True, slots=True)
class JsonGet:
    """`{"Std:JsonGet": {"PropertyFile" | "S3Uri": ..., "Path": "a.b[0]"}}`."""

    source: Any
    """A PropertyFile, or a text (maybe itself an expression) that is an S3 address."""
    path: Path

    def __str__(self) -> str:
        return f"Std:JsonGet of {show_path(self.path)!r}"


Expression = ParameterValue | ExecutionVariable | ExperimentMember | StepProperty | PropertyFile | Join | JsonGet


def is_expression(value: Any) -> bool:
    """Whether a JSON value is an expression, not plain data."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _FORMS


def parse_value(value: Any) -> Any:
    """Replace the expressions in a JSON value, at any depth, by their records; null members are dropped.

    Raises:
        ValidationException: an expression that is none.
        UnsupportedFeature: one of a ForEach step.
    """
    if is_expression(value):
        form, content = next(iter(value.items()))
        expression = _PARSERS[form](content)
        if isinstance(expression, PropertyFile):
            raise ValidationException(f"{content!r} names a property file; read a value out of it with Std:JsonGet.")
        return expression
    if isinstance(value, Mapping):
        return {key: parse_value(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [parse_value(item) for item in value]
    return value


def references(value: Any) -> Iterator[Expression]:
    """Yield every expression in a parsed value, at any depth, containers before what they contain."""
    if isinstance(value, Expression):
        yield value
    if isinstance(value, Join):
        yield from references(value.values)
    elif isinstance(value, JsonGet):
        yield from references(value.source)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def _parse_get(content: Any) -> Expression:
    if not isinstance(content, str):
        raise ValidationException(f"'Get' needs a text, not {json.dumps(content)}; it reads {_ROOTS}.")
    root, _, rest = content.partition(".")
    if root in _UNSUPPORTED_ROOTS:
        raise UnsupportedFeature(
            f"{content!r} belongs to a ForEach step, which is not supported here (docs/fidelity.md)."
        )
    if not rest or root not in {"Parameters", "Execution", "PipelineExperimentConfig", "Steps"}:
        raise ValidationException(f"Unknown reference {content!r}; 'Get' reads {_ROOTS}.")
    if root == "Parameters":
        return ParameterValue(rest)
    if root == "Execution":
        return ExecutionVariable(rest)
    if root == "PipelineExperimentConfig":
        return ExperimentMember(rest)
    return _parse_step_get(content, rest)


def _parse_step_get(content: str, rest: str) -> Expression:
    step, _, path = rest.partition(".")
    if not path:
        raise ValidationException(f"{content!r} names a step only; name one of its properties, as Steps.{step}.<path>.")
    parsed = parse_path(path)
    if parsed[0] in _UNSUPPORTED_STEP_MEMBERS:
        raise UnsupportedFeature(
            f"{content!r} belongs to a ForEach step, which is not supported here (docs/fidelity.md)."
        )
    if parsed[0] == "PropertyFiles" and len(parsed) == 2:
        return PropertyFile(step, str(parsed[1]))
    return StepProperty(step, parsed)


def _parse_join(content: Any) -> Join:
    if not isinstance(content, Mapping) or set(content) != {"On", "Values"} or not isinstance(content["Values"], list):
        raise ValidationException('\'Std:Join\' needs exactly "On" (a text) and "Values" (a list).')
    if not isinstance(content["On"], str):
        raise ValidationException(f"'On' of Std:Join must be a text, not {json.dumps(content['On'])}.")
    values = tuple(parse_value(item) for item in content["Values"])
    for item in values:
        if not isinstance(item, Expression | str | int | float):
            raise ValidationException(
                f"Std:Join cannot join {item!r}; it joins texts, numbers, booleans and expressions."
            )
    return Join(content["On"], values)


def _parse_json_get(content: Any) -> JsonGet:
    sources = {"PropertyFile", "S3Uri"}
    if not isinstance(content, Mapping) or len(sources & set(content)) != 1 or set(content) - sources != {"Path"}:
        raise ValidationException('\'Std:JsonGet\' needs exactly "Path" and one of "PropertyFile" or "S3Uri".')
    if not isinstance(content["Path"], str):
        raise ValidationException(f"'Path' of Std:JsonGet must be a text, not {json.dumps(content['Path'])}.")
    path = parse_path(content["Path"])
    if "S3Uri" in content:
        source = parse_value(content["S3Uri"])
        if not isinstance(source, Expression | str):
            raise ValidationException("'S3Uri' of Std:JsonGet must be a text or an expression that gives one.")
        return JsonGet(source, path)
    raw = content["PropertyFile"]
    file = _parse_get(raw["Get"]) if is_expression(raw) and "Get" in raw else None
    if not isinstance(file, PropertyFile):
        raise ValidationException(
            '\'PropertyFile\' of Std:JsonGet must be {"Get": "Steps.<step>.PropertyFiles.<name>"}, '
            f"not {json.dumps(raw)}."
        )
    return JsonGet(file, path)


_PARSERS: Mapping[str, Callable[[Any], Expression]] = {
    "Get": _parse_get,
    "Std:Join": _parse_join,
    "Std:JsonGet": _parse_json_get,
}
