"""Pipeline definitions: the JSON text of CreatePipeline read into frozen records, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from sagemaker_local.engine.argument_types import fits, places
from sagemaker_local.engine.expressions import parse_value, references
from sagemaker_local.engine.graph import Graph, build_graph, find_aftermath
from sagemaker_local.engine.parameters import Parameter, parse_parameters
from sagemaker_local.engine.references import References
from sagemaker_local.engine.step_definition import StepDefinition, parse_steps
from sagemaker_local.errors import UnsupportedFeature, ValidationException

_VERSION = "2020-12-01"
_KEYS = ("Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps")
_EXPERIMENT_KEYS = {"ExperimentName", "TrialName"}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a pipeline does: its parameters, its steps, and which waits for which."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, StepDefinition]
    """In the text's order; a condition's steps follow their condition."""
    graph: Graph
    aftermath: frozenset[str]
    """Steps that may still start after a failure or during a stop: those with a trigger, and what follows them."""
    experiment: Mapping[str, Any]
    """`PipelineExperimentConfig`, parsed; empty when there is none."""


def parse(text: str) -> Definition:
    """Read a definition.

    Raises:
        ValidationException: what SageMaker would refuse; the message names the step and the place.
        UnsupportedFeature: what SageMaker has and this endpoint has not.
    """
    document = _read_json(text)
    if unknown := [key for key in document if key not in _KEYS]:
        raise ValidationException(f"The definition has unknown key {unknown[0]!r}; known keys: {', '.join(_KEYS)}.")
    if document.get("Version") != _VERSION:
        raise ValidationException(
            f"The definition has Version {document.get('Version')!r}; the only one is {_VERSION!r}."
        )
    if document.get("MlflowConfig") is not None:
        raise UnsupportedFeature("'MlflowConfig' is not supported here; leave it null. See docs/fidelity.md.")
    parameters = parse_parameters(document.get("Parameters") or [])
    steps = _parse_all_steps(document.get("Steps"))
    experiment = _parse_experiment(document.get("PipelineExperimentConfig"))
    _check_references(parameters, steps, experiment)
    graph = build_graph(steps)
    return Definition(parameters, steps, graph, find_aftermath(steps, graph), experiment)


def _read_json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValidationException(
            f"The definition is not JSON: {error.msg} at line {error.lineno}, column {error.colno} "
            f"(character {error.pos}), near {text[max(0, error.pos - 20) : error.pos + 20]!r}."
        ) from error
    except RecursionError as error:
        raise ValidationException("The definition is nested too deeply.") from error
    if not isinstance(document, dict):
        raise ValidationException("The definition must be a JSON object with Version and Steps.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValidationException(f"The definition is not JSON: it has {name}, which is a number of Python only.")


def _parse_all_steps(raw: Any) -> dict[str, StepDefinition]:
    if not isinstance(raw, list) or not raw:
        raise ValidationException("'Steps' must be a list with at least one step.")
    steps: dict[str, StepDefinition] = {}
    for step in parse_steps(raw):
        if step.name in steps:
            raise ValidationException(
                f"Step {step.name!r} is there twice; a step has one place, at the top or in one branch."
            )
        steps[step.name] = step
    return steps


def _parse_experiment(raw: Any) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not set(raw) <= _EXPERIMENT_KEYS:
        raise ValidationException("'PipelineExperimentConfig' has only the members ExperimentName and TrialName.")
    parsed: dict[str, Any] = parse_value(raw)
    return parsed


def _check_references(
    parameters: Mapping[str, Parameter], steps: Mapping[str, StepDefinition], experiment: Mapping[str, Any]
) -> None:
    known = References(parameters, steps)
    for step in steps.values():
        try:
            known.check_dependencies(step)
            for expression in step.expressions():
                known.type_of(expression, step)
            _check_types(known, step)
        except ValidationException as error:
            raise ValidationException(f"Step {step.name!r}: {error}") from error
    # No step has run when the experiment is named, so only parameters and execution variables can be in it.
    outside = References(parameters, {})
    for expression in references(experiment):
        outside.type_of(expression, next(iter(steps.values())))


def _check_types(known: References, step: StepDefinition) -> None:
    if not step.type.resource:
        return
    for place, expression, wanted in places(step.type.create_operation, step.arguments):
        given = known.type_of(expression, step)
        if not fits(given, wanted):
            hint = " Make a text of it with Std:Join (in the SDK: .to_string())." if wanted == "string" else ""
            raise ValidationException(f"{place} must be of type {wanted}, but {expression} is of type {given}.{hint}")
