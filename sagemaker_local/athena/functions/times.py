"""Functions on dates and timestamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sagemaker_local.athena.compiler import text
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.signature import Overload, overload
from sagemaker_local.athena.functions.time_formats import from_joda, from_mysql
from sagemaker_local.athena.scope import Typed

_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_ADD = {
    "millisecond": "to_milliseconds({0})",
    "second": "to_seconds({0})",
    "minute": "to_minutes({0})",
    "hour": "to_hours({0})",
    "day": "to_days(({0})::INTEGER)",
    "week": "to_days((({0}) * 7)::INTEGER)",
    "month": "to_months(({0})::INTEGER)",
    "quarter": "to_months((({0}) * 3)::INTEGER)",
    "year": "to_years(({0})::INTEGER)",
}
_PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "day": "day",
    "day_of_month": "day",
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "dayofyear",
    "doy": "dayofyear",
    "year_of_week": "isoyear",
    "yow": "isoyear",
}
_CLOCK_PARTS = {"hour": "hour", "minute": "minute", "second": "second"}


def _constant(argument: Typed, what: str) -> str:
    if argument.literal is None:
        raise QueryError("NOT_SUPPORTED", f"{what} must be a constant text here.")
    return argument.literal


def _unit(argument: Typed, operand: Typed) -> str:
    unit = _constant(argument, "The unit of date_add, date_diff and date_trunc").lower()
    allowed = _DATE_UNITS if operand.type.name == "date" else _UNITS
    if unit not in allowed:
        raise QueryError(
            "INVALID_FUNCTION_ARGUMENT",
            f"'{unit}' is not a valid {operand.type.name} field; use one of {', '.join(allowed)}.",
        )
    return unit


def _date_add(items: Sequence[Typed]) -> str:
    return f"({items[2].sql} + {_ADD[_unit(items[0], items[2])].format(items[1].sql)})"


def _date_diff(items: Sequence[Typed]) -> str:
    # Athena counts whole units that have passed, as DuckDB's date_sub does, not borders that were crossed.
    return f"date_sub({text(_unit(items[0], items[1]))}, {items[1].sql}, {items[2].sql})"


def _date_trunc(items: Sequence[Typed]) -> str:
    return f"date_trunc({text(_unit(items[0], items[1]))}, {items[1].sql})"


def _format(convert: Callable[[str], str], what: str) -> Callable[[Sequence[Typed]], str]:
    def render(items: Sequence[Typed]) -> str:
        return f"strftime({items[0].sql}, {text(convert(_constant(items[1], what)))})"

    return render


def _parse(convert: Callable[[str], str], what: str) -> Callable[[Sequence[Typed]], str]:
    def render(items: Sequence[Typed]) -> str:
        return f"strptime({items[0].sql}, {text(convert(_constant(items[1], what)))})"

    return render


TIMES: list[Overload] = [
    overload("date_add(varchar, bigint, M) -> M", _date_add, cast=True),
    overload("date_diff(varchar, M, M) -> bigint", _date_diff),
    overload("date_trunc(varchar, M) -> M", _date_trunc, cast=True),
    *[overload(f"{name}(M) -> bigint", f"{part}({{0}})") for name, part in _PARTS.items()],
    *[
        overload(f"{name}({kind}) -> bigint", f"{part}({{0}})")
        for name, part in _CLOCK_PARTS.items()
        for kind in ("timestamp", "timestamp with time zone", "time")
    ],
    overload("millisecond(timestamp) -> bigint", "(millisecond({0}) % 1000)"),
    overload("last_day_of_month(M) -> date", "last_day({0})"),
    overload("date(varchar) -> date", "CAST({0} AS DATE)"),
    overload("date(M) -> date", "CAST({0} AS DATE)"),
    overload("date_format(timestamp, varchar) -> varchar", _format(from_mysql, "The pattern of date_format")),
    overload("date_parse(varchar, varchar) -> timestamp", _parse(from_mysql, "The pattern of date_parse")),
    overload("format_datetime(timestamp, varchar) -> varchar", _format(from_joda, "The pattern of format_datetime")),
    overload(
        "parse_datetime(varchar, varchar) -> timestamp with time zone",
        _parse(from_joda, "The pattern of parse_datetime"),
        cast=True,
    ),
    overload("from_unixtime(double) -> timestamp with time zone", "date_trunc('millisecond', to_timestamp({0}))"),
    overload("to_unixtime(timestamp) -> double", "epoch({0})"),
    overload("to_unixtime(timestamp with time zone) -> double", "epoch({0})"),
    overload("from_iso8601_timestamp(varchar) -> timestamp with time zone", "trino_iso_timestamp({0})"),
    overload("from_iso8601_date(varchar) -> date", "CAST({0} AS DATE)"),
    overload("to_iso8601(date) -> varchar", "CAST({0} AS VARCHAR)"),
    overload("to_iso8601(timestamp) -> varchar", "strftime({0}, '%Y-%m-%dT%H:%M:%S.%g')"),
    overload("to_iso8601(timestamp with time zone) -> varchar", "strftime({0}, '%Y-%m-%dT%H:%M:%S.%gZ')"),
]
