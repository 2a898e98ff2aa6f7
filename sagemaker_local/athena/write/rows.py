"""The rows of a query in files of a folder: in several files at a time, in one folder for each partition."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.hive_paths import NULL_PARTITION, partition_name
from sagemaker_local.athena.result_text import column_texts
from sagemaker_local.athena.scope import OutputField
from sagemaker_local.athena.types import SqlType
from sagemaker_local.athena.write.formats import OPEN, RowFile
from sagemaker_local.athena.write.options import WriteOptions

MAX_PARTITIONS = 100
# What is written at once: a row group of a Parquet file.
_CHUNK_ROWS, _CHUNK_BYTES = 131_072, 64 << 20
# What all partitions may hold back together until they write.
_HELD_BYTES = 256 << 20
_FILE_BYTES = 128 << 20
_SEPARATOR = "\x00"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file in the working folder."""

    path: Path
    name: str
    partition: tuple[str, ...]
    """Texts of the partition keys' values."""


@dataclass(slots=True)
class Written:
    """What a query left in the working folder."""

    files: list[WrittenFile] = field(default_factory=list)
    rows: int = 0

    @property
    def partitions(self) -> list[tuple[str, ...]]:
        """The values of each partition that has rows."""
        return list(dict.fromkeys(file.partition for file in self.files if file.partition))


class RowWriter:
    """Writes batches; `prefix` begins every file's name.

    Args:
        folder: where the files go.
        columns: of the batches; the partition keys are the last ones.
        options: format, compression, partition keys.
        prefix: as AWS names files, `20260131_120000_00001_abcde`.
        threads: how many files are written at a time.
    """

    def __init__(
        self, folder: Path, columns: Sequence[OutputField], options: WriteOptions, prefix: str, threads: int
    ) -> None:
        key_count = len(options.partitioned_by)
        self._columns = [(str(column.name).lower(), column.type) for column in columns]
        self._keys = self._columns[len(self._columns) - key_count :]
        self._options = options
        self._folder, self._prefix = folder, prefix
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="athena-write")
        self._lanes: dict[tuple[str, ...], _Lane] = {}
        self._turn = 0

    def write(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """Write all rows and finish the files.

        Raises:
            QueryError: the rows have more than 100 partitions.
        """
        written = Written()
        with self._working(written):
            for batch in batches:
                for start in range(0, batch.num_rows, _CHUNK_ROWS):
                    part = batch.slice(start, _CHUNK_ROWS)
                    written.rows += part.num_rows
                    if self._keys:
                        self._spread(part)
                    else:
                        self._deal(part)
        return written

    @contextmanager
    def _working(self, written: Written) -> Iterator[None]:
        try:
            yield
            for lane in self._lanes.values():
                lane.flush()
            for key, lane in self._lanes.items():
                lane.close()
                partition = key if self._keys else ()
                written.files += [WrittenFile(path, path.name, partition) for path in lane.paths]
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _deal(self, batch: pa.RecordBatch) -> None:
        # A lane is given a whole chunk before the next one has its turn: a small result is one file.
        lane = self._lane((str(self._turn % self._threads),))
        lane.add(batch)
        if lane.is_full:
            lane.flush()
            self._turn += 1

    def _spread(self, batch: pa.RecordBatch) -> None:
        data_count = len(self._columns) - len(self._keys)
        texts = [_key_texts(batch.column(data_count + i), kind) for i, (_, kind) in enumerate(self._keys)]
        joined = pc.binary_join_element_wise(*texts, _SEPARATOR).dictionary_encode()
        data = batch.select(range(data_count))
        for code, key in enumerate(joined.dictionary.to_pylist()):
            rows = data if len(joined.dictionary) == 1 else data.filter(pc.equal(joined.indices, code))
            lane = self._lane(tuple(key.split(_SEPARATOR)))
            lane.add(rows)
            if lane.is_full:
                lane.flush()
        if sum(lane.held_bytes for lane in self._lanes.values()) > _HELD_BYTES:
            for lane in self._lanes.values():
                lane.flush()

    def _lane(self, key: tuple[str, ...]) -> _Lane:
        lane = self._lanes.get(key)
        if lane is None:
            if self._keys and len(self._lanes) == MAX_PARTITIONS:
                raise QueryError(
                    "HIVE_TOO_MANY_OPEN_PARTITIONS",
                    f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions/buckets.",
                )
            lane = self._lanes[key] = _Lane(self._open, self._pool)
        return lane

    def _open(self) -> tuple[Path, RowFile]:
        suffix = ".gz" if self._options.format != "PARQUET" and self._options.codec == "gzip" else ""
        path = self._folder / f"{self._prefix}_{uuid.uuid4()}{suffix}"
        columns = self._columns[: len(self._columns) - len(self._keys)]
        return path, OPEN[self._options.format](path, columns, self._options)


_Opener = Callable[[], tuple[Path, RowFile]]


class _Lane:
    """Files written one after the other, in another thread; at most one chunk waits."""

    def __init__(self, open_file: _Opener, pool: ThreadPoolExecutor) -> None:
        self.paths: list[Path] = []
        self.held_bytes = 0
        self._open, self._pool = open_file, pool
        self._file: RowFile | None = None
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._pending: Future[None] | None = None

    @property
    def is_full(self) -> bool:
        return self._held_rows >= _CHUNK_ROWS or self.held_bytes >= _CHUNK_BYTES

    def add(self, rows: pa.RecordBatch) -> None:
        if rows.num_rows:
            self._held.append(rows)
            self._held_rows += rows.num_rows
            self.held_bytes += rows.nbytes

    def flush(self) -> None:
        self._wait()
        if self._held:
            self._pending = self._pool.submit(self._write, pa.Table.from_batches(self._held))
            self._held, self._held_rows, self.held_bytes = [], 0, 0

    def close(self) -> None:
        self._wait()
        if self._file is not None:
            self._file.close()

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _write(self, rows: pa.Table) -> None:
        if self._file is not None and self._file.size >= _FILE_BYTES:
            self._file.close()
            self._file = None
        if self._file is None:
            path, self._file = self._open()
            self.paths.append(path)
        self._file.write(rows.combine_chunks())


def _key_texts(values: pa.Array, kind: SqlType) -> pa.Array:
    texts = pc.fill_null(column_texts(values, kind), NULL_PARTITION)
    return pc.if_else(pc.equal(texts, ""), NULL_PARTITION, texts)


def relative_key(file: WrittenFile, keys: Sequence[str]) -> str:
    """`dt=2026-01-31/<name>`: where the file belongs below the target."""
    return f"{partition_name(keys, file.partition)}/{file.name}" if file.partition else file.name
