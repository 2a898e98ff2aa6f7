"""Reads the customers to learn from and to score out of a feature group, each as of the inference date.

With --output they are as the group has them, for preprocess.py; with --batch they are ready to be scored.

Its bundle: query_features.py, athena_client.py, athena_sql.py, batch_rows.py, dataset_schema.py, feature_group.py,
feature_manifest.py, feature_query.py, parquet_parts.py, publish_day.py, raw_rows.py, typed_rows.py, unique_ids.py.
"""

import argparse
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from athena_client import Athena
from batch_rows import BatchRows, check_limit, id_range, write_batch
from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import (
    DataRefused,
    IdRange,
    NotArrived,
    QueryFailed,
    Schema,
    SchemaRefused,
    exit_code,
    new_parser,
    say,
)
from feature_group import FeatureGroup, wait_until_created
from feature_manifest import Manifest
from feature_query import OfflineTable, Wanted, arrived_query, as_of_query, unload
from parquet_parts import Parts
from publish_day import day_of
from raw_rows import Rows

PROCESSING = Path("/opt/ml/processing")
READ_ROWS = 32_768
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.3, 30.0
SCORING = "scoring"
TYPES = {"Integral": pa.int64(), "Fractional": pa.float64(), "String": pa.string()}


@dataclass(frozen=True, slots=True)
class Clients:
    """AWS as this job sees it."""

    s3: Any
    sagemaker: Any
    athena: Athena
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read, and where to put it."""

    feature_group: str
    schema: Schema
    ranges: dict[str, IdRange]
    """By what they are for."""
    before: datetime
    manifest: str
    wait_seconds: float
    unload: str
    """S3 prefix for Athena's own files; they are removed at the end."""
    output: Path
    max_file_bytes: int
    is_batch: bool = False
    """Write the customers ready to be scored; else as the group has them."""
    labels: Path | None = None
    """For the labels that are known of a batch."""

    def __post_init__(self) -> None:
        if not self.ranges:
            raise SchemaRefused("Nobody is asked for: give --train-id-start/-end, --batch-id-start/-end, or both.")
        if self.schema.id_format is None and not all(ids.is_open for ids in self.ranges.values()):
            raise SchemaRefused("An id range needs id_format in the schema: write one, or leave the ranges empty.")
        check_limit(self.max_file_bytes)
        if self.schema.event_time_column is None:
            raise SchemaRefused("A feature group needs event_time_column in the schema: name the column.")
        if self.is_batch and self.ranges.keys() != {SCORING}:
            raise SchemaRefused(
                "A batch holds customers to score: with --batch give --batch-id-start and --batch-id-end, and leave "
                "out --train-id-start and --train-id-end."
            )


@dataclass(frozen=True, slots=True)
class GroupRows(Rows):
    """Rows of a feature group, which have no order, so that each is named by its id."""

    id_column: str

    def refuse(self, column: str, index: int, expected: str) -> NoReturn:
        """Refuse one value by its customer."""
        name, value = (self.batch.column(part)[index].as_py() for part in (self.id_column, column))
        raise DataRefused(
            f"Feature group {self.file!r}, {self.id_column} {name!r}, column {column!r}: the value {value!r} is "
            f"refused; expected is {expected}."
        )


def query_features(plan: Plan, clients: Clients) -> int:
    """Wait until the last ingestion can be read, then read; return the number of customers."""
    group = wait_until_created(clients.sagemaker, plan.feature_group, plan.wait_seconds, clients.sleep)
    group.check(plan.schema)
    table = group.offline_table()
    wait_until_arrived(plan, clients, group, table)
    wanted = Wanted(plan.schema.columns, plan.schema.id_format, tuple(plan.ranges.values()), plan.before)
    # A prefix of its own each time: UNLOAD refuses one that holds anything, say of an attempt that was broken off.
    location = f"{plan.unload.rstrip('/')}/{uuid.uuid4().hex}/"
    clients.athena.run(unload(as_of_query(table, wanted), location))
    try:
        count, written = _write(plan, group, lambda: unloaded(clients.s3, location))
    finally:
        _remove(clients.s3, location)
    say(
        f"Read {count} customers of feature group {group.name!r}, as of before {plan.before:%Y-%m-%dT%H:%M:%SZ}, "
        f"{written}."
    )
    return count


def wait_until_arrived(plan: Plan, clients: Clients, group: FeatureGroup, table: OfflineTable) -> None:
    """Wait until Athena sees what the last ingestion sent: the service writes the offline store minutes later.

    Raises:
        NotArrived: with what is missing, when it took too long.
    """
    manifest = Manifest.load(clients.s3, plan.manifest)
    if manifest is None or manifest.feature_group != group.name:
        say(f"No manifest of an ingestion into {group.name!r} is at {plan.manifest}: freshness is not checked.")
        return
    query = arrived_query(table, manifest.oldest, manifest.newest)
    begin, pause = time.monotonic(), FIRST_POLL_SECONDS
    while True:
        count, newest = clients.athena.row(query)
        seen = "none" if newest is None else _iso(datetime.fromtimestamp(int(newest) / 1000, UTC))
        if int(count or 0) >= manifest.rows and newest is not None and int(newest) >= _milliseconds(manifest.newest):
            say(f"All {manifest.rows} customers of ingestion {manifest.execution_id} can be read.")
            return
        difference = (
            f"of {manifest.rows} customers of ingestion {manifest.execution_id} {count} can be read, the newest event "
            f"time is {seen} instead of {_iso(manifest.newest)}"
        )
        if time.monotonic() - begin + pause > plan.wait_seconds:
            blocked = f" The offline store is blocked: {group.blocked_reason}." if group.blocked_reason else ""
            raise NotArrived(
                f"The offline store of {group.name!r} is behind after {plan.wait_seconds:g} s: {difference}.{blocked} "
                "Wait and retry, raise feature_store.freshness_wait_seconds, or run feature-ingestion again."
            )
        say(f"Waiting: {difference}.")
        clients.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def unloaded(s3: Any, location: str) -> Iterator[pa.RecordBatch]:
    """Read the files below an S3 prefix, one after the other, some rows at a time."""
    place = urlsplit(location)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=place.path.lstrip("/")):
        for item in page.get("Contents", ()):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "rows.parquet"
                s3.download_file(place.netloc, item["Key"], str(path))
                yield from pq.ParquetFile(path).iter_batches(batch_size=READ_ROWS)


def _write(plan: Plan, group: FeatureGroup, read: Callable[[], Iterator[pa.RecordBatch]]) -> tuple[int, str]:
    """Write what `read` gives, which may be called again; return how many rows were written, and where."""
    types = pa.schema([(name, TYPES[group.types[name]]) for name in plan.schema.columns])

    def typed() -> Iterator[pa.RecordBatch]:
        for batch in read():
            # By position: Athena's names are in lower case.
            columns = [column.cast(field.type) for column, field in zip(batch.columns, types, strict=True)]
            yield pa.record_batch(columns, schema=types)

    if plan.is_batch:
        scored = _write_batch(plan, group, typed)
        return scored.rows, f"to score {scored}"
    parts = _write_raw(plan, group, Parts(plan.output, types, plan.max_file_bytes), typed())
    return parts.rows, f"into {len(parts.paths)} files"


def _write_raw(plan: Plan, group: FeatureGroup, parts: Parts, batches: Iterator[pa.RecordBatch]) -> Parts:
    """Write the rows as they are, no file larger than a transform request."""
    found = dict.fromkeys(plan.ranges, 0)
    for batch in batches:
        parts.write(batch)
        for name, rows in _in_ranges(plan, batch).items():
            found[name] += rows
    parts.close()
    _refuse_empty(plan, group, [name for name, rows in found.items() if not rows])
    return parts


def _write_batch(plan: Plan, group: FeatureGroup, read: Callable[[], Iterator[pa.RecordBatch]]) -> BatchRows:
    """Write the rows to score as prepare_batch.py does."""
    batch = BatchRows(plan.schema, plan.output, plan.labels, plan.max_file_bytes)

    def rows() -> Iterator[Rows]:
        for part in read():
            yield GroupRows(group.name, 1, part, is_text=False, id_column=plan.schema.id_column)

    write_batch(rows, plan.ranges[SCORING], batch)
    _refuse_empty(plan, group, [] if batch.rows else [SCORING])
    return batch


def _refuse_empty(plan: Plan, group: FeatureGroup, names: Sequence[str]) -> None:
    if names:
        empty = " and for ".join(f"{name} (ids {plan.ranges[name]})" for name in names)
        raise DataRefused(
            f"Feature group {group.name!r} has no customers for {empty} before {_iso(plan.before)}: "
            "widen the range, change the inference date, or ingest them first."
        )


def _in_ranges(plan: Plan, rows: pa.RecordBatch) -> dict[str, int]:
    if plan.schema.id_format is None:
        return dict.fromkeys(plan.ranges, rows.num_rows)
    ids = rows.column(plan.schema.id_column).cast(pa.string())
    numbers = pc.extract_regex(ids, plan.schema.id_format.pattern).field("number").cast(pa.int64())
    known = numbers.fill_null(-1).to_numpy()
    return {
        name: rows.num_rows if ids.is_open else int(np.count_nonzero(ids.holds(known) & (known >= 0)))
        for name, ids in plan.ranges.items()
    }


def _remove(s3: Any, location: str) -> None:
    place = urlsplit(location)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=place.path.lstrip("/"))
    for key in [item["Key"] for page in pages for item in page.get("Contents", ())]:
        s3.delete_object(Bucket=place.netloc, Key=key)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        day = day_of(given.inference_date, given.execution_started, datetime.now(UTC))
        schema = Schema.load(given.schema)
        plan = Plan(
            feature_group=given.feature_group,
            schema=schema,
            ranges=_ranges(given, schema),
            before=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1),
            manifest=given.manifest,
            wait_seconds=given.wait_seconds,
            unload=given.unload,
            output=_output(given),
            max_file_bytes=int(given.max_file_mb * 1_000_000),
            is_batch=given.batch is not None,
            labels=given.labels,
        )
        try:
            query_features(plan, _clients(given.region, given.query_results))
        except (ClientError, BotoCoreError) as error:
            raise QueryFailed(f"AWS refused a call: {error}") from error

    return exit_code(work)


def _clients(region: str | None, results: str) -> Clients:
    session = boto3.Session(region_name=region)
    return Clients(
        s3=session.client("s3"),
        sagemaker=session.client("sagemaker"),
        athena=Athena(session.client("athena"), results),
    )


def _ranges(given: argparse.Namespace, schema: Schema) -> dict[str, IdRange]:
    asked = {
        "training": (given.train_id_start, given.train_id_end),
        SCORING: (given.batch_id_start, given.batch_id_end),
    }
    return {
        name: id_range(*bounds, schema) for name, bounds in asked.items() if any(text is not None for text in bounds)
    }


def _output(given: argparse.Namespace) -> Path:
    if given.output is not None and given.batch is not None:
        raise SchemaRefused("Rows go to one folder: give --output for preprocess.py, or --batch to score them.")
    if given.labels is not None and given.batch is None:
        raise SchemaRefused("--labels is given without --batch: give both, or none.")
    folder: Path = given.batch or given.output or PROCESSING / "output/raw"
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--feature-group", required=True, help="its name")
    parser.add_argument("--schema", type=Path, default=PROCESSING / "input/schema/schema.json", help="the columns")
    for name in ("train", "batch"):
        parser.add_argument(f"--{name}-id-start", help="first id's number; empty: no bound")
        parser.add_argument(f"--{name}-id-end", help="last id's number, included; empty: no bound")
    parser.add_argument("--inference-date", default="today", help="the last day that counts: today or YYYY-MM-DD")
    parser.add_argument("--execution-started", default="", help="when the execution started: what today means")
    parser.add_argument("--manifest", required=True, help="S3 address of the last ingestion's manifest")
    parser.add_argument("--wait-seconds", type=float, default=1200, help="for the offline store to have it all")
    parser.add_argument("--query-results", required=True, help="S3 prefix for Athena's results")
    parser.add_argument("--unload", required=True, help="S3 prefix for Athena's files")
    parser.add_argument("--output", type=Path, help=f"folder for the rows; left out: {PROCESSING / 'output/raw'}")
    parser.add_argument("--batch", type=Path, help="folder for the rows, ready to be scored; instead of --output")
    parser.add_argument("--labels", type=Path, help="folder for the labels of the batch; left out: not written")
    parser.add_argument("--max-file-mb", type=float, default=20, help="of one file, below MaxPayloadInMB")
    parser.add_argument("--region", help="AWS region; left out: the environment's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
