"""Records reach the offline store once each, whatever happens on the way."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from sagemaker_local.athena.queries import Queries, QueryRequest
from sagemaker_local.feature_store.offline_files import assign
from sagemaker_local.records.feature_group import FeatureGroup
from sagemaker_local.records.feature_record import OfflineFile, OfflineRow
from tests.fakes.feature_store import BUCKET, NAME, FeaturePlane, record
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.records import PLACE


class Killed(BaseException):
    """The end of the process; nothing catches it."""


class FailingObjects(FolderObjectStore):
    """Calls `before` and `after` around every write."""

    before: Callable[[str], None] = staticmethod(lambda _: None)
    after: Callable[[str], None] = staticmethod(lambda _: None)

    def put(self, bucket: str, key: str, body: bytes, content_type: str | None = None) -> None:
        self.before(key)
        super().put(bucket, key, body, content_type)
        self.after(key)


def identifiers(plane: FeaturePlane, group: FeatureGroup) -> list[str]:
    return [row["id"] for row in plane.offline(group)]


def until(is_true: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_records_of_a_burst_share_a_file_of_their_hour(plane: FeaturePlane) -> None:
    group = plane.create()
    for number in range(50):
        plane.put(f"c{number:02d}", f"2026-01-31T{12 + number % 2}:00:00Z")

    plane.writer.write_all()

    assert len(plane.objects.keys(BUCKET)) == 2
    assert sorted(plane.partitions(group)) == [("2026", "01", "31", "12"), ("2026", "01", "31", "13")]
    assert identifiers(plane, group) == [f"c{number:02d}" for number in range(50)]


def test_partition_points_at_its_folder(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.put()

    plane.writer.write_all()

    (partition,) = plane.store.catalog.partitions.page(*group.table).partitions
    assert partition.storage["Location"] == f"{group.offline_location}/year=2026/month=01/day=31/hour=12"


def test_nothing_is_written_twice(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.put()

    assert [plane.writer.write_all() for _ in range(3)] == [True, True, True]

    assert identifiers(plane, group) == ["a"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("file", [0, 1, 2])
def test_killed_while_it_writes_it_loses_and_doubles_nothing(tmp_path: Path, moment: str, file: int) -> None:
    objects = FailingObjects(tmp_path / "s3", BUCKET)
    plane = FeaturePlane(tmp_path, objects)
    group = plane.create()
    for hour in range(3):
        plane.put(f"c{hour}", f"2026-01-31T0{hour}:00:00Z")
    seen: list[str] = []

    def count(key: str) -> None:
        seen.append(key)
        if len(seen) > file:
            raise Killed(key)

    setattr(objects, moment, count)
    with pytest.raises(Killed):
        plane.writer.write_all()
    plane.store.close()

    started = FeaturePlane(tmp_path)
    started.put("late", "2026-01-31T00:00:00Z")
    started.writer.write_all()

    assert identifiers(started, group) == ["c0", "c1", "c2", "late"]
    assert len(started.partitions(group)) == 3
    started.close()


def test_feature_that_is_added_while_files_are_written_reaches_the_file(tmp_path: Path) -> None:
    objects = FailingObjects(tmp_path / "s3", BUCKET)
    plane = FeaturePlane(tmp_path, objects)
    group = plane.create()
    plane.put("a")
    plane.store.feature_records.plan(NAME, partial(assign, group, 0), rows_max=10, characters_max=1000)

    def add(_: str) -> None:
        objects.before = lambda _: None
        addition = [{"FeatureName": "city", "FeatureType": "String"}]
        plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, FeatureAdditions=addition)
        plane.put("b", city="Oslo")

    objects.before = add
    plane.writer.write_all()

    rows = {row["id"]: row.get("city") for row in plane.offline(group)}
    assert rows == {"a": None, "b": "Oslo"}
    plane.close()


def test_missing_bucket_blocks_the_offline_store_until_it_is_back(tmp_path: Path) -> None:
    plane = FeaturePlane(tmp_path)
    group = plane.create()
    plane.put("a")
    (tmp_path / "s3" / BUCKET).rename(tmp_path / "gone")

    assert not plane.writer.write_all()
    blocked = plane.call("DescribeFeatureGroup", FeatureGroupName=NAME)
    plane.put("b")
    (tmp_path / "gone").rename(tmp_path / "s3" / BUCKET)
    assert plane.writer.write_all()

    assert blocked["OfflineStoreStatus"]["Status"] == "Blocked"
    assert "The bucket 'lake' does not exist" in blocked["OfflineStoreStatus"]["BlockedReason"]
    shown = plane.call("DescribeFeatureGroup", FeatureGroupName=NAME)
    assert shown["OfflineStoreStatus"] == {"Status": "Active"}
    assert identifiers(plane, group) == ["a", "b"]
    plane.close()


def test_blocked_group_does_not_hold_up_another(tmp_path: Path) -> None:
    objects = FolderObjectStore(tmp_path / "s3", BUCKET, "other")
    plane = FeaturePlane(tmp_path, objects)
    plane.create("blocked", OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://other/f"}})
    group = plane.create()
    (tmp_path / "s3" / "other").rmdir()
    plane.run("PutRecord", FeatureGroupName="blocked", Record=record())
    plane.put("a")

    assert not plane.writer.write_all()

    assert identifiers(plane, group) == ["a"]
    plane.close()


def test_started_writer_writes_by_itself_and_at_its_end(tmp_path: Path) -> None:
    plane = FeaturePlane(tmp_path)
    plane.groups.recover()
    group = plane.create()
    plane.put("a")
    plane.writer.wake()
    until(lambda: identifiers(plane, group) == ["a"])

    plane.put("b")
    plane.groups.close()

    assert identifiers(plane, group) == ["a", "b"]
    plane.store.close()


def test_restart_writes_what_waited(tmp_path: Path) -> None:
    killed = FeaturePlane(tmp_path)
    group = killed.create()
    killed.put("a")
    killed.store.close()

    started = FeaturePlane(tmp_path)
    started.groups.recover()
    until(lambda: identifiers(started, group) == ["a"])

    assert started.get("a") is not None
    started.close()


def test_records_from_many_threads_arrive_once_each(tmp_path: Path) -> None:
    plane = FeaturePlane(tmp_path)
    plane.groups.recover()
    group = plane.create()

    def put_many(thread: int) -> None:
        for number in range(50):
            plane.put(f"t{thread}-{number:02d}")
            plane.writer.wake()

    threads = [threading.Thread(target=put_many, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    plane.groups.close()

    found = identifiers(plane, group)
    assert found == sorted({f"t{thread}-{number:02d}" for thread in range(4) for number in range(50)})
    plane.store.close()


LATEST = """
SELECT id, calls FROM (
    SELECT *, row_number() OVER (
        PARTITION BY id ORDER BY event_time DESC, Api_Invocation_Time DESC, write_time DESC
    ) AS row_num
    FROM "{database}"."{table}" WHERE event_time <= '{as_of}'
)
WHERE row_num = 1 AND NOT is_deleted ORDER BY id
"""


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-01-01T00:00:00Z", []),
        ("2026-01-31T12:00:00Z", [["a", "1"], ["b", "2"]]),
        ("2026-02-02T00:00:00Z", [["a", "3"], ["c", ""]]),
    ],
)
def test_athena_finds_the_latest_record_of_each_id(plane: FeaturePlane, as_of: str, expected: list[list[str]]) -> None:
    group = plane.create()
    plane.put("a", "2026-01-31T12:00:00Z", calls="1")
    plane.put("b", "2026-01-31T12:00:00Z", calls="2")
    plane.put("a", "2026-02-01T12:00:00Z", calls="3")
    plane.put("c", "2026-02-01T12:00:00Z")
    plane.run(
        "DeleteRecord", FeatureGroupName=NAME, RecordIdentifierValueAsString="b", EventTime="2026-02-01T12:00:00Z"
    )
    plane.writer.write_all()
    queries = Queries(plane.store.queries, plane.store.catalog, plane.objects, PLACE)
    database, table = group.table

    started = queries.start(
        QueryRequest(LATEST.format(database=database, table=table, as_of=as_of), f"s3://{BUCKET}/results/")
    )
    query = queries.wait(started.query_id, 30)
    queries.close()

    assert query.reason is None
    body = plane.objects.read(BUCKET, f"results/{query.query_id}.csv").decode()
    assert list(csv.reader(io.StringIO(body)))[1:] == expected


def test_column_that_was_added_is_null_in_older_files(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.put("a")
    plane.writer.write_all()
    plane.call(
        "UpdateFeatureGroup", FeatureGroupName=NAME, FeatureAdditions=[{"FeatureName": "x", "FeatureType": "Integral"}]
    )
    plane.put("b", x="7")
    plane.writer.write_all()
    queries = Queries(plane.store.queries, plane.store.catalog, plane.objects, PLACE)
    database, table = group.table

    sql = f"SELECT id, x FROM {database}.{table} WHERE year = '2026' ORDER BY id"
    query = queries.wait(queries.start(QueryRequest(sql, f"s3://{BUCKET}/results/")).query_id, 30)
    queries.close()

    assert plane.objects.read(BUCKET, f"results/{query.query_id}.csv") == b'"id","x"\n"a",\n"b","7"\n'


def test_large_records_are_planned_a_few_at_a_time(plane: FeaturePlane) -> None:
    group = plane.create()
    for number in range(6):
        plane.put(f"c{number}", plan="x" * 1000)
    records = plane.store.feature_records
    planned: list[int] = []

    def count(rows: Sequence[OfflineRow]) -> Mapping[OfflineFile, Sequence[OfflineRow]]:
        planned.append(len(rows))
        return assign(group, 0, rows)

    while records.plan(NAME, count, rows_max=100, characters_max=2000):
        pass

    assert planned == [2, 2, 2, 0]
    assert plane.writer.write_all()
    assert identifiers(plane, group) == [f"c{number}" for number in range(6)]
