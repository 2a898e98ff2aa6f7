"""Checks an uploaded CSV file line by line, and writes the rows to score and the labels that are known of them.

Its bundle: check_upload.py, batch_rows.py, csv_parts.py, customer_rows.py, dataset_schema.py, parquet_parts.py,
raw_rows.py, refused_rows.py, typed_rows.py, unique_ids.py, upload_rows.py.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import boto3
from batch_rows import BatchRows, check_limit
from botocore.exceptions import BotoCoreError, ClientError
from csv_parts import CsvParts
from customer_rows import Refusal, Rules, check, count_ids
from dataset_schema import (
    DataRefused,
    Schema,
    SchemaRefused,
    ScriptError,
    exit_code,
    find_files,
    new_parser,
    say,
)
from raw_rows import Rows
from refused_rows import Refusals
from typed_rows import typed_rows
from upload_rows import Layout, find_layout, read_uploads

PROCESSING = Path("/opt/ml/processing")
KEPT_REFUSALS = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files to check, and where to put their rows."""

    source: Path
    schema: Schema
    batch: Path
    labels: Path
    errors: str
    """S3 prefix for the refused rows."""
    max_refused_share: float
    max_file_bytes: int

    def __post_init__(self) -> None:
        check_limit(self.max_file_bytes)
        if not 0 <= self.max_refused_share <= 1:
            raise SchemaRefused(f"--max-refused-share {self.max_refused_share} is refused: it must be from 0 to 1.")


def check_upload(plan: Plan, s3: Any) -> None:
    """Check every line, keep the bad ones with their reasons, and write the good ones.

    Raises:
        DataRefused: a file is empty or has a header, too many rows are bad, or none is good; what is known of the bad
            ones is kept.
    """
    files = find_files(plan.source, (".csv",))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".jsonl") as file:
        refusals = Refusals(file, KEPT_REFUSALS)
        try:
            layouts = [_layout(plan, path, refusals) for path in files]
            total, batch = _write(plan, layouts, refusals)
        finally:
            address = refusals.save(s3, plan.errors)
    _judge(plan, refusals, total, address)
    if not batch.rows:
        raise DataRefused(f"None of the {total} rows is good: there is nothing to score.")
    say(f"Read {total} rows from {len(files)} files; to score {batch}.")


def _layout(plan: Plan, path: Path, refusals: Refusals) -> Layout:
    name = path.relative_to(plan.source).as_posix()
    try:
        return find_layout(path, name, plan.schema)
    except DataRefused as error:
        refusals.add([Refusal(name, 1, [str(error)], {})])
        raise


def _write(plan: Plan, layouts: Sequence[Layout], refusals: Refusals) -> tuple[int, BatchRows]:
    """Return how many rows there are, and what was written."""
    # An upload has no time of its own.
    schema = replace(plan.schema, event_time_column=None)
    layouts = [replace(layout, schema=schema) for layout in layouts]
    _, repeated = count_ids(lambda: (rows.rows for rows in read_uploads(layouts)), schema)
    rules = Rules(schema, {}, datetime.now(UTC), repeated)
    batch = BatchRows(schema, plan.batch, plan.labels, plan.max_file_bytes, CsvParts)
    total = 0
    for upload in read_uploads(layouts):
        good, refused = check(upload.rows, rules)
        # A line that is no row was refused for that, and an empty one is not refused at all.
        refusals.add(
            sorted([*upload.refused, *(item for item in refused if upload.is_row(item.row))], key=attrgetter("row"))
        )
        batch.write(typed_rows(Rows(upload.rows.file, 1, good, is_text=True), schema))
        total += upload.count
    batch.close()
    return total, batch


def _judge(plan: Plan, refusals: Refusals, total: int, address: str) -> None:
    """Fail when too many rows are bad."""
    if not refusals.count:
        return
    told = refusals.told(total, address)
    if refusals.count / total > plan.max_refused_share:
        raise DataRefused(
            f"{told} That is more than upload.max_refused_share allows ({plan.max_refused_share:.2%}): nothing is "
            "scored. Mend the file and upload it again."
        )
    say(told)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        region = given.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
        plan = Plan(
            source=given.input,
            schema=Schema.load(given.schema),
            batch=given.batch,
            labels=given.labels,
            errors=given.errors,
            max_refused_share=given.max_refused_share,
            max_file_bytes=int(given.max_file_mb * 1_000_000),
        )
        try:
            check_upload(plan, boto3.client("s3", region_name=region))
        except (ClientError, BotoCoreError, boto3.exceptions.Boto3Error) as error:
            raise ScriptError(f"AWS refused: {error}") from error

    return exit_code(work)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--input", type=Path, default=PROCESSING / "input/raw", help="CSV without a header, any depth")
    parser.add_argument("--schema", type=Path, default=PROCESSING / "input/schema/schema.json", help="the columns")
    for name in ("batch", "labels"):
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "output" / name, help="output folder")
    parser.add_argument("--errors", required=True, help="S3 prefix for refused rows")
    parser.add_argument("--max-refused-share", type=float, default=0.0, help="more bad rows, and nothing is scored")
    parser.add_argument("--max-file-mb", type=float, default=100, help="of one file to score")
    parser.add_argument("--region", help="AWS region; left out: the environment's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
