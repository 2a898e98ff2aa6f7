"""Brings customers into a feature group: every row checked, the good ones sent, the others kept with their reasons.

Its bundle: ingest_features.py, athena_sql.py, customer_rows.py, dataset_schema.py, feature_group.py,
feature_manifest.py, feature_query.py, feature_writer.py, raw_rows.py, refused_rows.py.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from customer_rows import Range, Refusal, Rules, check_all, count_ids, milliseconds
from dataset_schema import (
    DataRefused,
    GroupRefused,
    NotIngested,
    Schema,
    SchemaRefused,
    exit_code,
    find_files,
    hash_ids,
    new_parser,
    say,
)
from feature_group import FeatureGroup, ensure
from feature_manifest import Manifest
from feature_writer import READ_LIMIT, FeatureWriter, Outcome, Record
from raw_rows import SUFFIXES, read
from refused_rows import Refusals

PROCESSING = Path("/opt/ml/processing")
PROGRESS_SECONDS = 2.0
RUNTIME = "sagemaker-featurestore-runtime"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to bring where."""

    source: Path
    schema: Schema
    ranges: Mapping[str, Range]
    feature_group: str
    store: str
    role_arn: str
    description: str
    errors: str
    """S3 prefix for the refused rows."""
    manifest: str
    input: str
    execution_id: str
    git_commit: str
    max_refused_share: float
    threads: int
    max_attempts: int
    create_wait_seconds: float

    def __post_init__(self) -> None:
        if self.schema.event_time_column is None:
            raise SchemaRefused("A feature group needs event_time_column in the schema: name the column.")


@dataclass(frozen=True, slots=True)
class Clients:
    """AWS as this job sees it."""

    s3: Any
    sagemaker: Any
    runtime: Any


@dataclass(slots=True)
class Tally:
    """What became of the rows so far; 8 bytes a row are kept."""

    written: int = 0
    unchanged: int = 0
    older: int = 0
    hashes: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    oldest: int | None = None
    newest: int | None = None

    @property
    def done(self) -> int:
        """Rows that were dealt with."""
        return self.written + self.unchanged + self.older

    def add(self, outcome: Outcome, schema: Schema) -> None:
        """Count some more."""
        self.written += len(outcome.written)
        self.unchanged += len(outcome.unchanged)
        self.older += len(outcome.older)
        present = [*outcome.written, *outcome.unchanged]
        if not present:
            return
        self.hashes.append(hash_ids(pa.array([record[schema.id_column] for record in present])))
        moments = milliseconds(pa.array([record[str(schema.event_time_column)] for record in present]))
        self.oldest = min(int(moments.min()), int(moments.min()) if self.oldest is None else self.oldest)
        self.newest = max(int(moments.max()), int(moments.max()) if self.newest is None else self.newest)


def ingest(plan: Plan, clients: Clients) -> Manifest | None:
    """Check all rows first, then send the good ones; return the manifest, None when the group has newer ones only."""
    files = find_files(plan.source, SUFFIXES)
    total, repeated_ids = count_ids(lambda: read(files, plan.source, plan.schema), plan.schema)
    rules = Rules(plan.schema, plan.ranges, datetime.now(UTC), repeated_ids)
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good.parquet"
        with (Path(folder) / "refused.jsonl").open("w", encoding="utf-8") as file:
            refusals = Refusals(file)
            count = _check(plan, rules, files, good, refusals)
            _judge(plan, clients, refusals, total, "Nothing was ingested.")
            if not count:
                raise DataRefused(f"None of the {total} rows is good: there is nothing to ingest.")
            tally = _send(plan, clients, good, count, refusals)
            _judge(plan, clients, refusals, total, "The good rows were ingested.")
    return _finish(plan, clients, tally, refusals.count)


def _check(plan: Plan, rules: Rules, files: Sequence[Path], good: Path, refusals: Refusals) -> int:
    """Write the good rows to a file of this machine, so that they are checked once and nothing is sent before."""
    types = pa.schema([(name, pa.string()) for name in plan.schema.columns])
    count = 0
    with pq.ParquetWriter(good, types) as writer:
        for batch, refused in check_all(files, plan.source, rules):
            writer.write_batch(batch)
            count += batch.num_rows
            refusals.add(refused)
    return count


def _judge(plan: Plan, clients: Clients, refusals: Refusals, total: int, so_far: str) -> None:
    """Keep the refused rows; fail when they are too many."""
    address = refusals.save(clients.s3, plan.errors)
    if refusals.count:
        told = refusals.told(total, address)
        if refusals.count / total > plan.max_refused_share:
            raise DataRefused(
                f"{told} That is more than ingestion.max_refused_share allows ({plan.max_refused_share:.2%}). {so_far}"
            )
        say(told)


def _send(plan: Plan, clients: Clients, good: Path, count: int, refusals: Refusals) -> Tally:
    """Send records with several threads; only so many wait in memory."""
    group = _group(plan, clients)
    writer = FeatureWriter(
        client=clients.runtime,
        group=group.name,
        types=group.types,
        id_column=plan.schema.id_column,
        event_time_column=str(plan.schema.event_time_column),
        max_attempts=plan.max_attempts,
    )
    tally, begin = Tally(), time.monotonic()
    told = begin
    for outcome in _outcomes(writer, good, plan.threads):
        tally.add(outcome, plan.schema)
        refusals.add([_late(record, reason, plan) for record, reason in outcome.refused])
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            say(f"Ingested {tally.done} of {count} customers, {tally.done / (told - begin):.0f} a second.")
    seconds = max(time.monotonic() - begin, 1e-3)
    say(f"Ingested {tally.done} of {count} customers in {seconds:.1f} s, {tally.done / seconds:.0f} a second.")
    return tally


def _group(plan: Plan, clients: Clients) -> FeatureGroup:
    group = ensure(
        clients.sagemaker,
        plan.feature_group,
        plan.schema,
        store=plan.store,
        role_arn=plan.role_arn,
        description=plan.description,
        wait_seconds=plan.create_wait_seconds,
    )
    if not group.has_online_store:
        raise GroupRefused(
            f"Feature group {group.name!r} has no online store, which says what is there already: name one that has."
        )
    return group


def _outcomes(writer: FeatureWriter, good: Path, threads: int) -> Iterator[Outcome]:
    running: deque[Future[Outcome]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for batch in pq.ParquetFile(good).iter_batches(batch_size=READ_LIMIT):
                running.append(pool.submit(writer.write, _records(batch)))
                if len(running) >= 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            # After a failure: what has not begun yet would only fail, too.
            pool.shutdown(cancel_futures=True)


def _records(batch: pa.RecordBatch) -> list[Record]:
    names = batch.schema.names
    columns = [column.to_pylist() for column in batch.columns]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*columns, strict=True)
    ]


def _late(record: Record, reason: str, plan: Plan) -> Refusal:
    return Refusal(file=plan.input, row=0, reasons=[reason], values=dict(record))


def _finish(plan: Plan, clients: Clients, tally: Tally, refused: int) -> Manifest | None:
    told = (
        f"{tally.written} versions written, {tally.unchanged} were there already, {tally.older} are older than the "
        f"feature group's, {refused} rows refused."
    )
    if tally.oldest is None or tally.newest is None:
        say(f"{told} Nothing is new, so the manifest stays as it is.")
        return None
    hashes = np.sort(np.concatenate(tally.hashes))
    manifest = Manifest(
        feature_group=plan.feature_group,
        execution_id=plan.execution_id,
        git_commit=plan.git_commit,
        input=plan.input,
        rows=len(hashes),
        ids_sha256=hashlib.sha256(hashes.astype("<u8").tobytes()).hexdigest(),
        oldest_event_time=_iso(tally.oldest),
        newest_event_time=_iso(tally.newest),
        written=tally.written,
        unchanged=tally.unchanged,
        older=tally.older,
        refused=refused,
    )
    manifest.save(clients.s3, plan.manifest)
    say(f"{told} The manifest is {plan.manifest}.")
    return manifest


def _iso(moment: int) -> str:
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = vars(_parser().parse_args(argv))

    def work() -> None:
        region, schema, ranges = given.pop("region"), Schema.load(given.pop("schema")), given.pop("range")
        plan = Plan(
            source=given.pop("input"), input=given.pop("input_uri"), schema=schema, ranges=dict(ranges), **given
        )
        try:
            ingest(plan, _clients(region, plan.threads))
        except (ClientError, BotoCoreError) as error:
            raise NotIngested(f"AWS refused a call: {error}") from error

    return exit_code(work)


def _clients(region: str | None, threads: int) -> Clients:
    session = boto3.Session(region_name=region)
    # Checked already, and each check costs as much as the call itself.
    runtime = Config(max_pool_connections=threads, parameter_validation=False, retries={"mode": "standard"})
    return Clients(session.client("s3"), session.client("sagemaker"), session.client(RUNTIME, config=runtime))


def _range(text: str) -> tuple[str, Range]:
    """Read `age=18:120`, `age=18:` or `age=:120`."""
    name, _, bounds = text.partition("=")
    low, _, high = bounds.partition(":")
    return name, (float(low) if low else None, float(high) if high else None)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--input", type=Path, default=PROCESSING / "input/raw", help="CSV or Parquet, any depth")
    parser.add_argument("--input-uri", required=True, help="where the input came from, for the manifest")
    parser.add_argument("--schema", type=Path, default=PROCESSING / "input/schema/schema.json", help="the columns")
    parser.add_argument("--range", type=_range, action="append", default=[], help="of a numeric feature: age=18:120")
    parser.add_argument("--feature-group", required=True, help="its name; created when it is missing")
    parser.add_argument("--store", required=True, help="S3 prefix of a new group's offline store")
    parser.add_argument("--role-arn", required=True, help="role that writes a new group's offline store")
    parser.add_argument("--description", default="Customers", help="of a new group")
    parser.add_argument("--errors", required=True, help="S3 prefix for refused rows")
    parser.add_argument("--manifest", required=True, help="S3 address of the manifest")
    parser.add_argument("--execution-id", default="", help="kept in the manifest")
    parser.add_argument("--git-commit", default="unknown", help="kept in the manifest")
    parser.add_argument("--max-refused-share", type=float, default=0.01, help="more bad rows, and nothing is ingested")
    parser.add_argument("--threads", type=int, default=8, help="that send records")
    parser.add_argument("--max-attempts", type=int, default=8, help="for one batch of records")
    parser.add_argument("--create-wait-seconds", type=float, default=600, help="for a new group to be ready")
    parser.add_argument("--region", help="AWS region; left out: the environment's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
