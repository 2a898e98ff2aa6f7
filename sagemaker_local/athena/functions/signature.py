"""Signatures such as `map(K, V), K -> V`, and whether given types fit one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sagemaker_local.athena.coercion import coercion_cost, common_type
from sagemaker_local.athena.scope import Typed
from sagemaker_local.athena.type_names import parse_type
from sagemaker_local.athena.types import UNKNOWN, SqlType

# T, U, K, V: any type. N: a number. D: a decimal. M: a date or timestamp.
_VARIABLES = frozenset({"T", "U", "K", "V", "N", "D", "M"})
_CONSTRAINTS: dict[str, Callable[[SqlType], bool]] = {
    "N": lambda kind: kind.is_number,
    "D": lambda kind: kind.name == "decimal",
    "M": lambda kind: kind.is_moment,
}
_SHOWN = {"N": "number", "D": "decimal", "M": "date or timestamp"}
_EXTRA = {"interval day": SqlType("interval day to second"), "any": SqlType("any")}


def _anything(kind: SqlType) -> bool:
    del kind
    return True


Render = str | Callable[[Sequence[Typed]], str]
Result = Callable[[Sequence[SqlType]], SqlType]


class FunctionKind(StrEnum):
    """Where a function may stand."""

    SCALAR = "scalar"
    AGGREGATE = "aggregate"
    """Over the rows of a group; also with OVER."""
    WINDOW = "window"
    """With OVER only."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of a function and its translation."""

    name: str
    parameters: tuple[SqlType, ...]
    result: SqlType | Result
    render: Render
    """A template with {0}, {1}, ... or {args}, or a function of the arguments."""
    kind: FunctionKind = FunctionKind.SCALAR
    is_variadic: bool = False
    """The last parameter may be repeated."""
    cast_result: bool = False
    """DuckDB's result has another type: cast it."""

    def __str__(self) -> str:
        shown = ", ".join(_SHOWN.get(parameter.name, str(parameter)) for parameter in self.parameters)
        shown += "..." if self.is_variadic else ""
        return f"{self.name}({shown})"


@dataclass(frozen=True, slots=True)
class Match:
    """An overload that fits: the types that its arguments must have, and the result's."""

    overload: Overload
    parameters: list[SqlType]
    result: SqlType
    cost: int


def overload(
    signature: str,
    render: Render,
    *,
    kind: FunctionKind = FunctionKind.SCALAR,
    cast: bool = False,
    result: Result | None = None,
) -> Overload:
    """Read `date_diff(varchar, M, M) -> bigint`; `varchar...` at the end repeats."""
    head, _, returned = signature.partition("->")
    name, _, inside = head.strip().partition("(")
    parameters = _split(inside.rpartition(")")[0])
    is_variadic = bool(parameters) and parameters[-1].endswith("...")
    return Overload(
        name=name,
        parameters=tuple(_type(parameter.removesuffix("...")) for parameter in parameters),
        result=result or _type(returned),
        render=render,
        kind=kind,
        is_variadic=is_variadic,
        cast_result=cast,
    )


def match(candidate: Overload, kinds: Sequence[SqlType]) -> Match | None:
    """Fit the types of a call's arguments to a signature."""
    parameters = list(candidate.parameters)
    if candidate.is_variadic:
        parameters += [parameters[-1]] * (len(kinds) - len(parameters))
    if len(parameters) != len(kinds):
        return None
    bound: dict[str, SqlType] = {}
    if not all(_bind(parameter, kind, bound) for parameter, kind in zip(parameters, kinds, strict=True)):
        return None
    wanted = [_substitute(parameter, bound) for parameter in parameters]
    cost = 0
    for given, parameter in zip(kinds, wanted, strict=True):
        step = 0 if parameter.name == "any" else coercion_cost(given, parameter)
        if step is None:
            return None
        cost += step
    wanted = [given if parameter.name == "any" else parameter for given, parameter in zip(kinds, wanted, strict=True)]
    result = candidate.result
    kind = _substitute(result, bound) if isinstance(result, SqlType) else result(wanted)
    return Match(candidate, wanted, kind, cost)


def _split(parameters: str) -> list[str]:
    parts, depth = [""], 0
    for character in parameters:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _type(written: str) -> SqlType:
    name = written.strip()
    if name in _EXTRA:
        return _EXTRA[name]
    return parse_type(name, default_precision=38, variables=_VARIABLES)


def _bind(parameter: SqlType, kind: SqlType, bound: dict[str, SqlType]) -> bool:
    if parameter.name in _VARIABLES:
        known = bound.get(parameter.name, UNKNOWN)
        common = common_type(known, kind)
        is_allowed = _CONSTRAINTS.get(parameter.name, _anything)
        # A decimal's digits decide on the result's: NULL has none.
        is_unknown = common == UNKNOWN and parameter.name != "D"
        if common is None or not (is_unknown or is_allowed(common)):
            return False
        bound[parameter.name] = common
        return True
    if parameter.elements and parameter.name == kind.name and len(parameter.elements) == len(kind.elements):
        pairs = zip(parameter.elements, kind.elements, strict=True)
        return all(_bind(inner, given, bound) for inner, given in pairs)
    return True


def _substitute(parameter: SqlType, bound: dict[str, SqlType]) -> SqlType:
    if parameter.name in _VARIABLES:
        return bound.get(parameter.name, UNKNOWN)
    if parameter.elements:
        elements = tuple(_substitute(element, bound) for element in parameter.elements)
        return SqlType(parameter.name, parameter.arguments, elements, parameter.labels)
    return parameter
