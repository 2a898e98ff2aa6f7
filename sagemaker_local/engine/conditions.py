"""Conditions of a Condition step: read into records, evaluated at run time."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.engine.expressions import Expression, parse_value, references
from sagemaker_local.engine.resolution import Scope, resolve
from sagemaker_local.errors import StepFailed, ValidationException

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Equals and the four orders."""

    type: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is one of several."""

    query: Any
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Or:
    """Whether any of several conditions holds."""

    conditions: tuple[Condition, ...]


Condition = Comparison | In | Not | Or


def parse_condition(raw: Any) -> Condition:
    """Read one condition.

    Raises:
        ValidationException: an unknown type, or missing, unknown or ill-typed members.
    """
    if not isinstance(raw, Mapping) or raw.get("Type") not in list(_PARSERS):
        shown = raw.get("Type") if isinstance(raw, Mapping) else raw
        raise ValidationException(f"Condition type {shown!r} is not known; allowed are {', '.join(_PARSERS)}.")
    return _PARSERS[raw["Type"]](raw)


def operands(condition: Condition) -> Iterator[Any]:
    """Yield every value that a condition compares."""
    match condition:
        case Comparison(_, left, right):
            yield from (left, right)
        case In(query, values):
            yield from (query, *values)
        case Not(inner):
            yield from operands(inner)
        case Or(conditions):
            for inner in conditions:
                yield from operands(inner)


def condition_references(condition: Condition) -> Iterator[Expression]:
    """Yield every expression in a condition."""
    for operand in operands(condition):
        yield from references(operand)


def holds(condition: Condition, scope: Scope) -> bool:
    """Evaluate a condition; texts compare as texts, numbers as numbers.

    Raises:
        StepFailed: operands of different kinds, or an operand that cannot be resolved.
    """
    match condition:
        case Comparison(name, left, right):
            return _compare(name, resolve(left, scope), resolve(right, scope))
        case In(query, values):
            wanted = resolve(query, scope)
            return any(_compare("Equals", wanted, resolve(value, scope)) for value in values)
        case Not(inner):
            return not holds(inner, scope)
        case Or(conditions):
            return any(holds(inner, scope) for inner in conditions)


def _compare(name: str, left: Any, right: Any) -> bool:
    kinds = (_kind(left), _kind(right))
    if kinds[0] != kinds[1] or (kinds[0] == "a boolean" and name != "Equals"):
        raise StepFailed(
            f"condition {name} cannot compare {left!r} ({kinds[0]}) with {right!r} ({kinds[1]}); "
            "compare two texts or two numbers."
        )
    return _COMPARISONS[name](left, right)


def _kind(value: Any) -> str:
    # In Python a truth value is a number; in a definition it is not.
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    raise StepFailed(f"a condition cannot compare {value!r}; it compares texts, numbers and booleans.")


def _members(raw: Mapping[str, Any], *names: str) -> list[Any]:
    if set(raw) != {"Type", *names}:
        has = ", ".join(key for key in raw if key != "Type") or "none"
        raise ValidationException(
            f"Condition {raw['Type']!r} needs exactly the members {', '.join(names)}; it has {has}."
        )
    return [raw[name] for name in names]


def _operand(raw: Any) -> Any:
    value = parse_value(raw)
    if not isinstance(value, Expression | str | int | float):
        raise ValidationException(
            f"Condition operand {raw!r} is neither a text, a number, a boolean nor an expression."
        )
    return value


def _parse_comparison(raw: Mapping[str, Any]) -> Comparison:
    left, right = _members(raw, "LeftValue", "RightValue")
    return Comparison(raw["Type"], _operand(left), _operand(right))


def _parse_in(raw: Mapping[str, Any]) -> In:
    query, values = _members(raw, "QueryValue", "Values")
    if not isinstance(values, list):
        raise ValidationException("'Values' of condition 'In' must be a list.")
    return In(_operand(query), tuple(_operand(value) for value in values))


def _parse_not(raw: Mapping[str, Any]) -> Not:
    return Not(parse_condition(_members(raw, "Condition")[0]))


def _parse_or(raw: Mapping[str, Any]) -> Or:
    (conditions,) = _members(raw, "Conditions")
    if not isinstance(conditions, list) or not conditions:
        raise ValidationException("'Conditions' of condition 'Or' must be a list with at least one condition.")
    return Or(tuple(parse_condition(item) for item in conditions))


_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Condition]] = {
    **dict.fromkeys(_COMPARISONS, _parse_comparison),
    "In": _parse_in,
    "Not": _parse_not,
    "Or": _parse_or,
}
