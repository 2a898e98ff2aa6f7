"""The query service: states, results, tokens, stopping, recovery."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest

from sagemaker_local.athena.queries import QueryRequest
from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.records.query import QueryState, StatementType
from tests.fakes.warehouse import Warehouse

_NUMBERS = "UNNEST(sequence(1, 100000))"
_ENDLESS = f"SELECT count(*) FROM {_NUMBERS} a(x) CROSS JOIN {_NUMBERS} b(y) CROSS JOIN {_NUMBERS} c(z) WHERE x * y = z"
_TOKEN = "0123456789abcdef0123456789abcdef"


def test_query_that_succeeds_leaves_csv_and_metadata(warehouse: Warehouse) -> None:
    query = warehouse.run("SELECT 1 AS one, 'a' AS Two, NULL AS three")

    assert query.state is QueryState.SUCCEEDED
    assert (query.statement_type, query.substatement_type) == (StatementType.DML, "SELECT")
    assert query.output_location == f"s3://results/here/{query.query_id}.csv"
    assert warehouse.body(query) == b'"one","Two","three"\n"1","a",\n'
    assert warehouse.objects.read("results", f"here/{query.query_id}.csv.metadata").startswith(b"\x0a\x24")
    assert [(column.name, column.type, column.precision) for column in query.columns] == [
        ("one", "integer", 10),
        ("Two", "varchar", 1),
        ("three", "unknown", 0),
    ]
    assert query.statistics.output_rows == 1
    assert query.completed is not None


def test_query_without_names_numbers_its_columns(warehouse: Warehouse) -> None:
    assert warehouse.body(warehouse.run("SELECT 1, 2 AS b, 3")) == b'"_col0","b","_col2"\n"1","2","3"\n'


def test_query_that_fails_says_why_in_state_and_error(warehouse: Warehouse) -> None:
    query = warehouse.run("SELECT x FROM nope")

    assert query.state is QueryState.FAILED
    assert query.failure is not None
    assert query.failure.category == 2
    assert (
        query.reason
        == query.failure.message
        == ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.nope' does not exist")
    )
    assert warehouse.objects.keys("results") == []


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE t SET a = 1", "UPDATE"),
        ("delete from t", "DELETE"),
        ("ALTER VIEW v AS SELECT 1", "ALTER VIEW"),
        ("VACUUM t", "VACUUM"),
    ],
)
def test_statement_that_is_not_supported_fails_by_name(warehouse: Warehouse, sql: str, name: str) -> None:
    query = warehouse.run(sql)

    assert query.state is QueryState.FAILED
    assert query.reason == f"NOT_SUPPORTED: {name} is not supported by the local endpoint yet."


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1 FROM", "line 1:14: mismatched input '<EOF>'"),
        ("SELEC 1", "line 1:7: mismatched input '1'"),
        ("GRANT ALL", "line 1:"),
    ],
)
def test_malformed_statement_is_refused_at_the_start(warehouse: Warehouse, sql: str, reason: str) -> None:
    with pytest.raises(InvalidRequestException, match=reason):
        warehouse.start(sql)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (None, "No output location provided"),
        ("/results", "outputLocation is not a valid S3 path"),
        ("s3://no-such-bucket/x/", "Unable to verify/create output bucket no-such-bucket"),
    ],
)
def test_output_location_that_cannot_be_used_is_refused(
    warehouse: Warehouse, location: str | None, reason: str
) -> None:
    with pytest.raises(InvalidRequestException, match=reason):
        warehouse.queries.start(QueryRequest("SELECT 1", location))


def test_work_group_other_than_primary_is_refused_by_name(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidRequestException, match="WorkGroup analysts is not found"):
        warehouse.start("SELECT 1", work_group="analysts")


def test_parameters_fill_question_marks(warehouse: Warehouse) -> None:
    sql = "SELECT x FROM (VALUES (1, 'a'), (2, 'b')) t(x, y) WHERE y = ? AND x > ?"

    assert warehouse.rows(sql, parameters=["'b'", "1"]) == [["2"]]
    assert "expected 2 but found 1" in warehouse.failure(sql, parameters=["1"])
    assert "'b' is not a constant" in warehouse.failure(sql, parameters=["b", "1"])


def test_same_token_gives_the_same_query(warehouse: Warehouse) -> None:
    first = warehouse.start("SELECT 1", token=_TOKEN)

    assert warehouse.start("SELECT 1", token=_TOKEN).query_id == first.query_id
    with pytest.raises(InvalidRequestException, match="Idempotent parameters do not match"):
        warehouse.start("SELECT 2", token=_TOKEN)


def test_results_come_in_pages_with_the_header_first(warehouse: Warehouse) -> None:
    query = warehouse.run("SELECT x FROM (VALUES 'a', NULL, '') t(x)")

    first = warehouse.queries.results(query, 0, 2)
    second = warehouse.queries.results(query, first.next_offset or 0, 2)

    assert first.rows == [["x"], ["a"]]
    assert second.rows == [[None], [""]]
    assert second.next_offset is None


def test_results_of_a_query_that_failed_or_lost_its_file_are_refused(warehouse: Warehouse) -> None:
    failed, lost = warehouse.run("SELECT nope"), warehouse.run("SELECT 1")
    warehouse.objects.delete("results", warehouse.objects.keys("results"))

    with pytest.raises(InvalidRequestException, match="Final query state: FAILED"):
        warehouse.queries.results(failed, 0, 1)
    with pytest.raises(InvalidRequestException, match="Could not find results"):
        warehouse.queries.results(lost, 0, 1)


def test_stopped_query_is_cancelled_soon(warehouse: Warehouse) -> None:
    query = warehouse.start(_ENDLESS)
    while warehouse.queries.get(query.query_id).state is QueryState.QUEUED:
        time.sleep(0.01)
    time.sleep(0.3)

    begun = time.monotonic()
    warehouse.queries.stop(query.query_id)

    stopped = warehouse.queries.get(query.query_id)
    assert stopped.state is QueryState.CANCELLED
    assert stopped.completed is not None
    assert time.monotonic() - begun < 3
    assert warehouse.rows("SELECT 1") == [["1"]]


def test_stopping_a_finished_query_changes_nothing(warehouse: Warehouse) -> None:
    query = warehouse.run("SELECT 1")

    warehouse.queries.stop(query.query_id)

    assert warehouse.queries.get(query.query_id).state is QueryState.SUCCEEDED


def test_ten_queries_at_once_all_succeed(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"})
    warehouse.parquet("t/a.parquet", {"x": pa.array(range(1000), pa.int32())})

    started = [warehouse.start(f"SELECT sum(x) + {number} FROM t") for number in range(10)]
    ended = [warehouse.queries.wait(query.query_id, 30) for query in started]

    assert [warehouse.body(query).split(b'"')[3] for query in ended] == [str(499500 + i).encode() for i in range(10)]


def test_query_that_ran_when_the_endpoint_was_killed_has_failed(warehouse: Warehouse, tmp_path: Path) -> None:
    left = warehouse.start(_ENDLESS)

    after = Warehouse.reopened(tmp_path)
    after.queries.recover()
    found = after.queries.get(left.query_id)
    after.close()

    assert found.state is QueryState.FAILED
    assert found.reason == "The endpoint stopped while the query ran. Start the query again."


def test_closing_cancels_what_runs(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    running = [warehouse.start(_ENDLESS) for _ in range(3)]

    warehouse.queries.close()

    assert {warehouse.queries.get(query.query_id).state for query in running} == {QueryState.CANCELLED}
    warehouse.database.close()


def test_unknown_query_is_refused_by_id(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidRequestException, match="QueryExecution 123 was not found"):
        warehouse.queries.get("123")
