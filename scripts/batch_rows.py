"""The batch: what is scored, cut into files of one transform request each, and the labels that are known of it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import DataRefused, IdRange, Schema, SchemaRefused
from parquet_parts import Parts
from raw_rows import Rows
from typed_rows import id_numbers, row_types, typed_rows
from unique_ids import UniqueIds


class Writer(Protocol):
    """Writes rows into files of a folder."""

    types: pa.Schema
    paths: list[Path]
    rows: int

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""

    def close(self) -> None:
        """End the last file."""


class BatchRows:
    """Writes id and features to one folder, and id and target of the labelled rows to another.

    The folder of labels has one file at least, maybe without rows: a job whose input is an empty prefix fails.
    """

    def __init__(
        self,
        schema: Schema,
        batch: Path,
        labels: Path | None,
        max_file_bytes: int,
        parts: Callable[[Path, pa.Schema, int], Writer] = Parts,
    ) -> None:
        types = row_types(schema)
        target = types.get_field_index(schema.target)
        self.schema = schema
        self.scored = parts(batch, types.remove(target), max_file_bytes)
        label_types = pa.schema([types.field(schema.id_column), types.field(target)])
        self.labels = None if labels is None else Parts(labels, label_types, has_a_file=True)

    def write(self, typed: pa.RecordBatch) -> None:
        """Add rows as `typed_rows` gives them."""
        self.scored.write(typed.select(self.scored.types.names))
        if self.labels is not None:
            known = pc.invert(typed.column(self.schema.target).is_null(nan_is_null=True))
            self.labels.write(typed.select(self.labels.types.names).filter(known))

    def close(self) -> None:
        """End the files."""
        self.scored.close()
        if self.labels is not None:
            self.labels.close()

    @property
    def rows(self) -> int:
        """How many rows there are to score."""
        return self.scored.rows

    def check(self, ids: IdRange) -> None:
        """Refuse a batch of nobody."""
        if not self.rows:
            raise DataRefused(f"No rows to score: the input has none of the ids {ids}.")

    def __str__(self) -> str:
        labelled = "" if self.labels is None else f", {self.labels.rows} of them labelled"
        return f"{self.rows} in {len(self.scored.paths)} files{labelled}"


def write_batch(read: Callable[[], Iterable[Rows]], ids: IdRange, batch: BatchRows) -> int:
    """Check every row, write those of a range of ids, and end the files; return how many rows were read.

    The rows are read again only when two ids may be the same.

    Raises:
        DataRefused: a value is not what the schema says, or an id occurs twice.
    """
    schema = batch.schema
    unique = UniqueIds(schema)
    for rows in read():
        typed = typed_rows(rows, schema)
        column = typed.column(schema.id_column)
        unique.add(column)
        batch.write(typed.filter(pa.array(ids.holds(id_numbers(rows, column, schema)))))
    batch.close()
    unique.check(read)
    return len(unique)


def id_range(start: str | None, end: str | None, schema: Schema) -> IdRange:
    """Read the bounds of a range of ids; nothing, or an empty text, is no bound.

    Raises:
        SchemaRefused: a bound is no whole number, or ids have no numbers.
    """
    ids = IdRange(_bound(start), _bound(end))
    if schema.id_format is None and not ids.is_open:
        raise SchemaRefused("An id range needs id_format in the schema: write one, or leave the ranges empty.")
    return ids


def _bound(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    try:
        return int(text)
    except ValueError as error:
        raise SchemaRefused(
            f"The id bound {text!r} is refused: write a whole number, or nothing for no bound."
        ) from error


def check_limit(max_file_bytes: int) -> None:
    """Refuse a limit that no file can keep.

    Raises:
        SchemaRefused: with the option.
    """
    if max_file_bytes <= 0:
        raise SchemaRefused(f"--max-file-mb {max_file_bytes} is refused: it must be above 0.")
