"""Feature Store through boto3 and the SDK, against a started endpoint."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.acceptance import conftest
from tests.acceptance.conftest import Endpoint, start, stop
from tests.acceptance.execution import until
from tests.acceptance.probe import processes_with
from tests.acceptance.program import Report, run
from tests.fakes.feature_store import group_request, record, shown

pytestmark = pytest.mark.xdist_group("feature-store")

RUNTIME = "sagemaker-featurestore-runtime"
BUCKET = "lake"
LATEST = """
SELECT id, event_time, calls FROM (
    SELECT *, row_number() OVER (
        PARTITION BY id ORDER BY event_time DESC, Api_Invocation_Time DESC, write_time DESC
    ) AS row_num
    FROM "{database}"."{table}" WHERE event_time <= '{as_of}'
)
WHERE row_num = 1 AND NOT is_deleted ORDER BY id
"""


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint with a bucket; tests kill it and start it again on the same port."""
    started = start(tmp_path_factory.mktemp("features"))
    try:
        location = {"LocationConstraint": "us-west-2"}
        started.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        yield started
    finally:
        stop(started)


@pytest.fixture
def group(mortal: Endpoint) -> dict[str, Any]:
    """A fresh feature group, as it is described."""
    return create(mortal, f"customers-{uuid.uuid4().hex[:8]}")


def create(endpoint: Endpoint, name: str) -> dict[str, Any]:
    sagemaker = endpoint.client("sagemaker")
    sagemaker.create_feature_group(**group_request(name))

    def created() -> dict[str, Any] | None:
        described: dict[str, Any] = sagemaker.describe_feature_group(FeatureGroupName=name)
        return described if described["FeatureGroupStatus"] == "Created" else None

    return until(created, timeout=10)


def query(endpoint: Endpoint, sql: str) -> list[list[str | None]]:
    athena = endpoint.client("athena")
    output = {"OutputLocation": f"s3://{BUCKET}/results/"}
    query_id = athena.start_query_execution(QueryString=sql, ResultConfiguration=output)["QueryExecutionId"]

    def ended() -> dict[str, Any] | None:
        status: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        return status if status["State"] in {"SUCCEEDED", "FAILED"} else None

    status = until(ended, timeout=30)
    assert status["State"] == "SUCCEEDED", status
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    return rows[1:]


def table(group: dict[str, Any]) -> str:
    catalog = group["OfflineStoreConfig"]["DataCatalogConfig"]
    return f'"{catalog["Database"]}"."{catalog["TableName"]}"'


def offline_ids(endpoint: Endpoint, group: dict[str, Any]) -> list[str | None]:
    return [row[0] for row in query(endpoint, f"SELECT id FROM {table(group)} ORDER BY id")]


def test_records_are_written_read_and_queried(mortal: Endpoint, group: dict[str, Any]) -> None:
    runtime, name = mortal.client(RUNTIME), group["FeatureGroupName"]
    early, late = "2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z"
    for identifier, event_time, calls in (("a", early, "1"), ("b", early, "2"), ("a", late, "3")):
        runtime.put_record(FeatureGroupName=name, Record=record(identifier, event_time, calls=calls))
    runtime.delete_record(FeatureGroupName=name, RecordIdentifierValueAsString="b", EventTime=late)
    entries = [{"FeatureGroupName": name, "Record": record("é/ö &", late)}]
    assert runtime.batch_write_record(Entries=entries)["Errors"] == []

    found = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="a", FeatureNames=["id", "calls"])
    odd = runtime.get_record(FeatureGroupName=group["FeatureGroupArn"], RecordIdentifierValueAsString="é/ö &")
    until(lambda: len(offline_ids(mortal, group)) == 5, timeout=10)

    assert shown(found) == {"id": "a", "calls": "3"}
    assert shown(odd) == {"id": "é/ö &", "event_time": late}
    assert "Record" not in runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="b")
    assert runtime.list_records(FeatureGroupName=name)["RecordIdentifiers"] == ["a", "é/ö &"]
    catalog = group["OfflineStoreConfig"]["DataCatalogConfig"]
    database, table_name = catalog["Database"], catalog["TableName"]
    assert query(mortal, LATEST.format(database=database, table=table_name, as_of=early)) == [
        ["a", early, "1"],
        ["b", early, "2"],
    ]
    assert query(mortal, LATEST.format(database=database, table=table_name, as_of=late)) == [
        ["a", late, "3"],
        ["é/ö &", late, None],
    ]


def test_refusals_are_the_error_classes_of_the_clients(mortal: Endpoint, group: dict[str, Any]) -> None:
    runtime, sagemaker, name = mortal.client(RUNTIME), mortal.client("sagemaker"), group["FeatureGroupName"]

    with pytest.raises(runtime.exceptions.ValidationError, match="The record has no value for 'event_time'"):
        runtime.put_record(FeatureGroupName=name, Record=record()[:1])
    with pytest.raises(runtime.exceptions.ResourceNotFound, match="FeatureGroup with name 'none' does not exist"):
        runtime.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="a")
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="Resource Already Exists"):
        sagemaker.create_feature_group(**group_request(name))


def test_a_thousand_records_from_eight_threads_arrive_soon_and_once_each(
    mortal: Endpoint, group: dict[str, Any]
) -> None:
    runtime, name = mortal.client(RUNTIME), group["FeatureGroupName"]
    begun = time.monotonic()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: runtime.put_record(FeatureGroupName=name, Record=record(f"c{n:04d}")), range(1000)))

    seconds = time.monotonic() - begun
    until(lambda: len(offline_ids(mortal, group)) == 1000, timeout=10)
    assert offline_ids(mortal, group) == [f"c{number:04d}" for number in range(1000)]
    listed = mortal.client("s3").list_objects_v2(
        Bucket=BUCKET, Prefix=f"features/000000000000/sagemaker/us-west-2/offline-store/{name}-"
    )
    assert listed["KeyCount"] <= 4 + 2 * seconds
    # 5,000 in 10 s when nothing else runs here.
    assert seconds < 20


@pytest.mark.parametrize("delay", [0.3, 0.9, 1.5])
def test_killed_endpoint_has_every_record_that_it_took_and_none_twice(
    mortal: Endpoint, group: dict[str, Any], delay: float
) -> None:
    name = group["FeatureGroupName"]
    pid = mortal_pid(mortal)
    taken: list[str] = []
    writer = threading.Thread(target=put_until_it_fails, args=(mortal, name, taken))
    writer.start()
    until(lambda: taken, timeout=10)
    time.sleep(delay)

    os.kill(pid, signal.SIGKILL)

    writer.join()
    until(lambda: pid not in processes_with(str(mortal.root)), timeout=10)
    conftest.start(mortal.root, mortal.port)
    until(lambda: len(offline_ids(mortal, group)) >= len(taken), timeout=10)
    time.sleep(1)
    found = offline_ids(mortal, group)
    # The last one may have been taken although the answer did not arrive.
    assert found in (taken, [*taken, f"c{len(taken):05d}"])
    last = mortal.client(RUNTIME).get_record(FeatureGroupName=name, RecordIdentifierValueAsString=taken[-1])
    assert shown(last) is not None


def mortal_pid(endpoint: Endpoint) -> int:
    return conftest.start(endpoint.root, endpoint.port).running.pid


def put_until_it_fails(endpoint: Endpoint, name: str, taken: list[str]) -> None:
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-west-2"}
    once = Config(retries={"total_max_attempts": 1})
    runtime = boto3.Session(**keys).client(RUNTIME, endpoint_url=endpoint.running.url, config=once)
    while True:
        identifier = f"c{len(taken):05d}"
        hour = len(taken) % 5
        try:
            runtime.put_record(FeatureGroupName=name, Record=record(identifier, f"2026-01-31T{hour:02d}:00:00Z"))
        except (BotoCoreError, ClientError):
            return
        taken.append(identifier)


def test_deleted_group_is_gone_and_its_table_is_not(mortal: Endpoint, group: dict[str, Any]) -> None:
    sagemaker, runtime, name = mortal.client("sagemaker"), mortal.client(RUNTIME), group["FeatureGroupName"]
    runtime.put_record(FeatureGroupName=name, Record=record("a"))

    sagemaker.delete_feature_group(FeatureGroupName=name)

    listed = sagemaker.list_feature_groups
    until(lambda: listed(NameContains=name)["FeatureGroupSummaries"] == [], timeout=10)
    assert offline_ids(mortal, group) == ["a"]


@pytest.fixture(scope="module")
def report(mortal: Endpoint) -> Report:
    """What the SDK saw."""
    return run(mortal, "sdk_feature_store")


def test_sdk_group_is_made_of_a_data_frame(report: Report) -> None:
    types = {"customer_id": "String", "event_time": "String", "calls": "Integral", "fee": "Fractional"}

    assert report["create"] == {"status": "Created", "types": types, "names": ["sdk-customers"]}


def test_sdk_data_frame_is_ingested_and_read(report: Report) -> None:
    assert report["ingest"] == {"failed": []}
    first = {"customer_id": "CUST_000000", "event_time": "2026-01-31T12:00:00Z", "calls": "0"}
    last = {"customer_id": "CUST_000059", "event_time": "2026-01-31T12:00:00Z", "calls": "118", "fee": "14.75"}
    assert report["read"] == {"first": first, "last": last}


def test_sdk_offline_store_is_queried(report: Report) -> None:
    assert report["query"] == {"rows": 60, "calls": 3540, "fees": 54}


def test_sdk_deleted_group_leaves_its_files(report: Report) -> None:
    assert report["delete"] == {"has_files": True}
