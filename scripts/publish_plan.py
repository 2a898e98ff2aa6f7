"""What one publish is about: the table's columns and keys, the day, and where everything lies."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
from dataset_schema import Schema


class Mode(StrEnum):
    """What becomes of the day's earlier rows."""

    REPLACE_PARTITION = "replace_partition"  # readers see the newest run of a day only
    APPEND = "append"  # each execution is a partition of its own: readers see all runs of a day


PARTITION_KEYS: dict[Mode, tuple[str, ...]] = {Mode.REPLACE_PARTITION: ("dt",), Mode.APPEND: ("dt", "run")}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to publish, as what."""

    predictions: Path
    batch: Path
    schema: Schema
    database: str
    table: str
    bucket: str
    prefix: str
    """Of the table's root, ends with a slash."""
    day: date
    execution_id: str
    model_package_arn: str
    now: datetime
    mode: Mode = Mode.REPLACE_PARTITION
    keep_runs: int = 3
    """How many older runs of a partition stay in S3; at least one, because a reader may be on it."""
    csv: Path | None = None
    """A folder for the predictions as CSV, too."""

    @property
    def columns(self) -> list[dict[str, str]]:
        """The table's columns as Glue spells them."""
        kinds = {
            self.schema.id_column: "string",
            "prediction": "double" if self.schema.is_regression else "int",
            "prediction_probability": "double",
            "prediction_timestamp": "timestamp",
            "model_package_arn": "string",
            "execution_id": "string",
        }
        return [{"Name": name, "Type": kind} for name, kind in kinds.items()]

    @property
    def partition_keys(self) -> list[dict[str, str]]:
        """The table's partition keys as Glue spells them."""
        return [{"Name": name, "Type": "string"} for name in PARTITION_KEYS[self.mode]]

    @property
    def partition_values(self) -> list[str]:
        """Of the partition that this publish makes or moves."""
        values = {"dt": self.day.isoformat(), "run": self.execution_id}
        return [values[name] for name in PARTITION_KEYS[self.mode]]

    @property
    def arrow_schema(self) -> pa.Schema:
        """The same columns in the files; Athena reads timestamps of milliseconds in any engine."""
        kinds = {"string": pa.string(), "int": pa.int32(), "double": pa.float64(), "timestamp": pa.timestamp("ms")}
        return pa.schema([(column["Name"], kinds[column["Type"]]) for column in self.columns])

    @property
    def name(self) -> dict[str, Any]:
        """The table, as calls about partitions name it."""
        return {"DatabaseName": self.database, "TableName": self.table}

    def uri(self, prefix: str) -> str:
        """Return a prefix of the bucket as an S3 URI."""
        return f"s3://{self.bucket}/{prefix}"
