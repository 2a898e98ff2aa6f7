"""The rows that a day was published with: its partitions in Glue, and their Parquet files in S3."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from dataset_schema import DataRefused, Schema, quoted
from publish_history import History
from raw_rows import READ_ROWS, Rows
from scored_rows import ScoredRows, checked, score_columns

KEYS = (["dt"], ["dt", "run"])
"""Of tables that publish.py makes: a day has one run, or one for each execution."""
MODEL, EXECUTION = "model_package_arn", "execution_id"
NEAREST_DAYS = 5


@dataclass(slots=True)
class PublishedDay:
    """The runs of one day, and what their rows say about where they come from."""

    s3: Any
    glue: Any
    database: str
    table: str
    day: date
    schema: Schema
    models: list[str] = field(default_factory=list)
    """Those that scored, in the order in which they are read."""
    executions: list[str] = field(default_factory=list)

    def runs(self) -> Iterator[Iterator[ScoredRows]]:
        """Give the rows of each run, the one that was published last first.

        Raises:
            DataRefused: the table or the day does not exist, or is not one that publish.py made.
        """
        for location in self._locations():
            yield self._read(location)

    def _locations(self) -> list[str]:
        keys = self._partition_keys()
        if keys not in KEYS:
            raise DataRefused(
                f"Table {self._name} has the partition keys [{quoted(keys)}]: allowed are those of a published "
                "table, 'dt', or 'dt' and 'run'."
            )
        found = self._partitions(Expression=f"dt = '{self.day.isoformat()}'")
        if not found:
            self._refuse_day()
        return [partition["StorageDescriptor"]["Location"] for partition in sorted(found, key=_age, reverse=True)]

    def _partition_keys(self) -> list[str]:
        try:
            table = self.glue.get_table(DatabaseName=self.database, Name=self.table)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            raise DataRefused(f"Table {self._name} does not exist: publish a day first.") from error
        return [key["Name"] for key in table.get("PartitionKeys", [])]

    def _partitions(self, **chosen: str) -> list[dict[str, Any]]:
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=self.table, **chosen
        )
        return [partition for page in pages for partition in page["Partitions"]]

    def _refuse_day(self) -> None:
        days: set[date] = set()
        for partition in self._partitions():
            with suppress(ValueError):  # a partition that somebody else made
                days.add(date.fromisoformat(partition["Values"][0]))
        nearest = sorted(sorted(days, key=lambda day: abs(day - self.day))[:NEAREST_DAYS])
        raise DataRefused(
            f"{self._name} has no rows of {self.day}; "
            f"{f'the nearest days that it has are {quoted(nearest)}' if nearest else 'no day is published yet'}."
        )

    def _read(self, location: str) -> Iterator[ScoredRows]:
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        keys = [key for key in self._keys(bucket, f"{prefix.rstrip('/')}/") if _is_data(key)]
        if not keys:
            raise DataRefused(
                f"{location} has no files, and {self._name} says that {self.day} is there: publish again."
            )
        with tempfile.TemporaryDirectory() as folder:
            for key in keys:
                path = Path(folder) / "rows.parquet"
                self._download(bucket, key, path)
                yield from self._rows(path, f"s3://{bucket}/{key}")
                path.unlink()

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield item["Key"]

    def _download(self, bucket: str, key: str, path: Path) -> None:
        try:
            self.s3.download_file(bucket, key, str(path))
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
                raise
            raise DataRefused(
                f"s3://{bucket}/{key} is gone: {self.day} was published again while it was read; run the step again."
            ) from error

    def _rows(self, path: Path, address: str) -> Iterator[ScoredRows]:
        columns, first = score_columns(self.schema), 1
        try:
            file = pq.ParquetFile(path)
            missing = [name for name in columns if name not in file.schema_arrow.names]
            if missing:
                raise DataRefused(f"{address} lacks the columns {quoted(missing)}: is it a file that publish.py wrote?")
            for batch in file.iter_batches(batch_size=READ_ROWS, columns=[*columns, MODEL, EXECUTION]):
                _remember(self.models, batch, MODEL)
                _remember(self.executions, batch, EXECUTION)
                yield checked(Rows(address, first, batch.select(columns), is_text=False), self.schema)
                first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(f"{address} cannot be read: {error}; expected is Parquet.") from error

    @property
    def _name(self) -> str:
        return f"{self.database}.{self.table}"


def _age(partition: dict[str, Any]) -> tuple[str, str]:
    """Return when a partition was published, to be sorted by."""
    published = History.of(partition).current.published
    created = partition.get("CreationTime")
    moment = published or (created.astimezone(UTC).isoformat(timespec="seconds") if created else "")
    return moment, partition["Values"][-1]


def _is_data(key: str) -> bool:
    name = key.rpartition("/")[2]
    return bool(name) and not name.startswith(("_", "."))


def _remember(known: list[str], batch: pa.RecordBatch, column: str) -> None:
    """Add the values that were not seen before; a table from before the column was there has none."""
    if column in batch.schema.names:
        known += [value for value in batch.column(column).unique().drop_null().to_pylist() if value not in known]
