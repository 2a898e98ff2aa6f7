"""Parquet files that are cut by size, so that each fits into one request of a transform job."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from dataset_schema import DataRefused

GROUP_ROWS = 32_768
"""Rows of a Parquet row group: always so many, so that the output does not depend on how the input was cut."""


class Parts:
    """Writes rows as part-00000.parquet and so on, none larger than a limit.

    Without rows there is no file, unless `has_a_file` asks for an empty one.
    """

    def __init__(
        self, folder: Path, types: pa.Schema, limit_bytes: int | None = None, *, has_a_file: bool = False
    ) -> None:
        self.folder, self.types, self.limit_bytes, self.has_a_file = folder, types, limit_bytes, has_a_file
        self.paths: list[Path] = []
        self.rows = 0
        self._waiting = types.empty_table()
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("part-*.parquet"):
            stale.unlink()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self.rows += batch.num_rows
        self._waiting = pa.concat_tables([self._waiting, pa.Table.from_batches([batch])])
        while self._waiting.num_rows >= GROUP_ROWS:
            self._write_group(self._waiting.slice(0, GROUP_ROWS).combine_chunks())
            self._waiting = self._waiting.slice(GROUP_ROWS)

    def close(self) -> None:
        """Write what waits, and end the last file."""
        if self._waiting.num_rows:
            self._write_group(self._waiting.combine_chunks())
        if self.has_a_file and not self.paths:
            self._open_file()
        self._close_file()

    def _write_group(self, group: pa.Table) -> None:
        # Parquet stores values in no more than their size in memory, and a little for its pages and footer.
        size = int(group.nbytes * 1.02) + 4096 + 512 * len(self.types)
        limit = self.limit_bytes or sys.maxsize
        if self._sink is not None and self._sink.tell() + size > limit:
            self._close_file()
        if size > limit and group.num_rows > 1:
            half = group.num_rows // 2
            self._write_group(group.slice(0, half).combine_chunks())
            self._write_group(group.slice(half).combine_chunks())
            return
        writer = self._writer or self._open_file()
        writer.write_table(group)

    def _open_file(self) -> pq.ParquetWriter:
        self.paths.append(self.folder / f"part-{len(self.paths):05d}.parquet")
        self._sink = pa.OSFile(str(self.paths[-1]), "wb")
        # Ids do not repeat: a dictionary of them would only cost.
        self._writer = pq.ParquetWriter(self._sink, self.types, use_dictionary=self.types.names[1:])
        return self._writer

    def _close_file(self) -> None:
        if self._writer is None or self._sink is None:
            return
        self._writer.close()
        self._sink.close()
        self._writer = self._sink = None
        size = self.paths[-1].stat().st_size
        if self.limit_bytes is not None and size > self.limit_bytes:
            raise DataRefused(
                f"One row of {size} bytes is larger than a file may be ({self.limit_bytes} bytes): raise --max-file-mb."
            )
