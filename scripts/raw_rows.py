"""Raw rows out of CSV and Parquet files, some at a time, with exactly the schema's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import DataRefused, IdFormat, Schema, check_columns, quoted

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
    Where CSV files have no header and no ids, a row's number in its file becomes its id.
    """
    _check_ids_can_be_made(files, schema)
    total = 0
    for path in files:
        name, first = path.relative_to(folder).as_posix(), 1
        is_text = ".csv" in path.suffixes
        opened = _open_parquet if not is_text else _open_csv if schema.csv_columns is None else _open_headerless
        try:
            for batch in opened(path, schema, name, needs_target):
                if batch.num_rows:
                    yield Rows(name, first, _completed(batch, first, schema), is_text)
                    first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(f"File {name!r} cannot be read: {error}") from error
        total += first - 1
    if not total:
        raise DataRefused(f"The input {str(folder)!r} is empty: its {len(files)} files have no rows.")


def _open_csv(path: Path, schema: Schema, name: str, needs_target: bool) -> Iterator[pa.RecordBatch]:
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=CSV_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=_as_text(schema.columns),
    )
    _check(reader.schema.names, schema, name, needs_target)
    yield from reader


def _open_headerless(path: Path, schema: Schema, name: str, needs_target: bool) -> Iterator[pa.RecordBatch]:
    places = [f"f{index}" for index in range(len(schema.columns))]  # Arrow's own names
    ill: list[pa.csv.InvalidRow] = []

    def refuse(row: pa.csv.InvalidRow) -> str:
        ill.append(row)
        return "error"

    try:
        reader = pa.csv.open_csv(
            path,
            # With one thread Arrow knows the number of an ill row; it is no slower.
            read_options=pa.csv.ReadOptions(
                block_size=CSV_BLOCK_BYTES, autogenerate_column_names=True, use_threads=False
            ),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
            convert_options=_as_text(places),
        )
        columns = _columns_of(len(reader.schema.names), schema, name, needs_target)
        for number, batch in enumerate(reader):
            named = batch.rename_columns(columns)
            if number == 0:
                _refuse_header(named, name)
            yield named
    except pa.ArrowInvalid as error:
        if not ill:
            raise
        columns = _columns_of(ill[0].expected_columns, schema, name, needs_target)
        raise _wrong_count(name, ill[0].number, ill[0].actual_columns, columns) from error


def _columns_of(count: int, schema: Schema, name: str, needs_target: bool) -> list[str]:
    """Say which columns so many values are, as the first row has."""
    columns = list(schema.csv_columns or ())
    if count == len(columns):
        return columns
    without = [column for column in columns if column != schema.target]
    if count == len(without) and not needs_target:
        return without
    raise _wrong_count(name, 1, count, columns)


def _wrong_count(name: str, row: int, found: int, columns: Sequence[str]) -> DataRefused:
    return DataRefused(
        f"File {name!r}, row {row} is refused: it has {found} values; expected are {len(columns)}, without a header: "
        f"{quoted(columns, limit=len(columns))}."
    )


def _refuse_header(batch: pa.RecordBatch, name: str) -> None:
    if batch.num_rows and [column[0].as_py() for column in batch.columns] == batch.schema.names:
        raise DataRefused(
            f"File {name!r} has a header, and csv_columns says that it has none: remove its first row, or leave "
            "csv_columns out."
        )


def _open_parquet(path: Path, schema: Schema, name: str, needs_target: bool) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    _check(file.schema_arrow.names, schema, name, needs_target)
    yield from file.iter_batches(batch_size=READ_ROWS)


def _as_text(columns: Sequence[str]) -> pa.csv.ConvertOptions:
    """Types come from the schema, not from the first values, and a bad value can be shown as it is written."""
    return pa.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), null_values=[""], strings_can_be_null=True
    )


def _check(names: Sequence[str], schema: Schema, name: str, needs_target: bool) -> None:
    is_without = not needs_target and schema.target not in names
    expected = [column for column in schema.columns if not (is_without and column == schema.target)]
    check_columns(names, expected, f"File {name!r}")


def _check_ids_can_be_made(files: Sequence[Path], schema: Schema) -> None:
    texts = [path for path in files if ".csv" in path.suffixes]
    if schema.csv_columns is not None and schema.id_column not in schema.csv_columns and len(texts) > 1:
        raise DataRefused(
            f"The input has {len(texts)} CSV files, {quoted([path.name for path in texts])}, and ids are made from the "
            "number of a row in its file, so that they would occur twice: give one file, or a column of ids "
            f"({schema.id_column!r}) and name it in csv_columns."
        )


def _completed(batch: pa.RecordBatch, first: int, schema: Schema) -> pa.RecordBatch:
    """Add what the file may lack: ids out of the rows' numbers, and an empty target."""
    if schema.id_format is not None and schema.id_column not in batch.schema.names:
        batch = batch.append_column(schema.id_column, made_ids(schema.id_format, first, batch.num_rows))
    if schema.target not in batch.schema.names:
        batch = batch.append_column(schema.target, pa.nulls(batch.num_rows))
    return batch


def made_ids(form: IdFormat, first: int, count: int) -> pa.Array:
    """Make ids out of the numbers of rows, from `first` on."""
    digits = pc.utf8_lpad(pa.array(np.arange(first, first + count)).cast(pa.string()), form.width, "0")
    return pc.binary_join_element_wise(form.prefix, digits, form.suffix, "")
