"""Values as they stand in text files and in JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sagemaker_local.athena.result_text import column_texts, double_text
from sagemaker_local.athena.types import SqlType, field_label

_NEEDS_ESCAPE = r'["\\\x00-\x1f]'
# Hive separates the items of the first nesting by \x02, of the next by \x03, and so on.
_SEPARATORS = [chr(code) for code in range(2, 10)]


def hive_texts(values: pa.Array, kind: SqlType) -> pa.Array:
    """The texts of a column in a delimited file; NULL stays NULL."""
    if kind.elements or kind.name == "varbinary":
        texts = [None if value is None else _hive_text(value, kind, 0) for value in values.to_pylist()]
        return pa.array(texts, pa.string())
    return column_texts(values, kind)


def json_texts(values: pa.Array, kind: SqlType) -> pa.Array:
    """The texts of a column in JSON; NULL is `null`."""
    if kind.name == "varchar" and not pc.any(pc.match_substring_regex(values, _NEEDS_ESCAPE)).as_py():
        texts = _quoted(values)
    elif kind.name in {"date", "timestamp"}:
        texts = _quoted(column_texts(values, kind))
    elif kind.is_integer or kind.name in {"boolean", "decimal"}:
        texts = column_texts(values, kind)
    else:
        write = _json_value(kind)
        dumped = [
            None if value is None else json.dumps(write(value), ensure_ascii=False) for value in values.to_pylist()
        ]
        texts = pa.array(dumped, pa.string())
    return pc.fill_null(texts, "null")


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', texts, '"', "")


def _hive_text(value: Any, kind: SqlType, depth: int) -> str:
    if value is None:
        return "\\N"
    separator, inner = _SEPARATORS[depth], _SEPARATORS[depth + 1]
    if kind.name == "array":
        return separator.join(_hive_text(item, kind.elements[0], depth + 1) for item in value)
    if kind.name == "map":
        key, item = kind.elements
        return separator.join(
            f"{_hive_text(name, key, depth + 2)}{inner}{_hive_text(found, item, depth + 2)}" for name, found in value
        )
    if kind.name == "row":
        return separator.join(
            _hive_text(value[field_label(i, label)], member, depth + 1)
            for i, (label, member) in enumerate(kind.members)
        )
    if kind.name == "varbinary":
        return base64.b64encode(value).decode()
    return str(column_texts(pa.array([value], kind.arrow), kind)[0].as_py())


def _json_value(kind: SqlType) -> Callable[[Any], Any]:
    if kind.name == "array":
        element = _nullable(kind.elements[0])
        return lambda items: [element(item) for item in items]
    if kind.name == "map":
        key, item = _nullable(kind.elements[0]), _nullable(kind.elements[1])
        return lambda pairs: {_key(key(name)): item(value) for name, value in pairs}
    if kind.name == "row":
        members = [(field_label(i, label), _nullable(inner)) for i, (label, inner) in enumerate(kind.members)]
        return lambda row: {label: write(row[label]) for label, write in members}
    return _JSON.get(kind.name, lambda value: value)


def _nullable(kind: SqlType) -> Callable[[Any], Any]:
    write = _json_value(kind)
    return lambda value: None if value is None else write(value)


def _key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _floating(value: float) -> float | str:
    # JSON has no NaN and no Infinity.
    return value if value - value == 0 else double_text(value)


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


def _decimal(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


_JSON: dict[str, Callable[[Any], Any]] = {
    "real": _floating,
    "double": _floating,
    "date": date.isoformat,
    "timestamp": _moment,
    "decimal": _decimal,
    "varbinary": lambda value: base64.b64encode(value).decode(),
}
