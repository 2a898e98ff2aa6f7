"""Raw rows out of CSV and Parquet files, some at a time, with exactly the schema's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import DataRefused, Schema, check_columns

READ_ROWS = 65_536
CSV_BLOCK_BYTES = 4 << 20
SUFFIXES = (".csv", ".csv.gz", ".parquet")
"""What the names of files with raw rows end in."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some consecutive rows of one file."""

    file: str
    first: int
    """Number of the first row, from 1, the header not counted."""
    batch: pa.RecordBatch
    is_text: bool
    """Whether every column is text, as in a CSV file."""

    def refuse(self, column: str, index: int, expected: str) -> NoReturn:
        """Refuse one value by its place."""
        value = self.batch.column(column)[index].as_py()
        raise DataRefused(
            f"File {self.file!r}, row {self.first + index}, column {column!r}: the value {value!r} is refused; "
            f"expected is {expected}."
        )

    def refuse_first(self, column: str, bad: Mask, expected: str) -> None:
        """Refuse the first of the bad values, if there is one."""
        if bad.any():
            self.refuse(column, int(np.flatnonzero(bad)[0]), expected)


def read(files: Sequence[Path], folder: Path, schema: Schema, *, needs_target: bool = True) -> Iterator[Rows]:
    """Read files one after the other, some rows at a time, each with exactly the schema's columns.

    Where the target is not needed, a file may lack its column: all its rows are then without a label.
    """
    total = 0
    for path in files:
        name, first = path.relative_to(folder).as_posix(), 1
        opened = _open_csv if ".csv" in path.suffixes else _open_parquet
        try:
            for batch in opened(path, schema, name, needs_target):
                if batch.num_rows:
                    yield Rows(name, first, _completed(batch, schema), is_text=opened is _open_csv)
                    first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(f"File {name!r} cannot be read: {error}") from error
        total += first - 1
    if not total:
        raise DataRefused(f"The input {str(folder)!r} is empty: its {len(files)} files have no rows.")


def _open_csv(path: Path, schema: Schema, name: str, needs_target: bool) -> Iterator[pa.RecordBatch]:
    # As text: types come from the schema, not from the first values, and a bad value can be shown as it is written.
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=CSV_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(schema.columns, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    _check(reader.schema.names, schema, name, needs_target)
    yield from reader


def _open_parquet(path: Path, schema: Schema, name: str, needs_target: bool) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    _check(file.schema_arrow.names, schema, name, needs_target)
    yield from file.iter_batches(batch_size=READ_ROWS)


def _check(names: Sequence[str], schema: Schema, name: str, needs_target: bool) -> None:
    is_without = not needs_target and schema.target not in names
    expected = [column for column in schema.columns if not (is_without and column == schema.target)]
    check_columns(names, expected, f"File {name!r}")


def _completed(batch: pa.RecordBatch, schema: Schema) -> pa.RecordBatch:
    if schema.target in batch.schema.names:
        return batch
    return batch.append_column(schema.target, pa.nulls(batch.num_rows))
