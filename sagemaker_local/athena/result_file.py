"""Result files: CSV with every value quoted, and the binary description of the columns beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from sagemaker_local.athena.result_text import column_texts
from sagemaker_local.athena.scope import OutputField
from sagemaker_local.records.query import ResultColumn

_CELL = re.compile(rb'"((?:[^"]|"")*)"|')
_VARINT, _BYTES = 0, 2
_NULLABLE_UNKNOWN = 3


def write_csv(path: Path, columns: Sequence[OutputField], batches: Iterable[pa.RecordBatch]) -> int:
    """Write the header and the rows: NULL is nothing at all, an empty text is "".

    Returns:
        The number of rows.
    """
    count = 0
    with path.open("wb") as file:
        file.write(_lines([pa.array([column.name], pa.string()) for column in columns]))
        for batch in batches:
            if batch.num_rows:
                file.write(_lines([column_texts(batch.column(i), column.type) for i, column in enumerate(columns)]))
                count += batch.num_rows
    return count


def read_csv(file: IO[bytes], offset: int, limit: int) -> tuple[list[list[str | None]], int | None]:
    """Read up to `limit` rows that begin at a byte offset.

    Returns:
        The rows, and the offset of the next one; None at the end of the file.
    """
    file.seek(offset)
    rows: list[list[str | None]] = []
    for line in _records(file):
        if len(rows) == limit:
            return rows, offset
        rows.append(_cells(line))
        offset += len(line)
    return rows, None


def read_lines(file: IO[bytes], offset: int, limit: int) -> tuple[list[list[str | None]], int | None]:
    """Read up to `limit` lines of a text file that begin at a byte offset; each is a row of one cell.

    Returns:
        The rows, and the offset of the next one; None at the end of the file.
    """
    file.seek(offset)
    rows: list[list[str | None]] = []
    for line in file:
        if len(rows) == limit:
            return rows, offset
        rows.append([line.removesuffix(b"\n").decode()])
        offset += len(line)
    return rows, None


def metadata(query_id: str, columns: Sequence[ResultColumn]) -> bytes:
    """The .csv.metadata file: protocol buffers, one message for each column, as JDBC drivers read it."""
    content = _field(1, query_id)
    for column in columns:
        message = _field(1, "hive") + _field(4, column.name) + _field(5, column.name) + _field(6, column.type)
        message += _number(7, column.precision) + _number(8, column.scale) + _number(9, _NULLABLE_UNKNOWN)
        message += _number(10, int(column.is_case_sensitive))
        content += _field(4, message)
    return content


def _lines(columns: Sequence[pa.Array]) -> pa.Buffer:
    """The lines of a batch, one behind the other, made by Arrow in one go."""
    quoted = [
        pc.fill_null(pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', ""), "")
        for column in columns
    ]
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*quoted, ","), "\n", "")
    _, offsets, data = lines.buffers()
    ends = pa.Array.from_buffers(pa.int32(), len(lines) + 1, [None, offsets], offset=lines.offset)
    return data.slice(ends[0].as_py(), ends[len(lines)].as_py() - ends[0].as_py())


def _records(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, put together again where a line break is inside quotes."""
    record = b""
    for line in file:
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""


def _cells(record: bytes) -> list[str | None]:
    cells: list[str | None] = []
    position = 0
    body = record.removesuffix(b"\n")
    while True:
        found = _CELL.match(body, position)
        if found is None or found[1] is None:
            cells.append(None)
        else:
            cells.append(found[1].replace(b'""', b'"').decode())
        position = (found.end() if found is not None else position) + 1
        if position > len(body):
            return cells


def _field(number: int, value: str | bytes) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
