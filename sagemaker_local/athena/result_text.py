"""Values as Athena writes them into result files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sagemaker_local.athena.types import INTEGERS, SqlType, field_label

_NULL_INSIDE = "null"
# Java writes numbers from 0.001 to 10,000,000 without an exponent.
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7
_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def column_texts(values: pa.Array, kind: SqlType) -> pa.Array:
    """The texts of a column; NULL stays NULL."""
    in_one_go = _COLUMN_WRITERS.get(kind.name)
    if in_one_go is not None:
        return in_one_go(values)
    write = _writer(kind)
    return pa.array([write(value) if value is not None else None for value in values.to_pylist()], pa.string())


def double_text(value: float, digits: Callable[[float], str] = repr) -> str:
    """`1.0`, `0.001`, `1.0E10`, `1.5E-4`, `NaN`: as Java writes a double."""
    shortest = digits(value)
    if shortest in _SPECIAL:
        return _SPECIAL[shortest]
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        plain = format(Decimal(shortest), "f")
        return plain if "." in plain else f"{plain}.0"
    sign, numbers, _ = Decimal(shortest).normalize().as_tuple()
    exponent = Decimal(shortest).adjusted()
    mantissa = "".join(map(str, numbers))
    return f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{exponent}"


def _real_text(value: float) -> str:
    return double_text(value, lambda number: str(np.float32(number)))


def _plain_texts(values: pa.Array) -> pa.Array:
    return pc.cast(values, pa.string())


def _double_texts(values: pa.Array) -> pa.Array:
    """Most numbers look alike in Arrow and in Java; the others are written one by one."""
    size = pc.abs(values)
    is_plain = pc.or_(pc.equal(size, 0), pc.and_(pc.greater_equal(size, _PLAIN_FROM), pc.less(size, _PLAIN_TO)))
    texts = _plain_texts(values)
    with_point = pc.if_else(pc.match_substring(texts, "."), texts, pc.binary_join_element_wise(texts, ".0", ""))
    if pc.all(is_plain, min_count=0).as_py():
        return with_point
    others = pa.array([double_text(value) for value in values.filter(pc.invert(is_plain)).to_pylist()], pa.string())
    return pc.replace_with_mask(with_point, pc.fill_null(pc.invert(is_plain), False), others)


def _timestamp_texts(values: pa.Array) -> pa.Array:
    clock = values.cast(pa.int64()).cast(pa.timestamp("us"))
    return _plain_texts(clock.cast(pa.timestamp("ms"), safe=False))


def _zoned_texts(values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(_timestamp_texts(values), " UTC", "")


def _timestamp_text(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


def _time_text(value: time) -> str:
    return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"


def _days_text(value: Any) -> str:
    """`3 04:05:06.000`."""
    months, days, nanoseconds = value
    total = (days + months * 30) * 86_400_000 + nanoseconds // 1_000_000
    sign, total = ("-" if total < 0 else ""), abs(total)
    seconds, milliseconds = divmod(total, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{sign}{day} {hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}"


def _months_text(value: Any) -> str:
    months = value[0]
    return f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"


_COLUMN_WRITERS: dict[str, Callable[[pa.Array], pa.Array]] = {
    **dict.fromkeys(("boolean", "varchar", "json", "date", *INTEGERS), _plain_texts),
    "double": _double_texts,
    "timestamp": _timestamp_texts,
    "timestamp with time zone": _zoned_texts,
}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "real": _real_text,
    "double": double_text,
    "decimal": lambda value: format(value, "f"),
    "date": date.isoformat,
    "time": _time_text,
    "timestamp": _timestamp_text,
    "timestamp with time zone": lambda value: f"{_timestamp_text(value)} UTC",
    "varbinary": lambda value: value.hex(" "),
    "interval day to second": _days_text,
    "interval year to month": _months_text,
}


def _writer(kind: SqlType) -> Callable[[Any], str]:
    if kind.name == "array":
        element = _inner(kind.elements[0])
        return lambda values: f"[{', '.join(element(value) for value in values)}]"
    if kind.name == "map":
        key, item = _inner(kind.elements[0]), _inner(kind.elements[1])
        return lambda pairs: f"{{{', '.join(f'{key(name)}={item(value)}' for name, value in pairs)}}}"
    if kind.name == "row":
        members = [(field_label(i, label), _inner(inner)) for i, (label, inner) in enumerate(kind.members)]
        return lambda row: f"{{{', '.join(f'{label}={write(row[label])}' for label, write in members)}}}"
    return _WRITERS.get(kind.name, str)


def _inner(kind: SqlType) -> Callable[[Any], str]:
    write = _writer(kind)
    return lambda value: _NULL_INSIDE if value is None else write(value)
