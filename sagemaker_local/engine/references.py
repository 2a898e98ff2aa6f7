"""Checks that every reference in a definition leads to something, and what type of value it gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
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
from sagemaker_local.engine.graph import results_read_by
from sagemaker_local.engine.parameters import Parameter
from sagemaker_local.engine.path import Path, natural_key, show_path
from sagemaker_local.engine.step_definition import StepDefinition
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.shapes import Shape, element_shape, member_shape, output_shape

_SERVICE = "sagemaker"
EXECUTION_VARIABLES = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
)
# Known only inside the arguments of the step that makes the job.
_JOB_VARIABLES = {"TrainingJobName": "Training", "ProcessingJobName": "Processing"}
_EXPERIMENT_MEMBERS = ("ExperimentName", "TrialName")
_SCALARS = {"long": "integer", "double": "float", "timestamp": None}


class References:
    """The names of one definition, for looking up what refers to them."""

    def __init__(self, parameters: Mapping[str, Parameter], steps: Mapping[str, StepDefinition]) -> None:
        self._parameters = parameters
        self._steps = steps

    def type_of(self, expression: Expression, user: StepDefinition) -> str | None:
        """Say which type of value an expression in step `user` gives: string, integer, ...; None: nobody knows yet.

        Raises:
            ValidationException: it leads nowhere.
        """
        match expression:
            case ParameterValue(name):
                _known("parameter", name, self._parameters)
                return self._parameters[name].type.lower()
            case StepProperty(step, path):
                return self._property_type(self._source(step), path)
            case PropertyFile(step, name):
                _known(f"property file of step {step!r}", name, self._source(step).property_files)
            case JsonGet():
                pass
            case Join():
                return "string"
            case ExecutionVariable(name):
                own = [variable for variable, type_name in _JOB_VARIABLES.items() if user.type.name == type_name]
                _known("execution variable", name, [*EXECUTION_VARIABLES, *own])
                return "string"
            case ExperimentMember(name):
                _known("member of PipelineExperimentConfig", name, _EXPERIMENT_MEMBERS)
                return "string"
        return None

    def check_dependencies(self, user: StepDefinition) -> None:
        """Refuse a DependsOn that names no step, a Fail step, or a step without results whose results are used."""
        for name in user.depends_on:
            _known("step in 'DependsOn'", name, self._steps)
            if self._steps[name].type.name == "Fail":
                raise ValidationException(
                    f"{user.name} can not depends on {name}: a Fail step ends the execution. Remove the dependency."
                )
        for name in sorted(results_read_by(user) & user.triggers.keys()):
            raise ValidationException(
                f"it runs on Trigger '{user.triggers[name]}' of step {name!r} and uses that step's result, of which "
                "there is one only when the step has succeeded. Remove the reference (or take the step out of the "
                "condition's branch), or write the plain name in 'DependsOn'."
            )

    def _source(self, name: str) -> StepDefinition:
        _known("step", name, self._steps)
        return self._steps[name]

    def _property_type(self, source: StepDefinition, path: Path) -> str | None:
        if source.type.resource:
            shape = _property_shape(source, path)
            _check_key(source, path)
            return _SCALARS.get(shape["type"], shape["type"])
        if source.type.name == "Lambda":
            if path[0] != "OutputParameters" or len(path) != 2:
                raise _no_property(source, path, ["OutputParameters['<name>']"])
            _known(f"output of step {source.name!r}", str(path[1]), source.outputs)
            return source.outputs[str(path[1])].lower()
        if source.type.name == "Condition":
            if path != ("Outcome",):
                raise _no_property(source, path, ["Outcome"])
            return "boolean"
        raise ValidationException(f"Step {source.name!r} is a Fail step; nothing can refer to it.")


def _property_shape(source: StepDefinition, path: Path) -> Shape:
    """Follow a path through the Describe response's shape."""
    responses = [output_shape(_SERVICE, operation) for operation in source.type.property_operations]
    members = {name: member for response in responses for name, member in response["members"].items()}
    shape: Shape = {"type": "structure", "members": members}
    for segment in path:
        following: Shape | None = None
        if shape["type"] == "structure" and isinstance(segment, str):
            following = member_shape(_SERVICE, shape, segment)
        elif (shape["type"] == "map" and isinstance(segment, str)) or _has_element(shape, segment):
            following = element_shape(_SERVICE, shape)
        if following is None:
            raise _no_property(source, path, _offer(shape), segment)
        shape = following
    return shape


def _has_element(shape: Shape, segment: str | int) -> bool:
    if shape["type"] != "list":
        return False
    return isinstance(segment, int) or natural_key(element_shape(_SERVICE, shape).get("members", {})) is not None


def _check_key(source: StepDefinition, path: Path) -> None:
    """Refuse the name of an output, input or channel that the step's own request has not."""
    value: Any = source.arguments
    for segment in path:
        if isinstance(value, list) and isinstance(segment, str):
            names = [item.get(natural_key(item)) if isinstance(item, Mapping) else None for item in value]
            if all(isinstance(name, str) for name in names):
                _known(f"element of Steps.{source.name}.{show_path(path)}", segment, names)
            return
        if not isinstance(value, Mapping) or segment not in value:
            return
        value = value[segment]


def _offer(shape: Shape) -> list[str]:
    if shape["type"] == "structure":
        return list(shape["members"])
    return ["[<index>]"] if shape["type"] == "list" else ["['<key>']"] if shape["type"] == "map" else []


def _no_property(
    source: StepDefinition, path: Path, allowed: Iterable[str], segment: str | int | None = None
) -> ValidationException:
    options = list(allowed)
    refused = str(path[0] if segment is None else segment)
    near = get_close_matches(refused, options, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValidationException(
        f"Step {source.name!r} ({source.type.name}) has no property {show_path(path)!r}: "
        f"{refused!r} is none of {', '.join(options) or 'its members (it has none)'}.{hint}"
    )


def _known(noun: str, name: str, names: Collection[Any]) -> None:
    if name not in names:
        options = [str(option) for option in names]
        near = get_close_matches(name, options, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValidationException(f"Unknown {noun} {name!r}; there are: {', '.join(options) or 'none'}.{hint}")
