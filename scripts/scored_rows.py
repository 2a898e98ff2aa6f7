"""Scored rows, some at a time: id, prediction and probability, as a transform job answered or a day was published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import DataRefused, Schema, check_columns, find_files
from raw_rows import CSV_BLOCK_BYTES, READ_ROWS, Mask, Rows

SUFFIX = ".out"
PREDICTION, PROBABILITY = "prediction", "prediction_probability"
PARQUET_MAGIC = b"PAR1"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Some consecutive rows of one run."""

    ids: pa.Array
    """Text, without nulls."""
    predictions: Floats
    """0 and 1, or of a regression any number."""
    probabilities: Floats
    """Of the positive class; of a regression NaN."""


def score_columns(schema: Schema) -> list[str]:
    """Return the columns of scored rows, in a transform job's order."""
    return [schema.id_column, PREDICTION, PROBABILITY]


def read_transformed(folder: Path, schema: Schema) -> Iterator[ScoredRows]:
    """Read what a transform job wrote: Parquet, or CSV without a header (id, prediction, probability)."""
    for path in find_files(folder, (SUFFIX,)):
        name = path.relative_to(folder).as_posix()
        try:
            for rows in _batches(path, schema, name):
                yield checked(rows, schema)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(
                f"File {name!r} cannot be read: {error}; expected is Parquet, or CSV without a header, "
                "of id, prediction and probability."
            ) from error


def checked(rows: Rows, schema: Schema) -> ScoredRows:
    """Return rows whose ids and scores are sound; another value is refused by its place."""
    ids = rows.batch.column(schema.id_column).cast(pa.string())
    rows.refuse_first(schema.id_column, _is_empty(ids), "an id on every row")
    predictions, probabilities = (_floats(rows, name) for name in (PREDICTION, PROBABILITY))
    if schema.is_regression:
        rows.refuse_first(PREDICTION, ~np.isfinite(predictions), "a finite number")
    else:
        rows.refuse_first(PREDICTION, ~np.isin(predictions, (0.0, 1.0)), "0 or 1")
        inside = (probabilities >= 0.0) & (probabilities <= 1.0)
        rows.refuse_first(PROBABILITY, ~inside, "a probability from 0 to 1")
    return ScoredRows(ids, predictions, probabilities)


def _batches(path: Path, schema: Schema, name: str) -> Iterator[Rows]:
    columns, first = score_columns(schema), 1
    with path.open("rb") as file:
        start = file.read(len(PARQUET_MAGIC))
    is_text = start != PARQUET_MAGIC
    # A request without rows is answered with nothing at all.
    for batch in () if not start else _open_csv(path, columns) if is_text else _open_parquet(path, columns, name):
        yield Rows(name, first, batch, is_text)
        first += batch.num_rows


def _open_csv(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    types = dict(zip(columns, (pa.string(), pa.float64(), pa.float64()), strict=True))
    yield from pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(column_names=list(columns), block_size=CSV_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )


def _open_parquet(path: Path, columns: Sequence[str], name: str) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    check_columns(file.schema_arrow.names, columns, f"File {name!r}")
    yield from file.iter_batches(batch_size=READ_ROWS)


def _is_empty(ids: pa.Array) -> Mask:
    empty: Mask = pa.compute.equal(ids.fill_null(""), "").to_numpy(zero_copy_only=False)
    return empty


def _floats(rows: Rows, name: str) -> Floats:
    column = rows.batch.column(name)
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        rows.refuse(name, 0, f"a number, not the type {kind}")
    # A null becomes NaN, which no check of a value lets through.
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return values
