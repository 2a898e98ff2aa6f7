"""CSV files without a header that are cut by size, one line a row, as a transform job splits them."""

from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import DataRefused


class CsvParts:
    """Writes rows as part-00000.csv and so on, none larger than a limit.

    A field stands in quotes only where it needs them; a missing value is an empty field. No text has a line break.
    """

    def __init__(self, folder: Path, types: pa.Schema, limit_bytes: int) -> None:
        self.folder, self.types, self.limit_bytes = folder, types, limit_bytes
        self.paths: list[Path] = []
        self.rows = 0
        self._file: IO[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("part-*.csv"):
            stale.unlink()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        lines = _lines(batch)
        _, offset_buffer, data = lines.buffers()
        ends = np.frombuffer(offset_buffer, dtype=np.int64)[lines.offset : lines.offset + len(lines) + 1]
        row = 0
        while row < len(lines):
            file = self._file or self._open_file()
            fits = int(np.searchsorted(ends, ends[row] + self.limit_bytes - file.tell(), side="right")) - 1
            if fits > row:
                file.write(memoryview(data)[ends[row] : ends[fits]])
                row = fits
                continue
            self.close()
            size = int(ends[row + 1] - ends[row])
            if size > self.limit_bytes:
                raise DataRefused(
                    f"One row of {size} bytes is larger than a file may be ({self.limit_bytes} bytes): raise "
                    "--max-file-mb."
                )

    def close(self) -> None:
        """End the last file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open_file(self) -> IO[bytes]:
        self.paths.append(self.folder / f"part-{len(self.paths):05d}.csv")
        self._file = self.paths[-1].open("wb")
        return self._file


def _lines(batch: pa.RecordBatch) -> pa.Array:
    """Return each row as the text of its line, with the line end."""
    fields = [_texts(column).cast(pa.large_string()) for column in batch.columns]
    comma, end, nothing = (pa.scalar(text, pa.large_string()) for text in (",", "\n", ""))
    rows = pc.binary_join_element_wise(*fields, comma, null_handling="replace", null_replacement="")
    return pc.binary_join_element_wise(rows, nothing, end)


def _texts(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    special = pc.match_substring_regex(column, '[",]')
    if not pc.any(special).as_py():
        return column
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(special, quoted, column)
