"""Labels that came later: CSV or Parquet files with an id and a target as people write it, class texts or numbers."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from batch_labels import LabelRows
from dataset_schema import DataRefused, Schema, find_files, quoted, say
from raw_rows import CSV_BLOCK_BYTES, READ_ROWS, Rows

SUFFIXES = (".csv", ".csv.gz", ".parquet")

Floats = npt.NDArray[np.float64]


def read_raw(folder: Path, schema: Schema) -> Iterator[LabelRows]:
    """Read every file below a folder; columns beside id and target are not looked at, and the log says so.

    A CSV file may lack its header when it has exactly two columns, the id first.

    Raises:
        DataRefused: a column is missing, or a value is no id, no class of the schema, or no number.
    """
    for path in find_files(folder, SUFFIXES):
        name, first = path.relative_to(folder).as_posix(), 1
        opened = _open_parquet if path.name.endswith(".parquet") else _open_csv
        try:
            for batch in opened(path, schema, name):
                rows = Rows(name, first, batch, is_text=opened is _open_csv)
                yield LabelRows(_ids(rows, schema.id_column), _values(rows, schema))
                first += batch.num_rows
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            raise DataRefused(f"File {name!r} cannot be read: {error}") from error


def _open_csv(path: Path, schema: Schema, name: str) -> Iterator[pa.RecordBatch]:
    columns = [schema.id_column, schema.target]
    head = _first_row(path)
    if head is None:
        return
    has_header = len(head) != 2 or not set(columns).isdisjoint(head)
    if has_header:
        _check(head, columns, name)
    else:
        say(f"File {name!r} has no header: its two columns are read as {columns[0]} and {columns[1]}.")
    # As text: types come from the schema, not from the first values, and a bad value can be shown as it is written.
    yield from pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(column_names=None if has_header else columns, block_size=CSV_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _first_row(path: Path) -> list[str] | None:
    """Return the cells of the first line; None when the file is empty."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), None)


def _open_parquet(path: Path, schema: Schema, name: str) -> Iterator[pa.RecordBatch]:
    file, columns = pq.ParquetFile(path), [schema.id_column, schema.target]
    _check(file.schema_arrow.names, columns, name)
    yield from file.iter_batches(batch_size=READ_ROWS, columns=columns)


def _check(names: Sequence[str], columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in names]
    twice = [column for column in columns if names.count(column) > 1]
    if missing or twice:
        raise DataRefused(
            f"File {name!r} is refused: missing columns [{quoted(missing)}], twice [{quoted(twice)}]; it has "
            f"{quoted(names)}. A file of labels has the columns {columns[0]!r} and {columns[1]!r} (others are not "
            "looked at), or as CSV exactly these two without a header."
        )
    others = [column for column in names if column not in columns]
    if others:
        say(f"File {name!r}: {len(others)} more columns are not looked at: {quoted(others)}.")


def _ids(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        rows.refuse(name, 0, f"a text or an integer, not the type {kind}")
    ids = column.cast(pa.string())
    rows.refuse_first(name, pc.equal(ids.fill_null(""), "").to_numpy(zero_copy_only=False), "an id on every row")
    return ids


def _values(rows: Rows, schema: Schema) -> Floats:
    if schema.classes is None:
        return _numbers(rows, schema.target)
    column = rows.batch.column(schema.target)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    elif pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        rows.refuse(schema.target, 0, f"one of the classes {quoted(schema.classes)}, not the type {column.type}")
    texts = column.cast(pa.string())
    if rows.is_text or not pa.types.is_string(column.type):
        # Integers that once shared a column with nulls often come as 0.0 and 1.0.
        texts = pc.replace_substring_regex(texts, r"^(-?[0-9]+)\.0+$", r"\1")
    codes = pc.index_in(texts, value_set=pa.array(schema.classes))
    unknown = pc.and_(codes.is_null(), texts.is_valid()).to_numpy(zero_copy_only=False)
    rows.refuse_first(schema.target, unknown, f"one of the classes {quoted(schema.classes)}, or nothing")
    return _floats(codes)


def _numbers(rows: Rows, name: str) -> Floats:
    column = rows.batch.column(name)
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (rows.is_text or is_number or pa.types.is_null(kind)):
        rows.refuse(name, 0, f"a number, not the type {kind}")
    try:
        values = _floats(column.cast(pa.float64(), safe=rows.is_text))
    except pa.ArrowInvalid:
        rows.refuse_first(name, np.array([not _is_number(value) for value in column]), "a number, or nothing")
        raise
    with np.errstate(over="ignore"):
        infinite = np.isinf(values.astype(np.float32))
    rows.refuse_first(name, infinite, "a finite number that 32 bits can hold, or nothing")
    return values


def _is_number(text: pa.Scalar) -> bool:
    try:
        text.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _floats(column: pa.Array) -> Floats:
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return values
