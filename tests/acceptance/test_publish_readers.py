"""Readers in Athena while days are published through S3 and Glue: every read sees one run, whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dataset_schema import AuditFailed
from publish import publish
from publish_history import History
from publish_plan import Mode, Plan

from cli import athena
from cli.context import Context
from tests.acceptance.conftest import Endpoint
from tests.fakes.publishing import DAY, NOW, plan_of, scored

BUCKET = "publish-readers"
DATABASE = "publish_readers"
PUBLISHES = 200
ROWS = 40


@pytest.fixture(scope="module")
def bucket(endpoint: Endpoint) -> str:
    endpoint.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return BUCKET


@pytest.fixture
def reader(endpoint: Endpoint, bucket: str) -> Context:
    context = Context(is_local=True)
    context.__dict__["_clients"] = {"athena": endpoint.client("athena")}
    context.__dict__["config"] = SimpleNamespace(
        athena_database=DATABASE, query_results_uri=f"s3://{bucket}/query_results/"
    )
    return context


def plan_for(folder: Path, table: str, execution: str, **options: Any) -> Plan:
    place: dict[str, Any] = {"database": DATABASE, "table": table, "bucket": BUCKET, "prefix": f"out/{table}/"}
    return plan_of(folder, execution=execution, **{**place, **options})


def clients(endpoint: Endpoint) -> tuple[Any, Any]:
    return endpoint.client("s3"), endpoint.client("glue")


def seen(reader: Context, table: str) -> list[tuple[str, int, int]]:
    """(execution, rows, customers) of each run that a reader finds on the day."""
    sql = (
        f"SELECT execution_id, count(*), count(DISTINCT customer_id) FROM {table} WHERE dt = '{DAY}' "
        "GROUP BY execution_id ORDER BY execution_id"
    )
    return [(str(run), int(rows or 0), int(ids or 0)) for run, rows, ids in athena.run(reader, sql).rows]


class Publisher(threading.Thread):
    """Publishes one day again and again; twenty publishes are an hour of its clock, so that old runs are removed."""

    def __init__(self, folder: Path, endpoint: Endpoint, table: str) -> None:
        super().__init__(daemon=True)
        self._folder, self._table = folder, table
        self._clients = clients(endpoint)
        self.published = 0
        self.failure: BaseException | None = None

    def publish_next(self) -> None:
        moment = NOW + timedelta(minutes=3 * self.published)
        plan = plan_for(self._folder, self._table, f"run-{self.published:03d}", keep_runs=1)
        publish(plan, *self._clients, lambda: moment)
        self.published += 1

    def run(self) -> None:
        try:
            while self.published < PUBLISHES:
                self.publish_next()
        except BaseException as error:  # noqa: BLE001  # the test shows it
            self.failure = error


def test_every_read_during_200_publishes_sees_one_run_whole(
    endpoint: Endpoint, reader: Context, tmp_path: Path
) -> None:
    scored(tmp_path)
    publisher = Publisher(tmp_path, endpoint, "loop")
    publisher.publish_next()

    publisher.start()
    reads = list(_reads_while(publisher, reader))

    assert publisher.failure is None
    assert publisher.published == PUBLISHES
    assert [read for read in reads if [row[1:] for row in read] != [(ROWS, ROWS)]] == []
    runs = [read[0][0] for read in reads]
    assert runs == sorted(runs)
    assert len(set(runs)) >= 10
    assert seen(reader, "loop") == [(f"run-{PUBLISHES - 1:03d}", ROWS, ROWS)]
    assert len(_runs_in_bucket(endpoint, "loop")) < PUBLISHES / 5


def _reads_while(publisher: Publisher, reader: Context) -> Iterator[list[tuple[str, int, int]]]:
    while publisher.is_alive():
        yield seen(reader, "loop")


def _runs_in_bucket(endpoint: Endpoint, table: str) -> set[str]:
    pages = endpoint.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"out/{table}/")
    return {item["Key"].split("/run=")[1].split("/")[0] for page in pages for item in page.get("Contents", [])}


def test_publishes_of_one_day_at_once_leave_one_whole_run_and_the_others_say_so(
    endpoint: Endpoint, reader: Context, tmp_path: Path
) -> None:
    scored(tmp_path)
    s3, glue = clients(endpoint)
    publish(plan_for(tmp_path, "race", "run-0"), s3, glue)
    refusals: list[str] = []

    def one(number: int) -> None:
        try:
            publish(plan_for(tmp_path, "race", f"run-{number}"), s3, glue)
        except AuditFailed as refusal:
            refusals.append(str(refusal))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    ((run, rows, ids),) = seen(reader, "race")
    assert run != "run-0"
    assert (rows, ids) == (ROWS, ROWS)
    assert all("another" in refusal for refusal in refusals)


def test_appended_runs_are_all_readable_and_each_has_every_customer_once(
    endpoint: Endpoint, reader: Context, tmp_path: Path
) -> None:
    scored(tmp_path)

    for execution in ("run-1", "run-2", "run-2"):
        publish(plan_for(tmp_path, "appended", execution, mode=Mode.APPEND), *clients(endpoint))

    assert seen(reader, "appended") == [("run-1", ROWS, ROWS), ("run-2", ROWS, ROWS)]
    newest = athena.run(reader, f"SELECT count(*) FROM appended WHERE dt = '{DAY}' AND run = 'run-2'")
    assert newest.rows == [[str(ROWS)]]


def test_column_that_the_table_lacks_is_added_through_glue(endpoint: Endpoint, reader: Context, tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = clients(endpoint)
    publish(plan_for(tmp_path, "wider", "run-1"), s3, glue)
    table = glue.get_table(DatabaseName=DATABASE, Name="wider")["Table"]
    storage = table["StorageDescriptor"] | {"Columns": table["StorageDescriptor"]["Columns"][:-1]}
    members = {name: table[name] for name in ("Name", "TableType", "PartitionKeys", "Parameters")}
    glue.update_table(DatabaseName=DATABASE, TableInput=members | {"StorageDescriptor": storage})

    publish(plan_for(tmp_path, "wider", "run-2"), s3, glue)

    assert seen(reader, "wider") == [("run-2", ROWS, ROWS)]
    columns = glue.get_table(DatabaseName=DATABASE, Name="wider")["Table"]["StorageDescriptor"]["Columns"]
    assert columns[-1]["Name"] == "execution_id"


def test_bucket_that_was_deleted_is_named_and_the_catalog_stays(endpoint: Endpoint, tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = clients(endpoint)
    name = "publish-deleted"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    publish(plan_for(tmp_path, "orphan", "run-1", bucket=name), s3, glue)
    partition = {"DatabaseName": DATABASE, "TableName": "orphan", "PartitionValues": [DAY]}
    before = History.of(glue.get_partition(**partition)["Partition"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page["Contents"]:
            s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)

    with pytest.raises(AuditFailed, match=f"the bucket '{name}' does not exist; make it, then run the step again"):
        publish(plan_for(tmp_path, "orphan", "run-2", bucket=name), s3, glue)

    assert History.of(glue.get_partition(**partition)["Partition"]) == before


def test_day_is_listed_and_pointed_back_through_the_door(endpoint: Endpoint, reader: Context, tmp_path: Path) -> None:
    scored(tmp_path)
    for execution in ("run-1", "run-2"):
        publish(plan_for(tmp_path, "doors", execution), *clients(endpoint))
    config = tmp_path / "table.yaml"
    config.write_text(f"athena_database: {DATABASE}\nathena_output_table: doors\n", encoding="utf-8")
    options = ("--local", "--config", "configs/pipeline_config.yaml", "--config", str(config))

    listed = endpoint.door("pipeline.py", "publications", *options)
    refused = endpoint.door("pipeline.py", "restore", DAY, "--run", "run-9", *options)
    restored = endpoint.door("pipeline.py", "restore", DAY, "--run", "run-1", *options)

    assert [line.split()[3] for line in listed.stdout.splitlines() if DAY in line] == ["run-2", "run-1"]
    assert (refused.returncode, refused.stderr) == (1, f"error: {DAY} has no run 'run-9'; it has: run-2, run-1.\n")
    assert restored.returncode == 0, restored.stderr
    assert seen(reader, "doors") == [("run-1", ROWS, ROWS)]
