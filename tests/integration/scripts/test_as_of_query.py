"""The as-of query on random histories, through the local Athena, beside a slow and obvious reference."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_schema import IdFormat, IdRange
from feature_query import OfflineTable, Wanted, arrived_query, as_of_query, unload
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.fakes.warehouse import Warehouse

START = datetime(2026, 1, 1, tzinfo=UTC)
ID_FORMAT = IdFormat.parse("CUST_{:06d}")
NUMBERS = [1, 2, 3, 999_999, 1_000_000, 1_000_001]
COLUMNS = ("customer_id", "event_time", "Plan")
_count = iter(range(1_000_000))


@dataclass(frozen=True)
class Version:
    """One row of the offline store."""

    number: int
    event: datetime
    sent: datetime
    written: datetime
    is_deleted: bool
    plan: str | None

    @property
    def customer(self) -> str:
        return f"CUST_{self.number:06d}"


def moments() -> st.SearchStrategy[datetime]:
    """Few of them, close together: half seconds, so that both forms of ISO 8601 occur, and ties."""
    return st.integers(0, 8).map(lambda steps: START + timedelta(milliseconds=500 * steps))


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    versions = draw(
        st.lists(
            st.builds(
                Version,
                number=st.sampled_from(NUMBERS),
                event=moments(),
                sent=moments(),
                written=moments(),
                is_deleted=st.booleans(),
                plan=st.sampled_from(["basic", "it's", None]),
            ),
            min_size=1,
            max_size=25,
        )
    )
    unique = {(item.number, item.event, item.sent, item.written): item for item in versions}
    # The service writes at least once: a row may be there twice.
    return [*unique.values(), *draw(st.lists(st.sampled_from(list(unique.values())), max_size=3))]


def bounds() -> st.SearchStrategy[IdRange]:
    number = st.none() | st.sampled_from([*NUMBERS, 0, 4, 500_000])
    return st.builds(IdRange, number, number)


def expected(history: Sequence[Version], wanted: Wanted) -> list[tuple[str, str, str | None]]:
    """Go through the customers one by one, through their versions one by one."""
    found = []
    for number in NUMBERS:
        inside = any(
            (ids.start is None or number >= ids.start) and (ids.end is None or number <= ids.end)
            for ids in wanted.ranges
        )
        latest: Version | None = None
        for item in history:
            if item.number != number or item.event >= wanted.before or not inside:
                continue
            if latest is None or (item.event, item.sent, item.written) > (latest.event, latest.sent, latest.written):
                latest = item
        if latest is not None and not latest.is_deleted:
            found.append((latest.customer, iso(latest.event), latest.plan))
    return found


def iso(moment: datetime) -> str:
    """The shorter of the two forms that Feature Store takes."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (".500Z" if moment.microsecond else "Z")


def store(warehouse: Warehouse, history: Sequence[Version], *, has_text_times: bool = True) -> OfflineTable:
    name = f"history_{next(_count)}"
    stamps = pa.timestamp("us")
    times: pa.Array = pa.array([iso(item.event) for item in history])
    if not has_text_times:
        times = pa.array([item.event.timestamp() for item in history])
    warehouse.parquet(
        f"{name}/rows.parquet",
        {
            "customer_id": pa.array([item.customer for item in history]),
            "event_time": times,
            "plan": pa.array([item.plan for item in history], pa.string()),
            "write_time": pa.array([item.written.replace(tzinfo=None) for item in history], stamps),
            "api_invocation_time": pa.array([item.sent.replace(tzinfo=None) for item in history], stamps),
            "is_deleted": pa.array([item.is_deleted for item in history]),
        },
    )
    columns = {"customer_id": "string", "event_time": "string" if has_text_times else "double", "plan": "string"}
    extra = {"write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean"}
    warehouse.table(name, {**columns, **extra})
    return OfflineTable("sales", name, "customer_id", "event_time", has_text_times)


def answer(warehouse: Warehouse, query: str) -> list[tuple[str, str, str | None]]:
    target = f"out/{next(_count)}/"
    done = warehouse.run(unload(query, f"s3://lake/{target}"))
    assert done.reason is None, done.reason
    bodies = [warehouse.objects.read("lake", item.key) for item in warehouse.objects.list("lake", target)]
    rows = [tuple(row.values()) for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    return sorted(rows, key=lambda row: NUMBERS.index(int(row[0].removeprefix("CUST_"))))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(Path(tmp_path_factory.mktemp("warehouse")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(), ranges=st.lists(bounds(), min_size=1, max_size=2), before=moments(), is_text=st.booleans())
def test_as_of_query_gives_what_the_reference_gives(
    warehouse: Warehouse, history: list[Version], ranges: list[IdRange], before: datetime, is_text: bool
) -> None:
    wanted = Wanted(COLUMNS, ID_FORMAT, tuple(ranges), before)
    table = store(warehouse, history, has_text_times=is_text)

    found = answer(warehouse, as_of_query(table, wanted))

    assert [(row[0], row[2]) for row in found] == [(row[0], row[2]) for row in expected(history, wanted)]
    if is_text:
        assert found == expected(history, wanted)


def test_as_of_query_with_a_hostile_column_name_reads_that_column(warehouse: Warehouse) -> None:
    name = f"hostile_{next(_count)}"
    column = "x\" from t; drop table t --'"
    stamp = pa.array([START.replace(tzinfo=None)], pa.timestamp("us"))
    warehouse.parquet(
        f"{name}/rows.parquet",
        {
            "customer_id": pa.array(["CUST_000001"]),
            "event_time": pa.array([iso(START)]),
            column: pa.array(["kept"]),
            "write_time": stamp,
            "api_invocation_time": stamp,
            "is_deleted": pa.array([False]),
        },
    )
    types = {"customer_id": "string", "event_time": "string", column: "string", "write_time": "timestamp"}
    warehouse.table(name, {**types, "api_invocation_time": "timestamp", "is_deleted": "boolean"})
    table = OfflineTable("sales", name, "customer_id", "event_time", has_text_times=True)
    wanted = Wanted(("customer_id", column), None, (IdRange(None, None),), START + timedelta(days=1))

    found = answer(warehouse, as_of_query(table, wanted))

    assert [tuple(row) for row in found] == [("CUST_000001", "kept")]


@pytest.mark.parametrize("is_text", [True, False])
def test_arrived_query_counts_each_version_between_two_moments_once(warehouse: Warehouse, is_text: bool) -> None:
    later = START + timedelta(milliseconds=500)
    rows = [
        Version(1, START, START, START, is_deleted=False, plan=None),
        Version(1, START, later, later, is_deleted=False, plan=None),
        Version(2, later, START, START, is_deleted=False, plan=None),
        Version(3, later, START, START, is_deleted=True, plan=None),
        Version(1, START + timedelta(days=1), START, START, is_deleted=False, plan=None),
    ]
    table = store(warehouse, rows, has_text_times=is_text)

    found = warehouse.rows(arrived_query(table, START, later))

    assert found == [["2", str(int(later.timestamp() * 1000))]]


def test_arrived_query_on_an_empty_table_counts_nobody(warehouse: Warehouse) -> None:
    old = [Version(1, START, START, START, is_deleted=False, plan=None)]
    table = store(warehouse, old)

    found = warehouse.rows(arrived_query(table, START + timedelta(days=1), START + timedelta(days=2)))

    assert found == [["0", ""]]
