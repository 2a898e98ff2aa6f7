"""Files of rows: Parquet, delimited text, JSON lines."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sagemaker_local.athena.types import SqlType
from sagemaker_local.athena.write.options import WriteOptions
from sagemaker_local.athena.write.values import hive_texts, json_texts

# zlib's own default; Arrow's is 9, which takes three times as long.
_GZIP_LEVEL = 6
Columns = Sequence[tuple[str, SqlType]]


class RowFile(Protocol):
    """A file that grows."""

    @property
    def size(self) -> int:
        """Bytes so far."""

    def write(self, rows: pa.Table) -> None:
        """Append rows, whose columns are those of the file by position."""

    def close(self) -> None:
        """Finish the file."""


class _ParquetFile:
    def __init__(self, path: Path, columns: Columns, options: WriteOptions) -> None:
        self._schema = pa.schema([pa.field(name, kind.arrow) for name, kind in columns])
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._sink,
            self._schema,
            # Numbers hardly repeat: trying a dictionary for them takes more than twice the time, and more bytes.
            use_dictionary=[name for name, kind in columns if kind.name == "varchar"],
            compression=options.codec,
            compression_level=_GZIP_LEVEL if options.codec == "gzip" else options.level,
        )

    @property
    def size(self) -> int:
        return int(self._sink.tell())

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.rename_columns(self._schema.names))

    def close(self) -> None:
        self._writer.close()
        self._sink.close()


class _LineFile:
    """Lines made by Arrow, compressed as they come."""

    def __init__(self, path: Path, codec: str, lines: Callable[[pa.RecordBatch], pa.Array]) -> None:
        self._lines = lines
        self._raw: IO[bytes] = path.open("wb")
        self._sink: IO[bytes] | gzip.GzipFile = self._raw
        if codec == "gzip":
            self._sink = gzip.GzipFile("", "wb", _GZIP_LEVEL, self._raw)

    @property
    def size(self) -> int:
        return int(self._raw.tell())

    def write(self, rows: pa.Table) -> None:
        for batch in rows.to_batches():
            lines = pc.binary_join_element_wise(self._lines(batch), "\n", "")
            _, offsets, data = lines.buffers()
            ends = pa.Array.from_buffers(pa.int32(), len(lines) + 1, [None, offsets], offset=lines.offset)
            self._sink.write(data.slice(ends[0].as_py(), ends[len(lines)].as_py() - ends[0].as_py()))

    def close(self) -> None:
        self._sink.close()
        self._raw.close()


def _text_file(path: Path, columns: Columns, options: WriteOptions) -> RowFile:
    def lines(batch: pa.RecordBatch) -> pa.Array:
        texts = [
            pc.fill_null(hive_texts(batch.column(i), kind), options.null_text) for i, (_, kind) in enumerate(columns)
        ]
        return pc.binary_join_element_wise(*texts, options.delimiter)

    return _LineFile(path, options.codec, lines)


def _json_file(path: Path, columns: Columns, options: WriteOptions) -> RowFile:
    names = [json_texts(pa.array([name]), SqlType("varchar"))[0].as_py() for name, _ in columns]

    def lines(batch: pa.RecordBatch) -> pa.Array:
        members = [
            pc.binary_join_element_wise(f"{name}:", json_texts(batch.column(i), kind), "")
            for i, (name, (_, kind)) in enumerate(zip(names, columns, strict=True))
        ]
        return pc.binary_join_element_wise("{", pc.binary_join_element_wise(*members, ","), "}", "")

    return _LineFile(path, options.codec, lines)


OPEN: Mapping[str, Callable[[Path, Columns, WriteOptions], RowFile]] = {
    "PARQUET": _ParquetFile,
    "TEXTFILE": _text_file,
    "JSON": _json_file,
}
