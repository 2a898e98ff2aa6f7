"""Publishes a day's predictions as a table's partition: write to a fresh place, audit, then one call to the catalog.

Its bundle: publish.py, publish_day.py, dataset_schema.py.
"""

import argparse
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import boto3
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import (
    AuditFailed,
    Schema,
    SchemaRefused,
    ScriptError,
    exit_code,
    find_files,
    hash_ids,
    new_parser,
    quoted,
    repeated,
    say,
)
from publish_day import day_of

PROCESSING = Path("/opt/ml/processing")
SUFFIX = ".out"
GROUP_ROWS = 131_072
MAX_FILE_BYTES = 128 << 20
ATTEMPTS = 5
MISSING, EXISTS = "EntityNotFoundException", "AlreadyExistsException"
PARTITION_KEYS = [{"Name": "dt", "Type": "string"}]
FORMAT: dict[str, Any] = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


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
    def arrow_schema(self) -> pa.Schema:
        """The same columns in the files; Athena reads timestamps of milliseconds in any engine."""
        kinds = {"string": pa.string(), "int": pa.int32(), "double": pa.float64(), "timestamp": pa.timestamp("ms")}
        return pa.schema([(column["Name"], kinds[column["Type"]]) for column in self.columns])

    def uri(self, prefix: str) -> str:
        """Return a prefix of the bucket as an S3 URI."""
        return f"s3://{self.bucket}/{prefix}"


def publish(plan: Plan, s3: Any, glue: Any) -> None:
    """Write, audit, publish; nothing that a reader sees changes before the last call."""
    pairs = pair_files(plan.predictions, plan.batch)
    ensure_table(plan, glue)
    run = fresh_run(plan)
    written: dict[str, int] = {}
    try:
        rows = write_run(plan, s3, run, pairs, written)
        audit_written(plan, s3, run, written)
    except (ScriptError, ClientError, BotoCoreError):
        with suppress(ClientError, BotoCoreError):  # what stays behind is in no partition: nobody reads it
            for key in written:
                s3.delete_object(Bucket=plan.bucket, Key=key)
        raise
    before = point_partition(plan, glue, plan.uri(run))
    say(
        f"Published {rows} rows of {plan.day} to {plan.database}.{plan.table} from {plan.uri(run)}; "
        f"before, the day {'had no rows' if before is None else f'was at {before}'}."
    )


def pair_files(predictions: Path, batch: Path) -> list[tuple[Path, Path]]:
    """Pair each file that was to be scored with what the transform job made of it."""
    inputs, outputs = _by_name(batch, ".parquet"), _by_name(predictions, SUFFIX)
    missing, extra = sorted(inputs.keys() - outputs.keys()), sorted(outputs.keys() - inputs.keys())
    if missing or extra:
        raise AuditFailed(
            f"Nothing is published: {len(missing)} files have no predictions [{quoted(missing)}], "
            f"{len(extra)} predictions have no file [{quoted(extra)}]."
        )
    return [(inputs[name], outputs[name]) for name in sorted(inputs)]


def _by_name(folder: Path, suffix: str) -> dict[str, Path]:
    """Name files by their path below the deepest folder that has all of them.

    How much of an input's own path Batch Transform repeats in that of its output is not the same in all its documents.
    """
    paths = find_files(folder, (suffix,))
    top = os.path.commonpath([path.parent for path in paths])
    return {path.relative_to(top).as_posix().removesuffix(SUFFIX): path for path in paths}


def ensure_table(plan: Plan, glue: Any) -> None:
    """Create database and table when they are missing; refuse a table of other columns."""
    if _unless(MISSING, glue.get_database, Name=plan.database) is None:
        _unless(EXISTS, glue.create_database, DatabaseInput={"Name": plan.database})
    table = _unless(MISSING, glue.get_table, DatabaseName=plan.database, Name=plan.table)
    if table is None:
        _unless(
            EXISTS,
            glue.create_table,
            DatabaseName=plan.database,
            TableInput={
                "Name": plan.table,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
                "PartitionKeys": PARTITION_KEYS,
                "StorageDescriptor": FORMAT | {"Columns": plan.columns, "Location": plan.uri(plan.prefix)},
            },
        )
        table = glue.get_table(DatabaseName=plan.database, Name=plan.table)
    has = table["Table"]["StorageDescriptor"]["Columns"] + table["Table"].get("PartitionKeys", [])
    found, wanted = ([f"{c['Name']} {c['Type']}" for c in columns] for columns in (has, plan.columns + PARTITION_KEYS))
    if found != wanted:
        raise SchemaRefused(
            f"Table {plan.database}.{plan.table} is refused: it has the columns [{quoted(found, 20)}], "
            f"predictions have [{quoted(wanted, 20)}]; name another table, or drop this one."
        )


def fresh_run(plan: Plan) -> str:
    """Return a prefix that no other process writes to, not even one that publishes the same execution."""
    return f"{plan.prefix}dt={plan.day.isoformat()}/run={plan.execution_id}/{uuid.uuid4().hex[:12]}/"


def write_run(plan: Plan, s3: Any, run: str, pairs: Sequence[tuple[Path, Path]], written: dict[str, int]) -> int:
    """Audit each file's rows and upload them in the table's form; `written` gets each key and its size.

    Returns:
        The number of rows.
    """
    hashes: list[npt.NDArray[np.uint64]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(_files(plan, pairs, hashes, Path(folder))):
            key = f"{run}part-{number:05d}.parquet"
            written[key] = path.stat().st_size
            with path.open("rb") as body:
                s3.put_object(Bucket=plan.bucket, Key=key, Body=body)
            path.unlink()
    _check_unique(plan, pairs, repeated(hashes))
    rows = sum(map(len, hashes))
    if not rows:
        raise AuditFailed("Nothing is published: the predictions have no rows.")
    return rows


def audit_written(plan: Plan, s3: Any, run: str, written: Mapping[str, int]) -> None:
    """Compare what the bucket lists in the run's place with what was written."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=plan.bucket, Prefix=run)
    found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    if found != dict(written):
        differing = sorted(key for key in found.keys() | written.keys() if found.get(key) != written.get(key))
        raise AuditFailed(
            f"Nothing is published: {plan.uri(run)} does not hold exactly what was written, these differ: "
            f"{quoted(differing)}; run the step again."
        )


def point_partition(plan: Plan, glue: Any, location: str) -> str | None:
    """Make the day's partition point to a location, and return where it pointed before."""
    day = plan.day.isoformat()
    name = {"DatabaseName": plan.database, "TableName": plan.table}
    partition = {"Values": [day], "StorageDescriptor": FORMAT | {"Columns": plan.columns, "Location": location}}
    # Another publish of the day may come between the look and the call: then look again.
    for _ in range(ATTEMPTS):
        found = _unless(MISSING, glue.get_partition, **name, PartitionValues=[day])
        try:
            if found is None:
                glue.create_partition(**name, PartitionInput=partition)
                return None
            glue.update_partition(**name, PartitionValueList=[day], PartitionInput=partition)
            return str(found["Partition"]["StorageDescriptor"]["Location"])
        except ClientError as error:
            if _code(error) not in {EXISTS, MISSING, "ConcurrentModificationException"}:
                raise
    raise ScriptError(f"The partition of {day} changes all the time: other processes publish the same day; try again.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        region = given.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
        try:
            s3, glue = (boto3.client(service, region_name=region) for service in ("s3", "glue"))
            publish(_plan(given, datetime.now(UTC)), s3, glue)
        except (ClientError, BotoCoreError) as error:
            raise ScriptError(f"AWS refused: {error}") from error

    return exit_code(work)


def _plan(given: argparse.Namespace, now: datetime) -> Plan:
    bucket, _, prefix = given.location.removeprefix("s3://").partition("/")
    if not given.location.startswith("s3://") or not bucket or not prefix.strip("/"):
        raise SchemaRefused(f"--location {given.location!r} is refused: write s3://bucket/prefix/.")
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
    )


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    inputs = PROCESSING / "input"
    parser.add_argument("--predictions", type=Path, default=inputs / "predictions", help=f"*{SUFFIX}, Parquet")
    parser.add_argument("--batch", type=Path, default=inputs / "batch", help="the rows that were to be scored")
    parser.add_argument("--schema", type=Path, default=inputs / "schema/schema.json", help="the columns")
    for name in ("database", "table"):
        parser.add_argument(f"--{name}", required=True, help="in Glue, created when missing")
    parser.add_argument("--location", required=True, help="the table's root, s3://bucket/prefix/")
    parser.add_argument("--execution-id", required=True, help="names the run's folder")
    parser.add_argument("--model-package-arn", required=True, help="the model that scored")
    parser.add_argument("--inference-date", default="today", help="YYYY-MM-DD, or today: the execution's first day")
    parser.add_argument("--execution-started", default="", help="when the execution started")
    parser.add_argument("--region", help="of the clients; else AWS_REGION")
    return parser


def _files(
    plan: Plan, pairs: Sequence[tuple[Path, Path]], hashes: list[npt.NDArray[np.uint64]], folder: Path
) -> Iterator[Path]:
    """Write audited rows into files of a size that Athena reads well, and give each when it is whole."""
    sink = writer = None
    for number, (source, scored) in enumerate(pairs):
        rows = audited_rows(plan, source, scored)
        hashes.append(hash_ids(rows.column(0).combine_chunks()))
        if sink is None or writer is None:
            path = folder / f"{number}.parquet"
            sink = pa.OSFile(str(path), "wb")
            writer = pq.ParquetWriter(sink, plan.arrow_schema, use_dictionary=plan.arrow_schema.names[3:])
        for start in range(0, rows.num_rows, GROUP_ROWS):
            writer.write_table(_completed(plan, rows.slice(start, GROUP_ROWS)))
        if sink.tell() >= MAX_FILE_BYTES or number == len(pairs) - 1:
            writer.close()
            sink.close()
            sink = writer = None
            yield path


def audited_rows(plan: Plan, source: Path, scored: Path) -> pa.Table:
    """Return a file's id, prediction and probability, when they are exactly of the rows that were to be scored."""
    id_column = plan.schema.id_column
    try:
        wanted = pq.ParquetFile(source).read([id_column]).column(0).cast(pa.string())
        table = pq.ParquetFile(scored).read()
    except pa.ArrowInvalid as error:
        _refuse(scored, f"cannot be read ({error}); let the transform job answer in application/x-parquet")
    names = [id_column, "prediction", "prediction_probability"]
    if table.column_names != names:
        _refuse(scored, f"has the columns {quoted(table.column_names)}, expected are {quoted(names)}")
    ids = table.column(0).cast(pa.string())
    if not ids.equals(wanted):
        missing, extra = (a.filter(pc.invert(pc.is_in(a, value_set=b))) for a, b in ((wanted, ids), (ids, wanted)))
        if len(missing) or len(extra) or len(ids) != len(wanted):
            _refuse(
                scored,
                f"has {len(ids)} rows for {len(wanted)} to be scored: {len(missing)} ids are missing "
                f"[{quoted(missing.to_pylist())}], {len(extra)} are extra [{quoted(extra.to_pylist())}]",
            )
    if ids.null_count:
        _refuse(scored, f"has {ids.null_count} rows without an id")
    _check_values(plan, table, scored)
    return pa.table([ids, *table.columns[1:]], names=names).cast(pa.schema(list(plan.arrow_schema)[:3]))


def _check_values(plan: Plan, table: pa.Table, scored: Path) -> None:
    prediction, probability = table.column("prediction"), table.column("prediction_probability")
    if plan.schema.is_regression:
        bad = pc.invert(pc.is_finite(prediction.cast(pa.float64())).fill_null(False))
    else:
        fine = pc.and_(pc.greater_equal(probability, 0.0), pc.less_equal(probability, 1.0))
        bad = pc.invert(
            pc.and_(fine, pc.is_in(prediction, value_set=pa.array([0, 1]).cast(prediction.type))).fill_null(False)
        )
    if pc.any(bad).as_py():
        row = table.filter(bad).slice(0, 1).to_pylist()[0]
        allowed = (
            "a finite number" if plan.schema.is_regression else "a prediction of 0 or 1 and a probability in [0, 1]"
        )
        _refuse(scored, f"has {pc.sum(bad).as_py()} invalid rows, the first is {row}; expected is {allowed}")


def _completed(plan: Plan, rows: pa.Table) -> pa.Table:
    constants = (plan.now.replace(tzinfo=None, microsecond=0), plan.model_package_arn, plan.execution_id)
    for kind, value in zip(list(plan.arrow_schema)[3:], constants, strict=True):
        rows = rows.append_column(kind, pa.repeat(pa.scalar(value).cast(kind.type), rows.num_rows))
    return rows


def _check_unique(plan: Plan, pairs: Sequence[tuple[Path, Path]], hashes: npt.NDArray[np.uint64]) -> None:
    # Two ids may share a hash: only the ids themselves tell.
    places: dict[str, str] = {}
    for _, scored in pairs:
        ids = pq.ParquetFile(scored).read([plan.schema.id_column]).column(0).cast(pa.string()).combine_chunks()
        for index in np.flatnonzero(np.isin(hash_ids(ids), hashes)):
            name = ids[int(index)].as_py()
            if name in places:
                _refuse(scored, f"has the id {name!r}, which {places[name]!r} has too")
            places[name] = scored.name


def _refuse(scored: Path, reason: str) -> NoReturn:
    raise AuditFailed(f"Nothing is published: file {scored.name!r} {reason}.")


def _unless(code: str, call: Any, **request: Any) -> Any:
    """Call, and return None instead of an error with this code."""
    try:
        return call(**request)
    except ClientError as error:
        if _code(error) != code:
            raise
        return None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


if __name__ == "__main__":
    sys.exit(main())
