"""Rows of an uploaded CSV file without a header, line by line: a line that is no row is told apart from the others.

A transform job sends lines to the model, so a line is a row here, too, and each keeps its number in its file.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from customer_rows import Refusal
from dataset_schema import DataRefused, Schema, quoted
from raw_rows import Mask, Rows, made_ids

BLOCK_BYTES = 4 << 20
LONGEST_LINE_BYTES = 1_000_000
"""A line goes to the model whole, in one request: the smallest that a transform job can be given is 1 MB."""
SHOWN_CHARACTERS = 500
_VALUE = rb'(?:[^",]*|"[^"]*(?:""[^"]*)*")'
LINE = re.compile(_VALUE + rb"(?:," + _VALUE + rb")*")
"""Values in quotes, with their own quotes doubled, or without any."""
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Layout:
    """One file, and which columns its lines have."""

    path: Path
    name: str
    columns: tuple[str, ...]
    schema: Schema

    def expected(self) -> str:
        """Say what a line has, for those who wrote another one."""
        every = upload_columns(self.schema)
        without = f", or {len(every) - 1} without {self.schema.target!r}" if self.schema.target in every else ""
        if len(self.columns) == len(every) or not without:
            return f"expected are {len(every)} ({quoted(every, limit=len(every))}){without}"
        return f"expected are {len(self.columns)}, as in the first rows ({quoted(self.columns, len(self.columns))})"


@dataclass(frozen=True, slots=True)
class UploadRows:
    """Some consecutive lines of one file; one that is no row has no id."""

    rows: Rows
    no_row: Mask
    """Which lines are no rows."""
    refused: list[Refusal]
    """Those of them that are not empty."""

    @property
    def count(self) -> int:
        """How many rows there are, good and bad."""
        return len(self.no_row) - int(self.no_row.sum()) + len(self.refused)

    def is_row(self, number: int) -> bool:
        """Say of the number of a line whether it is a row."""
        return not self.no_row[number - self.rows.first]


def upload_columns(schema: Schema) -> tuple[str, ...]:
    """Return the columns of an upload, in order: as csv_columns says, else id, features, target."""
    if schema.csv_columns is not None:
        return schema.csv_columns
    return (schema.id_column, *schema.names, schema.target)


def find_layout(path: Path, name: str, schema: Schema) -> Layout:
    """Find out whether a file's lines have the target: as the first one that may be a row.

    Raises:
        DataRefused: the file has no lines, or begins with a header.
    """
    every = upload_columns(schema)
    layouts = {len(columns): columns for columns in (every, tuple(item for item in every if item != schema.target))}
    first = True
    with path.open("rb") as file:
        for line in file:
            fields = _fields(line)
            if fields and first:
                _refuse_header(fields, name, schema)
                first = False
            if len(fields) in layouts:
                return Layout(path, name, layouts[len(fields)], schema)
    if first:
        raise DataRefused(f"File {name!r} is empty: it has no rows to score.")
    return Layout(path, name, every, schema)


def _fields(line: bytes) -> list[str]:
    text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return [text]  # it will be refused with its reason


def read_uploads(layouts: Sequence[Layout]) -> Iterator[UploadRows]:
    """Read files one after the other, some lines at a time, with the schema's columns as text."""
    for layout in layouts:
        first = 1
        for lines in _blocks(layout.path):
            yield _read_lines(layout, first, lines)
            first += len(lines)


def _blocks(path: Path) -> Iterator[list[bytes]]:
    with path.open("rb") as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        while block := file.read(BLOCK_BYTES):
            lines = (block + file.readline()).replace(b"\r\n", b"\n").split(b"\n")
            yield lines[:-1] if lines[-1] == b"" else lines


def _read_lines(layout: Layout, first: int, lines: list[bytes]) -> UploadRows:
    ill = _ill_lines(lines)
    texts = {index: lines[index] for index in ill}
    kept = [b"" if index in ill else line for index, line in enumerate(lines)] if ill else lines
    table, counts = _parse(layout, kept)
    if counts:
        texts |= {index: lines[index] for index in counts}
        ill |= {
            index: f"has {count} values; {layout.expected()}{_hint(lines[index])}" for index, count in counts.items()
        }
        table, _ = _parse(layout, [b"" if index in ill else line for index, line in enumerate(lines)])
    batch = table.combine_chunks().to_batches()[0]
    is_blank: Mask = np.array([not line for line in lines], dtype=np.bool_)
    if len(layout.schema.names) == 1:
        (name,) = layout.schema.names
        for index in np.flatnonzero(batch.column(name).is_null().to_numpy(zero_copy_only=False) & ~is_blank):
            ill.setdefault(int(index), f"has no {name}, the only feature: a transform job passes over empty lines")
            texts.setdefault(int(index), lines[index])
    no_row = is_blank.copy()
    no_row[list(ill)] = True
    refused = [
        Refusal(layout.name, first + index, [ill[index]], {"line": _shown(texts[index])}) for index in sorted(ill)
    ]
    rows = Rows(layout.name, first, _completed(batch, first, no_row, layout.schema), is_text=True)
    return UploadRows(rows, no_row, refused)


def _ill_lines(lines: Sequence[bytes]) -> dict[int, str]:
    """Say of each line that cannot be split into values why not."""
    whole = b"\n".join(lines)
    is_simple = b'"' not in whole and b"\r" not in whole and _is_utf8(whole)
    if is_simple and max(map(len, lines)) <= LONGEST_LINE_BYTES:
        return {}
    reasons = {index: _reason(line) for index, line in enumerate(lines)}
    return {index: reason for index, reason in reasons.items() if reason is not None}


def _reason(line: bytes) -> str | None:
    if len(line) > LONGEST_LINE_BYTES:
        return f"has {len(line)} bytes: a line may have {LONGEST_LINE_BYTES}, as it goes to the model whole"
    if not _is_utf8(line):
        return "is no UTF-8 text: save the file as UTF-8"
    if b"\r" in line:
        return "has a line break (a carriage return) in it: a transform job scores whole lines"
    if b'"' in line and LINE.fullmatch(line) is None:
        return (
            "has a quote too many or too few, or a line break in a value: put a value with ',' or '\"' in quotes, "
            "double the quotes in it, and write no line breaks, because a transform job scores whole lines"
        )
    return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse(layout: Layout, lines: Sequence[bytes]) -> tuple[pa.Table, dict[int, int]]:
    """Split lines into columns of text; an empty line is a row of nulls.

    Returns:
        The rows of as many values as there are columns, and how many values each other line has.
    """
    counts: dict[int, int] = {}

    def skip(row: pa.csv.InvalidRow) -> str:
        counts[row.number - 1] = row.actual_columns
        return "skip"

    body = b"\n".join(lines) + b"\n"
    table = pa.csv.read_csv(
        pa.BufferReader(body),
        # One block, one thread: only then Arrow knows the number of a row.
        read_options=pa.csv.ReadOptions(column_names=layout.columns, block_size=len(body) + 1, use_threads=False),
        parse_options=pa.csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=skip),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(layout.columns, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    return table, counts


def _completed(batch: pa.RecordBatch, first: int, no_row: Mask, schema: Schema) -> pa.RecordBatch:
    """Give the rows the schema's columns; the id of a line that is no row is null."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    if schema.id_format is not None and schema.id_column not in columns:
        columns[schema.id_column] = made_ids(schema.id_format, first, batch.num_rows)
    ids = columns[schema.id_column]
    columns[schema.id_column] = pc.if_else(pa.array(no_row), pa.scalar(None, pa.string()), ids)
    columns.setdefault(schema.target, pa.nulls(batch.num_rows, pa.string()))
    return pa.record_batch({name: columns[name] for name in schema.columns})


def _refuse_header(fields: Sequence[str], name: str, schema: Schema) -> None:
    known = {column.casefold() for column in schema.columns}
    if 2 * sum(text.strip().casefold() in known for text in fields) > len(fields):
        raise DataRefused(
            f"File {name!r} has a header, {quoted(fields)}: uploads have none, because each line is scored; remove "
            "its first line."
        )


def _hint(line: bytes) -> str:
    for separator in (b";", b"\t"):
        if b"," not in line and separator in line:
            return f"; the line has {separator.decode()!r} in it, and values are separated by ','"
    return ""


def _shown(line: bytes) -> str:
    return line.decode(errors="replace")[:SHOWN_CHARACTERS]
