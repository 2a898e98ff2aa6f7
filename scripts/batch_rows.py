"""The batch: what is scored, cut into files of one transform request each, and the labels that are known of it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import DataRefused, IdRange, Schema, SchemaRefused
from parquet_parts import Parts
from typed_rows import row_types


class BatchRows:
    """Writes id and features to one folder, and id and target of the labelled rows to another.

    The folder of labels has one file at least, maybe without rows: a job whose input is an empty prefix fails.
    """

    def __init__(self, schema: Schema, batch: Path, labels: Path | None, max_file_bytes: int) -> None:
        types = row_types(schema)
        target = types.get_field_index(schema.target)
        self.target = schema.target
        self.scored = Parts(batch, types.remove(target), max_file_bytes)
        label_types = pa.schema([types.field(schema.id_column), types.field(target)])
        self.labels = None if labels is None else Parts(labels, label_types, has_a_file=True)

    def write(self, typed: pa.RecordBatch) -> None:
        """Add rows as `typed_rows` gives them."""
        self.scored.write(typed.select(self.scored.types.names))
        if self.labels is not None:
            known = pc.invert(typed.column(self.target).is_null(nan_is_null=True))
            self.labels.write(typed.select(self.labels.types.names).filter(known))

    def close(self) -> None:
        """End the files."""
        self.scored.close()
        if self.labels is not None:
            self.labels.close()

    def check(self, ids: IdRange) -> None:
        """Refuse a batch of nobody."""
        if not self.scored.rows:
            raise DataRefused(f"No rows to score: the input has none of the ids {ids}.")

    def __str__(self) -> str:
        labelled = "" if self.labels is None else f", {self.labels.rows} of them labelled"
        return f"{self.scored.rows} in {len(self.scored.paths)} files{labelled}"


def check_limit(max_file_bytes: int) -> None:
    """Refuse a limit that no file can keep.

    Raises:
        SchemaRefused: with the option.
    """
    if max_file_bytes <= 0:
        raise SchemaRefused(f"--max-file-mb {max_file_bytes} is refused: it must be above 0.")
