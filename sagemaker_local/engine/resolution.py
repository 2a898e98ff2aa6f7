"""Resolves parsed expressions to plain JSON values, while an execution runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.engine.expressions import (
    ExecutionVariable,
    ExperimentMember,
    Expression,
    Join,
    JsonGet,
    ParameterValue,
    PropertyFile,
    StepProperty,
)
from sagemaker_local.engine.path import Path, read_path, show_path
from sagemaker_local.errors import NoSuchBucket, NoSuchKey, StepFailed, ValidationException
from sagemaker_local.records.s3_uri import S3Uri


@dataclass(frozen=True, slots=True)
class Scope:
    """What the expressions of one step resolve against."""

    parameters: Mapping[str, Any]
    """Typed values."""
    execution: Mapping[str, str]
    """Execution variables by their names."""
    experiment: Mapping[str, Any]
    properties: Callable[[str], Mapping[str, Any]]
    """The properties of a step that has succeeded."""
    locate: Callable[[PropertyFile], S3Uri]
    """Where a property file lies."""
    read: Callable[[S3Uri], bytes]
    """The body of an S3 object."""


def resolve(value: Any, scope: Scope) -> Any:
    """Give the plain JSON value of a parsed value.

    Raises:
        StepFailed: a property, file or path that is not there; the text says which.
    """
    if isinstance(value, Expression):
        return _resolve_expression(value, scope)
    if isinstance(value, Mapping):
        return {key: resolve(item, scope) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, scope) for item in value]
    return value


def as_text(value: Any) -> str:
    """Write a value as Std:Join does: integers without decimals, truth values in small letters.

    Raises:
        StepFailed: null, an object or a list.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise StepFailed(
        f"{json.dumps(value, default=str)[:100]} cannot be joined to a text; join texts, numbers or booleans."
    )


def _resolve_expression(value: Expression, scope: Scope) -> Any:
    match value:
        case ParameterValue(name):
            result = scope.parameters[name]
        case ExecutionVariable(name):
            result = scope.execution[name]
        case ExperimentMember(name):
            result = scope.experiment[name]
        case StepProperty(step, path):
            result = _property(step, path, scope)
        case Join(separator, values):
            result = separator.join(as_text(resolve(item, scope)) for item in values)
        case JsonGet():
            result = _json_get(value, scope)
        case PropertyFile():
            result = str(scope.locate(value))
    return result


def _property(step: str, path: Path, scope: Scope) -> Any:
    try:
        return read_path(scope.properties(step), path)
    except StepFailed as error:
        raise StepFailed(f"Steps.{step}.{show_path(path)} cannot be resolved: {error}") from error


def _json_get(value: JsonGet, scope: Scope) -> Any:
    location = scope.locate(value.source) if isinstance(value.source, PropertyFile) else _address(value.source, scope)
    try:
        document = json.loads(scope.read(location))
    except (NoSuchBucket, NoSuchKey) as error:
        raise StepFailed(f"JsonGet of {show_path(value.path)!r} failed: {location} does not exist.") from error
    except ValueError as error:
        raise StepFailed(f"JsonGet of {show_path(value.path)!r} failed: {location} is not JSON: {error}") from error
    try:
        found = read_path(document, value.path)
    except StepFailed as error:
        raise StepFailed(f"JsonGet failed in {location}: {error}") from error
    if found is None:
        raise StepFailed(f"JsonGet failed in {location}: {show_path(value.path)!r} is null.")
    return found


def _address(source: Any, scope: Scope) -> S3Uri:
    text = resolve(source, scope)
    try:
        return S3Uri.parse(text)
    except (ValidationException, AttributeError) as error:
        raise StepFailed(f"JsonGet failed: {text!r} is not an S3 address; write it as s3://bucket/key.") from error
