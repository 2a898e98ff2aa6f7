"""Parquet files as a query of DuckDB, for columns that its own reader gives as the table declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sagemaker_local.athena.compiler import quote, text
from sagemaker_local.athena.parquet_files import ParquetGroup
from sagemaker_local.athena.types import SqlType

# DuckDB takes such a path for a pattern.
_PATTERN_CHARACTERS = frozenset("*?[")
# Their digits: Athena's timestamps have milliseconds.
_TIMESTAMPS = {
    "ms": "CAST({0} AS TIMESTAMP)",
    "us": "make_timestamp(epoch_us({0}) + 500 - ((epoch_us({0}) + 500) % 1000 + 1000) % 1000)",
}


def query_of(group: ParquetGroup, columns: Mapping[str, SqlType], partition_keys: Mapping[str, SqlType]) -> str | None:
    """DuckDB's SQL that reads the files of one layout: `columns`, then `partition_keys`.

    Returns:
        None: DuckDB would read something else than the table declares; Arrow reads these files.
    """
    if any(_PATTERN_CHARACTERS & set(str(file.path)) for file in group.files):
        return None
    names = dict(group.layout.names)
    items = []
    for name, kind in columns.items():
        value = _value(names.get(name), kind, group.layout.schema)
        if value is None:
            return None
        items.append(f"{value} AS {quote(name)}")
    items += [f"{_key(group, name, kind)} AS {quote(name)}" for name, kind in partition_keys.items()]
    files = ", ".join(text(str(file.path)) for file in group.files)
    # A query such as count(*) needs rows, but no column of them.
    shown = ", ".join(items) or "true AS row"
    return f"SELECT {shown} FROM read_parquet([{files}], hive_partitioning = false)"  # noqa: S608 - quoted


def _value(file_name: str | None, kind: SqlType, schema: pa.Schema) -> str | None:
    if file_name is None:
        return f"CAST(NULL AS {kind.duckdb})"
    found = schema.field(file_name).type
    if pa.types.is_dictionary(found):
        found = found.value_type
    column = quote(file_name)
    if kind.name == "timestamp":
        form = _TIMESTAMPS.get(found.unit) if found.tz is None else None
        return form.format(column) if form is not None else None
    if kind.name in {"varchar", "varbinary"}:
        is_same = _is_binary(found) if kind.name == "varbinary" else _is_text(found)
        return column if is_same else None
    if kind.elements or kind.name == "decimal":
        return column if found == kind.arrow and not kind.elements else None
    return column if found == kind.arrow else f"CAST({column} AS {kind.duckdb})"


def _is_text(found: pa.DataType) -> bool:
    return bool(pa.types.is_string(found) or pa.types.is_large_string(found))


def _is_binary(found: pa.DataType) -> bool:
    return bool(pa.types.is_binary(found) or pa.types.is_large_binary(found))


def _key(group: ParquetGroup, name: str, kind: SqlType) -> str:
    """The partition's value, which is the same for all rows of a file."""
    values = [file.partition.values[name] for file in group.files]
    if len(set(values)) == 1:
        return _constant(values[0], kind)
    return f"({_list(values, kind)})[CAST(file_index AS INTEGER) + 1]"


def _list(values: Sequence[Any], kind: SqlType) -> str:
    return f"CAST([{', '.join('NULL' if value is None else text(str(value)) for value in values)}] AS {kind.duckdb}[])"


def _constant(value: Any, kind: SqlType) -> str:
    return f"CAST({'NULL' if value is None else text(str(value))} AS {kind.duckdb})"
