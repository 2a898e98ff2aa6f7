"""Which types fit together, as Athena's engine decides it: numbers widen, texts never become numbers."""

from __future__ import annotations

from sagemaker_local.athena.scope import Typed
from sagemaker_local.athena.types import (
    DOUBLE,
    INTEGERS,
    REAL,
    UNKNOWN,
    VARCHAR,
    SqlType,
    decimal,
    row,
    text_of,
)

_MOMENTS = ("date", "timestamp", "timestamp with time zone")
_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


def common_type(first: SqlType, second: SqlType) -> SqlType | None:
    """The type that values of both become, or None: they do not mix."""
    if second in {first, UNKNOWN}:
        return first
    if first == UNKNOWN:
        return second
    if first.is_number and second.is_number:
        return _common_number(first, second)
    if first.name in _MOMENTS and second.name in _MOMENTS:
        return max(first, second, key=lambda kind: _MOMENTS.index(kind.name))
    if first.name == second.name == "varchar":
        return (
            text_of(max(first.arguments[0], second.arguments[0])) if first.arguments and second.arguments else VARCHAR
        )
    return _common_nested(first, second)


def common_type_of(kinds: list[SqlType]) -> SqlType | None:
    """The type that values of all of them become, or None: they do not mix."""
    result: SqlType | None = UNKNOWN
    for kind in kinds:
        result = common_type(result, kind) if result is not None else None
    return result


def coercion_cost(given: SqlType, wanted: SqlType) -> int | None:
    """How far `given` is from `wanted`: 0 the same, more for a wider type, None: it does not fit."""
    if given == wanted or (given.name == wanted.name == "varchar"):
        return 0
    if given == UNKNOWN:
        return 1
    common = common_type(given, wanted)
    if common is None or (common != wanted and not (common.name == wanted.name == "varchar")):
        return None
    ranks = (*INTEGERS, "decimal", "real", "double", *_MOMENTS)
    if given.name in ranks and wanted.name in ranks:
        return 1 + ranks.index(wanted.name) - ranks.index(given.name)
    return 1


def coerce(expression: Typed, wanted: SqlType) -> Typed:
    """The expression as `wanted`, which `common_type` gave; DuckDB's own widening is the same where nothing is cast."""
    if expression.type == wanted or wanted.name == "varchar":
        return Typed(expression.sql, wanted, expression.literal)
    return Typed(f"CAST({expression.sql} AS {wanted.duckdb})", wanted, expression.literal)


def as_decimal(kind: SqlType) -> tuple[int, int]:
    """(precision, scale) of a decimal or of a whole number."""
    if kind.is_integer:
        return _INTEGER_DIGITS[kind.name], 0
    return kind.arguments[0], kind.arguments[1]


def _common_number(first: SqlType, second: SqlType) -> SqlType:
    if DOUBLE in {first, second}:
        return DOUBLE
    if REAL in {first, second}:
        return REAL
    if first.is_integer and second.is_integer:
        return max(first, second, key=lambda kind: INTEGERS.index(kind.name))
    (first_precision, first_scale), (second_precision, second_scale) = as_decimal(first), as_decimal(second)
    scale = max(first_scale, second_scale)
    return decimal(max(first_precision - first_scale, second_precision - second_scale) + scale, scale)


def _common_nested(first: SqlType, second: SqlType) -> SqlType | None:
    if first.name != second.name or len(first.elements) != len(second.elements) or not first.elements:
        return None
    elements = [common_type(one, other) for one, other in zip(first.elements, second.elements, strict=True)]
    if any(element is None for element in elements):
        return None
    found = [element for element in elements if element is not None]
    if first.name == "row":
        labels = [one if one == other else None for one, other in zip(first.labels, second.labels, strict=True)]
        return row(list(zip(labels, found, strict=True)))
    return SqlType(first.name, elements=tuple(found))
