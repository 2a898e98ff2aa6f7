"""Texts of delimited files as typed values, by the rules of OpenCSVSerde or LazySimpleSerDe."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.types import SqlType

_INTEGER = r"^[+-]?[0-9]{1,18}$"
_FLOATING = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_RANGES = {"tinyint": 2**7, "smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def lazy_values(texts: pa.Array, kind: SqlType, null_text: str | None) -> pa.Array:
    """Convert as LazySimpleSerDe does: what cannot be read is NULL.

    Raises:
        QueryError: the type is not supported in text files here.
    """
    if null_text is not None:
        texts = pc.if_else(pc.equal(texts, null_text), pa.scalar(None, pa.string()), texts)
    if kind.name == "varchar":
        return texts
    if kind.name in {"real", "double"}:
        return pc.cast(_matching(texts, _FLOATING), kind.arrow)
    reader = _LAZY.get(kind.name)
    if reader is None:
        raise QueryError("NOT_SUPPORTED", f"Columns of type {kind} in text files are not supported here.")
    return pa.array([reader(value, kind) if value is not None else None for value in texts.to_pylist()], kind.arrow)


def open_csv_values(texts: pa.Array, kind: SqlType, column: str) -> pa.Array:
    """Convert as OpenCSVSerde does: texts, booleans, whole numbers, doubles, days and milliseconds since 1970.

    Raises:
        QueryError: HIVE_BAD_DATA for what cannot be read, an empty text included; the type is not supported.
    """
    if kind.name == "varchar":
        return texts
    if kind.name == "boolean":
        return pc.equal(pc.utf8_lower(texts), "true")
    if kind.name not in {"integer", "bigint", "double", "date", "timestamp"}:
        raise QueryError(
            "NOT_SUPPORTED",
            f"Column '{column}' has type {kind}: OpenCSVSerde reads string, boolean, int, bigint, double, date and "
            "timestamp; declare it as string and CAST it, or use LazySimpleSerDe.",
        )
    pattern = _FLOATING if kind.name == "double" else _INTEGER
    numbers = _matching(texts, pattern)
    if numbers.null_count > texts.null_count:
        bad = texts.filter(pc.and_(pc.is_null(numbers), pc.is_valid(texts)))[0].as_py()
        raise _bad_data(column, bad, kind)
    if kind.name == "double":
        return pc.cast(numbers, kind.arrow)
    whole = pc.cast(numbers, pa.int64())
    if kind.name == "timestamp":
        return pc.cast(pc.cast(whole, pa.timestamp("ms")), kind.arrow)
    try:
        return pc.cast(pc.cast(whole, pa.int32()), kind.arrow) if kind.name in {"date", "integer"} else whole
    except pa.ArrowInvalid as error:
        raise _bad_data(column, str(error), kind) from error


def _bad_data(column: str, value: str, kind: SqlType) -> QueryError:
    return QueryError(
        "HIVE_BAD_DATA",
        f"Error parsing field value '{value}' for field {column} as {kind}: For input string: \"{value}\"",
    )


def _matching(texts: pa.Array, pattern: str) -> pa.Array:
    is_match = pc.match_substring_regex(texts, pattern)
    return pc.if_else(pc.fill_null(is_match, False), texts, pa.scalar(None, pa.string()))


def _integer(text: str, kind: SqlType) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        return None
    limit = _RANGES[kind.name]
    return number if -limit <= (number := int(text)) < limit else None


def _boolean(text: str, kind: SqlType) -> bool | None:
    del kind
    return {"true": True, "false": False}.get(text.lower())


def _decimal(text: str, kind: SqlType) -> Decimal | None:
    precision, scale = kind.arguments
    try:
        number = round(Decimal(text), scale)
    except InvalidOperation:
        return None
    return number if abs(number) < Decimal(10) ** (precision - scale) else None


def _date(text: str, kind: SqlType) -> Any:
    del kind
    try:
        return datetime.strptime(text[:10], "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _timestamp(text: str, kind: SqlType) -> datetime | None:
    del kind
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if " " in text else None
    except ValueError:
        return None


_LAZY: dict[str, Callable[[str, SqlType], Any]] = {
    **dict.fromkeys(_RANGES, _integer),
    "boolean": _boolean,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
}
