"""The rows of a query as CSV, JSON or Parquet; Athena gives every value as text, with the type of its column."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import IO, Any

from cli.athena import QueryResult
from cli.errors import CommandError

_INTEGERS = frozenset({"tinyint", "smallint", "integer", "int", "bigint"})
_FLOATS = frozenset({"real", "float", "double"})


def write_csv(result: QueryResult, rows: Sequence[Sequence[str | None]], file: IO[str]) -> None:
    """Write a header and the rows; NULL is nothing at all, an empty text is `""`."""
    for row in (result.columns, *rows):
        file.write(",".join(map(_csv_cell, row)) + "\n")


def write_json(result: QueryResult, rows: Sequence[Sequence[str | None]], file: IO[str]) -> None:
    """Write one array with an object a row, a line each; whole numbers, doubles and booleans are JSON's own.

    Raises:
        CommandError: two columns have one name.
    """
    _check_names(result)
    lines = (
        json.dumps(
            {name: _json_value(cell, kind) for name, kind, cell in zip(result.columns, result.types, row, strict=True)},
            ensure_ascii=False,
        )
        for row in rows
    )
    file.write("[" + _joined(lines) + "\n]\n")


def write_parquet(result: QueryResult, rows: Sequence[Sequence[str | None]], path: str) -> None:
    """Write the rows with the columns' own types; what Parquet has no flat type for stays text.

    Raises:
        CommandError: two columns have one name.
    """
    # pyarrow takes 0.1 s to import: not for --help.
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_names(result)
    columns = {}
    for position, (name, kind) in enumerate(zip(result.columns, result.types, strict=True)):
        texts = pa.array([row[position] for row in rows], pa.string())
        columns[name] = texts.cast(_arrow_type(pa, kind))
    pq.write_table(pa.table(columns), path)


def _joined(lines: Iterable[str]) -> str:
    text = ",\n".join(lines)
    return f"\n{text}" if text else ""


def _csv_cell(cell: str | None) -> str:
    if cell is None:
        return ""
    if not cell or any(sign in cell for sign in ',"\n\r'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _json_value(cell: str | None, kind: str) -> Any:
    if cell is None:
        return None
    if kind in _INTEGERS:
        return int(cell)
    if kind in _FLOATS and math.isfinite(float(cell)):  # JSON has no NaN: it stays a text
        return float(cell)
    return cell == "true" if kind == "boolean" else cell


def _arrow_type(pa: Any, kind: str) -> Any:
    flat = {
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "float": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("ms"),
    }
    if kind.startswith("decimal("):
        precision, scale = kind.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return flat.get(kind, pa.string())


def _check_names(result: QueryResult) -> None:
    twice = sorted({name for name in result.columns if result.columns.count(name) > 1})
    if twice:
        raise CommandError(
            f"the result has {', '.join(map(repr, twice))} more than once, and this format names its columns; "
            "give each column an alias of its own (AS), or take --format csv."
        )
