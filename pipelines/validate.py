"""Checks of a definition that the SDK does not make: it emits cycles, unknown names and shared outputs happily."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pipelines.errors import InvalidDefinition
from pipelines.references import Reference, StepNode, step_nodes

_MAX_BYTES = 1024 * 1024
"""CreatePipeline's limit."""
_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARAMETER_NAME = re.compile(r"(?=.{1,64}$)[A-Za-z0-9](-*[A-Za-z0-9])*")
"""Narrower than the service's: the target of an EventBridge rule can set no other parameters."""
_EXECUTION_VARIABLES = frozenset(
    {
        "CurrentDateTime",
        "PipelineArn",
        "PipelineExecutionArn",
        "PipelineExecutionId",
        "PipelineName",
        "ProcessingJobName",
        "StartDateTime",
        "TrainingJobName",
    }
)


@dataclass(frozen=True, slots=True)
class _Definition:
    text: str
    parameters: Sequence[Mapping[str, Any]]
    steps: Mapping[str, StepNode]
    step_names: Sequence[str]

    @classmethod
    def read(cls, text: str) -> _Definition:
        document = json.loads(text)
        nodes = list(step_nodes(document["Steps"]))
        return cls(
            text=text,
            parameters=document["Parameters"],
            steps={node.name: node for node in nodes},
            step_names=[node.name for node in nodes],
        )


def validate(text: str) -> None:
    """Check a definition as `BuiltPipeline.definition` returns it.

    Raises:
        InvalidDefinition: with every problem at once.
    """
    definition = _Definition.read(text)
    problems = [problem for rule in _RULES for problem in rule(definition)]
    if problems:
        raise InvalidDefinition("The pipeline definition is refused:", problems)


def _size(definition: _Definition) -> Iterator[str]:
    size = len(definition.text.encode())
    if size > _MAX_BYTES:
        yield f"it has {size} bytes; allowed: at most {_MAX_BYTES}. Split the pipeline."


def _names(definition: _Definition) -> Iterator[str]:
    parameters = [str(item["Name"]) for item in definition.parameters]
    for kind, names, allowed, words in (
        ("step", definition.step_names, _STEP_NAME, "1 to 64 letters, digits, '-' and '_'"),
        ("parameter", parameters, _PARAMETER_NAME, "1 to 64 letters and digits with '-' between them"),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{kind} {name!r} exists {count} times; give each its own name."
            if not allowed.fullmatch(name):
                yield f"{kind} {name!r} is refused; allowed: {words}."


def _defaults(definition: _Definition) -> Iterator[str]:
    for item in definition.parameters:
        allowed, default = item.get("EnumValues"), item.get("DefaultValue")
        if allowed is not None and default is not None and default not in allowed:
            yield f"parameter {item['Name']!r} has the default {default!r}; allowed: {', '.join(map(repr, allowed))}."


def _unused_parameters(definition: _Definition) -> Iterator[str]:
    used = {reference.parameter for node in definition.steps.values() for reference in node.references}
    for item in definition.parameters:
        if item["Name"] not in used:
            yield f"parameter {item['Name']!r} is used by no step; who sets it would wait for an effect. Remove it."


def _references(definition: _Definition) -> Iterator[str]:
    declared = {str(item["Name"]) for item in definition.parameters}
    for node in definition.steps.values():
        for reference in node.references:
            problem = _problem_of(reference, definition, declared)
            if problem is not None:
                yield f"step {node.name!r} refers to {reference.text!r}, but {problem}."


def _problem_of(reference: Reference, definition: _Definition, declared: set[str]) -> str | None:
    if reference.parameter is not None:
        return None if reference.parameter in declared else _one_of("the parameters are", declared)
    if reference.execution_variable is not None:
        known = reference.execution_variable in _EXECUTION_VARIABLES
        return None if known else _one_of("the execution variables are", _EXECUTION_VARIABLES)
    if reference.step is None:
        return "a reference begins with Parameters., Execution. or Steps.<name>."
    if reference.step not in definition.steps:
        return _one_of("the steps are", definition.steps)
    return _problem_inside(reference, definition.steps[reference.step])


def _problem_inside(reference: Reference, step: StepNode) -> str | None:
    if reference.processing_output is not None and reference.processing_output not in step.processing_outputs:
        return _one_of(f"the outputs of {step.name!r} are", step.processing_outputs)
    if reference.lambda_output is not None:
        outputs = [item["OutputName"] for item in step.body.get("OutputParameters", [])]
        return None if reference.lambda_output in outputs else _one_of(f"the outputs of {step.name!r} are", outputs)
    if reference.property_file is not None:
        files = {item["PropertyFileName"]: item["OutputName"] for item in step.body.get("PropertyFiles", [])}
        if files.get(reference.property_file) not in step.processing_outputs:
            return _one_of(f"the property files of {step.name!r} that lie in one of its outputs are", files)
    return None


def _dependencies(definition: _Definition) -> Iterator[str]:
    for node in definition.steps.values():
        for name in sorted(node.upstream):
            upstream = definition.steps.get(name)
            if upstream is not None and upstream.type == "Fail":
                yield f"step {node.name!r} depends on {name!r}, a Fail step, after which nothing runs."
            if upstream is None and not any(reference.step == name for reference in node.references):
                yield f"step {node.name!r} depends on {name!r}, but {_one_of('the steps are', definition.steps)}."


def _cycles(definition: _Definition) -> Iterator[str]:
    try:
        TopologicalSorter({node.name: node.upstream for node in definition.steps.values()}).prepare()
    except CycleError as error:
        yield f"steps wait for each other: {' -> '.join(reversed(error.args[1]))}; remove one of these edges."


def _shared_outputs(definition: _Definition) -> Iterator[str]:
    writers: dict[str, list[str]] = {}
    for node in definition.steps.values():
        for name, address in node.processing_outputs.items():
            writers.setdefault(address, []).append(f"{node.name}.{name}")
    for address, names in writers.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} write to the same address {address}; give each its own."


def _one_of(are: str, names: Any) -> str:
    return f"{are} {', '.join(sorted(names)) or 'none'}"


_RULES: tuple[Callable[[_Definition], Iterator[str]], ...] = (
    _size,
    _names,
    _defaults,
    _references,
    _unused_parameters,
    _dependencies,
    _cycles,
    _shared_outputs,
)
