"""Publishes a day's predictions as a table's partition: write to a fresh place, audit, then one call to the catalog.

Its bundle: publish.py, publish_day.py, publish_history.py, publish_plan.py, publish_rows.py, publish_table.py,
dataset_schema.py.
"""

import argparse
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import (
    AuditFailed,
    Schema,
    SchemaRefused,
    ScriptError,
    exit_code,
    new_parser,
    quoted,
    repeated,
    say,
)
from publish_day import day_of
from publish_history import History, Run
from publish_plan import Mode, Plan
from publish_rows import SUFFIX, check_unique, pair_files, table_files, write_csv
from publish_table import check_unchanged, code_of, ensure_table, find_history, point_partition

PROCESSING = Path("/opt/ml/processing")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def publish(plan: Plan, s3: Any, glue: Any, clock: Callable[[], datetime] = utc_now) -> None:
    """Write, audit, publish, clean up; nothing that a reader sees changes before the one call that publishes.

    Raises:
        AuditFailed: nothing is published; also when another publish of the day came between.
    """
    pairs = pair_files(plan.predictions, plan.batch)
    place = fresh_run(plan)
    _check_bucket(plan, s3, place)
    columns = ensure_table(plan, glue)
    before = find_history(plan, glue)
    # What a publish that was killed in its clean-up has left.
    left = [] if before is None else clean_up(plan, s3, before)
    written: dict[str, int] = {}
    try:
        rows = write_run(plan, s3, place, pairs, written)
        audit_written(plan, s3, place, written)
        if plan.csv is not None:
            write_csv(plan, pairs, plan.csv)
        check_unchanged(plan, glue, before)
    except (ScriptError, ClientError, BotoCoreError):
        with suppress(ClientError, BotoCoreError):  # what stays behind is in no partition: nobody reads it
            for key in written:
                s3.delete_object(Bucket=plan.bucket, Key=key)
        raise
    run = Run(
        location=plan.uri(place),
        rows=rows,
        files=len(written),
        bytes=sum(written.values()),
        model_package_arn=plan.model_package_arn,
        execution_id=plan.execution_id,
        published=clock().isoformat(timespec="seconds"),
    )
    point_partition(plan, glue, columns, run, before, left, clock)
    say(
        f"Published {rows} rows of {plan.day} to {plan.database}.{plan.table} from {run.location}; before, the "
        f"{'day' if plan.mode is Mode.REPLACE_PARTITION else 'run'} "
        f"{'had no rows' if before is None else f'was at {before.current.location}'}."
    )
    _finish(plan, s3, glue, run)


def _check_bucket(plan: Plan, s3: Any, place: str) -> None:
    """Look for the bucket before the catalog is touched: a table without a place helps nobody."""
    try:
        next(_objects(plan, s3, place), None)
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        raise AuditFailed(
            f"Nothing is published: the bucket {plan.bucket!r} does not exist; make it, then run the step again."
        ) from error


def _finish(plan: Plan, s3: Any, glue: Any, run: Run) -> None:
    """Look at what the catalog says now, and remove what no reader can be on; a fault here undoes no publish."""
    try:
        now = find_history(plan, glue)
        if now is not None and run.location not in {now.current.location, *(old.location for old in now.older)}:
            raise AuditFailed(
                f"Replaced at once: another publish of {plan.day} came in the same moment and the day is at "
                f"{now.current.location}, whole; run the step again to replace it."
            )
        if now is not None:
            clean_up(plan, s3, now)
    except (ClientError, BotoCoreError) as error:
        say(f"Warning: the clean-up is left to the next publish of the day: {error}.")


def clean_up(plan: Plan, s3: Any, history: History) -> list[str]:
    """Remove the files of the runs that are to go, and return the locations where that failed."""
    kept = {history.current.location, *(run.location for run in history.older)}
    day = plan.uri(f"{plan.prefix}dt={plan.day.isoformat()}/run=")
    failed: list[str] = []
    for location in history.removing:
        # The list lies in the catalog, where anybody may write: it removes runs of this day and nothing else.
        if location in kept or not location.startswith(day) or not location.endswith("/"):
            say(f"Warning: {location!r} is not removed: it is no replaced run below {day}.")
            continue
        try:
            for key in dict(_objects(plan, s3, location.removeprefix(plan.uri("")))):
                s3.delete_object(Bucket=plan.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            say(f"Warning: the replaced run {location} is removed later: {error}.")
            failed.append(location)
    return failed


def fresh_run(plan: Plan) -> str:
    """Return a prefix that no other process writes to, not even one that publishes the same execution."""
    return f"{plan.prefix}dt={plan.day.isoformat()}/run={plan.execution_id}/{uuid.uuid4().hex[:12]}/"


def write_run(plan: Plan, s3: Any, place: str, pairs: Sequence[tuple[Path, Path]], written: dict[str, int]) -> int:
    """Audit each file's rows and upload them in the table's form; `written` gets each key and its size.

    Returns:
        The number of rows.
    """
    hashes: list[npt.NDArray[np.uint64]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(table_files(plan, pairs, hashes, Path(folder))):
            key = f"{place}part-{number:05d}.parquet"
            written[key] = path.stat().st_size
            with path.open("rb") as body:
                s3.put_object(Bucket=plan.bucket, Key=key, Body=body)
            path.unlink()
    check_unique(plan, pairs, repeated(hashes))
    rows = sum(map(len, hashes))
    if not rows:
        raise AuditFailed("Nothing is published: the predictions have no rows.")
    return rows


def audit_written(plan: Plan, s3: Any, place: str, written: Mapping[str, int]) -> None:
    """Compare what the bucket lists in the run's place with what was written."""
    found = dict(_objects(plan, s3, place))
    if found != dict(written):
        differing = sorted(key for key in found.keys() | written.keys() if found.get(key) != written.get(key))
        raise AuditFailed(
            f"Nothing is published: {plan.uri(place)} does not hold exactly what was written, these differ: "
            f"{quoted(differing)}; run the step again."
        )


def _objects(plan: Plan, s3: Any, prefix: str) -> Iterator[tuple[str, int]]:
    """Give the key and the size of everything below a prefix."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=plan.bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"], item["Size"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        region = given.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
        try:
            s3, glue = (boto3.client(service, region_name=region) for service in ("s3", "glue"))
            publish(_plan(given, utc_now()), s3, glue)
        except (ClientError, BotoCoreError) as error:
            raise ScriptError(f"AWS refused: {error}") from error

    return exit_code(work)


def _plan(given: argparse.Namespace, now: datetime) -> Plan:
    bucket, _, prefix = given.location.removeprefix("s3://").partition("/")
    if not given.location.startswith("s3://") or not bucket or not prefix.strip("/"):
        raise SchemaRefused(f"--location {given.location!r} is refused: write s3://bucket/prefix/.")
    if given.keep_runs < 1:
        raise SchemaRefused(
            f"--keep-runs {given.keep_runs} is refused: at least 1, because a reader may still be on the last one."
        )
    return Plan(
        predictions=given.predictions,
        batch=given.batch,
        schema=Schema.load(given.schema),
        database=given.database,
        table=given.table,
        bucket=bucket,
        prefix=f"{prefix.strip('/')}/",
        day=day_of(given.inference_date, given.execution_started, now),
        execution_id=given.execution_id,
        model_package_arn=given.model_package_arn,
        now=now,
        mode=Mode(given.mode),
        keep_runs=given.keep_runs,
        csv=given.csv,
    )


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    inputs = PROCESSING / "input"
    parser.add_argument("--predictions", type=Path, default=inputs / "predictions", help=f"*{SUFFIX}, as the batch is")
    parser.add_argument("--batch", type=Path, default=inputs / "batch", help="what was scored: Parquet, or bare CSV")
    parser.add_argument("--schema", type=Path, default=inputs / "schema/schema.json", help="the columns")
    for name in ("database", "table"):
        parser.add_argument(f"--{name}", required=True, help="in Glue, created when missing")
    parser.add_argument("--location", required=True, help="the table's root, s3://bucket/prefix/")
    parser.add_argument("--execution-id", required=True, help="names the run's folder")
    parser.add_argument("--model-package-arn", required=True, help="the model that scored")
    parser.add_argument("--inference-date", default="today", help="YYYY-MM-DD, or today: the execution's first day")
    parser.add_argument("--execution-started", default="", help="when the execution started")
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default="replace_partition",
        help="what becomes of the day's earlier rows",
    )
    parser.add_argument("--keep-runs", type=int, default=3, help="older runs of a day that stay, at least 1")
    parser.add_argument("--csv", type=Path, help="a folder for id, prediction and probability as CSV, too")
    parser.add_argument("--region", help="of the clients; else AWS_REGION")
    return parser


if __name__ == "__main__":
    sys.exit(main())
