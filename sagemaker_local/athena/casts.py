"""CAST and TRY_CAST, with Athena's rounding, texts and refusals."""

from __future__ import annotations

import re

from sqlglot import exp

from sagemaker_local.athena.compiler import Compiler, ExpressionHandler
from sagemaker_local.athena.scope import Scope, Typed
from sagemaker_local.athena.type_names import parse_type
from sagemaker_local.athena.types import (
    DATE,
    MAX_DECIMAL_PRECISION,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    SqlType,
    decimal,
)

_TYPE_WORD = re.compile(r"(decimal|timestamp)\s*$", re.IGNORECASE)
_ZONE = re.compile(r"([A-Za-z]+(/[A-Za-z_]+)*|[+-]\d\d:\d\d)$")
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double")
# Casts that mean something else in DuckDB: Athena rounds halves away from zero, and keeps zones that DuckDB loses.
_CONVERSIONS = {
    ("floating", "integer"): "CAST(round({0}) AS {1})",
    ("varchar", "timestamp with time zone"): "trino_zoned_timestamp({0})",
}
# From each kind of type to the kinds that Athena casts it to.
_ALLOWED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_NUMBERS, (*_NUMBERS, "varchar", "boolean")),
    "boolean": (*_NUMBERS, "varchar"),
    "varchar": (*_NUMBERS, "boolean", "date", "time", "timestamp", "timestamp with time zone"),
    "date": ("varchar", "timestamp", "timestamp with time zone"),
    "time": ("varchar",),
    "timestamp": ("varchar", "date", "time", "timestamp with time zone"),
    "timestamp with time zone": ("varchar", "date", "time", "timestamp"),
}


def _cast(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    wanted = _wanted(compiler, node)
    source = _local_time(compiler, node.this, wanted, scope)
    sql = cast(source, wanted)
    if sql is None:
        raise compiler.error("TYPE_MISMATCH", node, f"Cannot cast {source.type} to {wanted}")
    return Typed(f"TRY({sql})" if isinstance(node, exp.TryCast) else sql, wanted)


def _wanted(compiler: Compiler, node: exp.Expression) -> SqlType:
    written = node.args["to"].sql(dialect="trino")
    literal = node.this
    try:
        kind = parse_type(written, default_precision=MAX_DECIMAL_PRECISION)
    except ValueError as error:
        raise compiler.error("NOT_SUPPORTED", node, f"{error}.") from error
    if not isinstance(literal, exp.Literal) or not literal.is_string:
        return kind
    # sqlglot makes a cast of DECIMAL '1.5' and TIMESTAMP '2026-01-01 00:00:00 UTC', whose types are in the text.
    is_constant = _TYPE_WORD.search(compiler.text_before(literal)) is not None
    if is_constant and written == "DECIMAL":
        digits = literal.name.lstrip("+-").replace(".", "")
        return decimal(max(1, len(digits.lstrip("0"))), len(literal.name.partition(".")[2]))
    zone = _ZONE.search(literal.name)
    if is_constant and kind in {TIMESTAMP, TIMESTAMP_TZ} and zone is not None:
        if zone[0] not in {"UTC", "Z", "+00:00"}:
            raise compiler.unsupported(node, f"A timestamp constant in the zone {zone[0]}; only UTC")
        return TIMESTAMP_TZ
    return kind


def _local_time(compiler: Compiler, node: exp.Expression, wanted: SqlType, scope: Scope) -> Typed:
    # A cast to date or timestamp reads the clock of the zone; the zone itself would be lost in DuckDB.
    if isinstance(node, exp.AtTimeZone) and wanted in {DATE, TIMESTAMP}:
        return zoned_clock(compiler, node, scope)
    return compiler.expression(node, scope)


def zoned_clock(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    """What the clock shows in the zone of `x AT TIME ZONE z`, as a timestamp without zone."""
    value, zone = compiler.expression(node.this, scope), compiler.expression(node.args["zone"], scope)
    if value.type not in {TIMESTAMP, TIMESTAMP_TZ}:
        raise compiler.error("TYPE_MISMATCH", node, f"Type of value must be a timestamp (actual {value.type})")
    return Typed(f"timezone({zone.sql}, CAST({value.sql} AS TIMESTAMPTZ))", TIMESTAMP)


def _at_time_zone(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del scope
    raise compiler.unsupported(
        node, "AT TIME ZONE outside of a cast to date or timestamp, date_format, format_datetime or a part of the date"
    )


def cast(source: Typed, wanted: SqlType) -> str | None:
    """The cast in DuckDB's SQL, or None: Athena has no such cast."""
    kind = source.type
    if kind in {UNKNOWN, wanted}:
        return f"CAST({source.sql} AS {wanted.duckdb})"
    if kind.elements or wanted.elements:
        return _cast_nested(source, wanted)
    if wanted.name != kind.name and wanted.name not in _ALLOWED.get(kind.name, ()):
        return None
    if wanted.name == "varchar":
        return _cut(_as_text(source), wanted)
    return _CONVERSIONS.get((_family(kind), _family(wanted)), "CAST({0} AS {1})").format(source.sql, wanted.duckdb)


def _family(kind: SqlType) -> str:
    if kind.is_integer or kind.is_floating:
        return "integer" if kind.is_integer else "floating"
    return kind.name


def _as_text(source: Typed) -> str:
    kind = source.type
    if kind.name == "varchar":
        return source.sql
    if kind.is_floating:
        return f"trino_floating_text(CAST({source.sql} AS VARCHAR))"
    if kind == TIMESTAMP:
        return f"strftime({source.sql}, '%Y-%m-%d %H:%M:%S.%g')"
    if kind == TIMESTAMP_TZ:
        return f"(strftime({source.sql}, '%Y-%m-%d %H:%M:%S.%g') || ' UTC')"
    return f"CAST({source.sql} AS VARCHAR)"


def _cut(sql: str, wanted: SqlType) -> str:
    return f"left({sql}, {wanted.arguments[0]})" if wanted.arguments else sql


def _cast_nested(source: Typed, wanted: SqlType) -> str | None:
    kind = source.type
    if kind.name != wanted.name or len(kind.elements) != len(wanted.elements):
        return None
    if kind.name == "array":
        element = cast(Typed("x", kind.elements[0]), wanted.elements[0])
        return f"list_transform({source.sql}, lambda x: {element})" if element is not None else None
    for one, other in zip(kind.elements, wanted.elements, strict=True):
        if cast(Typed("x", one), other) is None:
            return None
    if kind.name == "row":
        # By position, as Athena does; DuckDB casts the fields of structs by name.
        values = ", ".join(
            f"{_field_cast(source.sql, position, one, other)}"
            for position, (one, other) in enumerate(zip(kind.elements, wanted.elements, strict=True), 1)
        )
        return f"CAST(row({values}) AS {wanted.duckdb})"
    return f"CAST({source.sql} AS {wanted.duckdb})"


def _field_cast(sql: str, position: int, kind: SqlType, wanted: SqlType) -> str | None:
    return cast(Typed(f"struct_extract_at({sql}, {position})", kind), wanted)


CASTS: dict[type[exp.Expression], ExpressionHandler] = {
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.AtTimeZone: _at_time_zone,
}
