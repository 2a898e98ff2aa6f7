"""Steps of a definition as records, and how one step's JSON is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sagemaker_local.engine.cache import CacheConfig, parse_cache_config
from sagemaker_local.engine.conditions import Condition, condition_references, parse_condition
from sagemaker_local.engine.expressions import Expression, is_expression, parse_value, references
from sagemaker_local.engine.retry_policy import RetryPolicy, parse_retry_policies
from sagemaker_local.engine.step_type import COMMON_KEYS, StepType, step_type
from sagemaker_local.engine.trigger import Trigger, parse_depends_on
from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.shapes import check

_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_OUTPUT_TYPES = ("String", "Integer", "Float", "Boolean")
_MAX_OUTPUTS = 50


@dataclass(frozen=True, slots=True)
class PropertyFileLocation:
    """Where a Processing step's property file lies: below which output, under which name."""

    output_name: str
    file_path: str


@dataclass(frozen=True, slots=True)
class Branch:
    """The place of a step inside a Condition step: it runs only when the condition's outcome is this one."""

    condition: str
    outcome: bool


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One step; the steps in a condition's branches are steps of the definition like all others."""

    name: str
    type: StepType
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Parsed: expressions are records. Empty for Condition steps."""
    depends_on: Mapping[str, Trigger] = field(default_factory=dict)
    """Steps by name, with the outcome that each must have; all must have theirs."""
    display_name: str | None = None
    description: str | None = None
    cache: CacheConfig | None = None
    retry_policies: tuple[RetryPolicy, ...] = ()
    property_files: Mapping[str, PropertyFileLocation] = field(default_factory=dict)
    function_arn: Any = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Declared outputs of a Lambda step: name to type."""
    conditions: tuple[Condition, ...] = ()
    """All must hold."""
    branch: Branch | None = None

    @property
    def triggers(self) -> dict[str, Trigger]:
        """The entries of `depends_on` that ask for another outcome than success."""
        return {name: trigger for name, trigger in self.depends_on.items() if trigger is not Trigger.COMPLETED}

    def expressions(self) -> Iterator[Expression]:
        """Yield every expression in the step."""
        yield from references(self.arguments)
        yield from references(self.function_arn)
        for condition in self.conditions:
            yield from condition_references(condition)


def parse_steps(raw: Any, branch: Branch | None = None) -> Iterator[StepDefinition]:
    """Read a list of steps; after a Condition step come those of its branches.

    Raises:
        ValidationException: a step that SageMaker would refuse, too.
        UnsupportedFeature: a step type, or a form of one, that is not supported here.
    """
    for item in raw:
        step = _parse_step(item, branch)
        yield step
        if step.type.name == "Condition":
            yield from parse_steps(item["Arguments"]["IfSteps"], Branch(step.name, outcome=True))
            yield from parse_steps(item["Arguments"]["ElseSteps"], Branch(step.name, outcome=False))


def _parse_step(raw: Any, branch: Branch | None) -> StepDefinition:
    name = _parse_name(raw)
    try:
        kind = step_type(raw.get("Type"))
        if branch and kind.name == "Condition":
            raise ValidationException(  # noqa: TRY301  # the step's name is added below, to all alike
                f"it is a Condition step inside Condition step {branch.condition!r}; nested conditions are not allowed."
            )
        return _parse_known_step(name, kind, raw, branch)
    except UnsupportedFeature as error:
        raise UnsupportedFeature(f"Step {name!r}: {error}") from error
    except ValidationException as error:
        # SerializationException, too: inside the text, a wrong type is a validation error.
        raise ValidationException(f"Step {name!r}: {error}") from error


def _parse_known_step(name: str, kind: StepType, raw: Mapping[str, Any], branch: Branch | None) -> StepDefinition:
    known = (*COMMON_KEYS, *kind.keys)
    if unknown := [key for key in raw if key not in known]:
        raise ValidationException(
            f"unknown key {unknown[0]!r}; a step of type {kind.name} may have {', '.join(known)}."
        )
    # The SDK writes null for what is not set.
    given = {key: value for key, value in raw.items() if value is not None}
    arguments = given.get("Arguments", {})
    if not isinstance(arguments, Mapping):
        raise ValidationException("'Arguments' must be an object.")
    if kind.resource and kind.name_member in arguments and is_expression(arguments[kind.name_member]):
        raise UnsupportedFeature(f"{kind.name_member} as an expression is not supported here. See docs/fidelity.md.")
    _check_arguments(kind, arguments)
    cache = parse_cache_config(given["CacheConfig"]) if "CacheConfig" in given else None
    if cache and kind.name == "Lambda":
        raise UnsupportedFeature("caching of Lambda steps is not supported here. See docs/fidelity.md.")
    return StepDefinition(
        name=name,
        type=kind,
        arguments={} if kind.name == "Condition" else parse_value(arguments),
        depends_on=parse_depends_on(given.get("DependsOn", [])),
        display_name=_text(given, "DisplayName", 256),
        description=_text(given, "Description", 3072),
        cache=cache,
        retry_policies=parse_retry_policies(given.get("RetryPolicies", [])),
        property_files=_parse_property_files(given.get("PropertyFiles", []), arguments),
        function_arn=_parse_function_arn(kind, given),
        outputs=_parse_outputs(given.get("OutputParameters", [])),
        conditions=_parse_conditions(kind, arguments),
        branch=branch,
    )


def _parse_name(raw: Any) -> str:
    if not isinstance(raw, Mapping):
        raise ValidationException(f"{raw!r} is not a step; a step is an object with Name, Type and Arguments.")
    name = raw.get("Name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValidationException(f"Step name {name!r} is refused; use letters, digits, '-' and '_', 1 to 64 of them.")
    return name


def _check_arguments(kind: StepType, arguments: Mapping[str, Any]) -> None:
    if kind.resource:
        waived = [kind.name_member] if kind.name_member else []
        check("sagemaker", kind.create_operation, arguments, allow=is_expression, optional=waived)
    elif kind.name == "Fail":
        message = arguments.get("ErrorMessage", "")
        if set(arguments) - {"ErrorMessage"} or not (isinstance(message, str) or is_expression(message)):
            raise ValidationException("'Arguments' of a Fail step hold only ErrorMessage, a text or an expression.")


def _parse_property_files(raw: Any, arguments: Mapping[str, Any]) -> dict[str, PropertyFileLocation]:
    keys = {"PropertyFileName", "OutputName", "FilePath"}
    outputs = [output["OutputName"] for output in (arguments.get("ProcessingOutputConfig") or {}).get("Outputs", ())]
    files: dict[str, PropertyFileLocation] = {}
    for item in raw if isinstance(raw, list) else [raw]:
        if not isinstance(item, Mapping) or set(item) != keys or not all(isinstance(item[key], str) for key in keys):
            raise ValidationException(
                f"'PropertyFiles' has {item!r}; each needs exactly the texts {', '.join(sorted(keys))}."
            )
        name = item["PropertyFileName"]
        if name in files:
            raise ValidationException(f"property file {name!r} is declared twice.")
        if item["OutputName"] not in outputs:
            raise ValidationException(
                f"property file {name!r} has OutputName {item['OutputName']!r}; "
                f"the outputs of the step are {', '.join(map(str, outputs)) or 'none'}."
            )
        files[name] = PropertyFileLocation(item["OutputName"], item["FilePath"])
    return files


def _parse_function_arn(kind: StepType, given: Mapping[str, Any]) -> Any:
    if kind.name != "Lambda":
        return None
    function = given.get("FunctionArn")
    if not (isinstance(function, str) and function.startswith("arn:")) and not is_expression(function):
        raise ValidationException(f"'FunctionArn' {function!r} is not the ARN of a Lambda function.")
    return parse_value(function)


def _parse_outputs(raw: Any) -> dict[str, str]:
    if not isinstance(raw, list) or len(raw) > _MAX_OUTPUTS:
        raise ValidationException(f"'OutputParameters' must be a list of at most {_MAX_OUTPUTS} outputs.")
    outputs: dict[str, str] = {}
    for item in raw:
        if not isinstance(item, Mapping) or set(item) != {"OutputName", "OutputType"}:
            raise ValidationException(f"'OutputParameters' has {item!r}; each needs exactly OutputName and OutputType.")
        name, type_name = item["OutputName"], item["OutputType"]
        if not isinstance(name, str):
            raise ValidationException(f"'OutputName' must be a text, not {name!r}.")
        if type_name not in _OUTPUT_TYPES:
            raise ValidationException(
                f"output {name!r} has OutputType {type_name!r}; allowed are {', '.join(_OUTPUT_TYPES)}."
            )
        if name in outputs:
            raise ValidationException(f"output {name!r} is declared twice.")
        outputs[name] = type_name
    return outputs


def _parse_conditions(kind: StepType, arguments: Mapping[str, Any]) -> tuple[Condition, ...]:
    if kind.name != "Condition":
        return ()
    members = ("Conditions", "IfSteps", "ElseSteps")
    if set(arguments) != set(members) or not all(isinstance(arguments[member], list) for member in members):
        raise ValidationException(f"'Arguments' of a Condition step are exactly the lists {', '.join(members)}.")
    conditions: Sequence[Any] = arguments["Conditions"]
    if not conditions:
        raise ValidationException("'Conditions' is empty; give at least one condition.")
    return tuple(parse_condition(item) for item in conditions)


def _text(given: Mapping[str, Any], key: str, most: int) -> str | None:
    text = given.get(key)
    if text is not None and (not isinstance(text, str) or len(text) > most):
        raise ValidationException(f"'{key}' must be a text of at most {most} characters.")
    return text
