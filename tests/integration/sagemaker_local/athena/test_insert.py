"""INSERT INTO: more rows, more partitions, types that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.records.query import QueryState, StatementType
from tests.fakes.warehouse import LAZY_SIMPLE, OPEN_CSV, Warehouse


def test_rows_are_added_in_new_files(warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "bigint", "s": "string"})
    first = warehouse.run("INSERT INTO t VALUES (1, 'a'), (2, NULL)")

    second = warehouse.run("INSERT INTO sales.t SELECT n + 2, 'more' FROM t")

    assert (first.reason, first.update_count, second.update_count) == (None, 2, 2)
    assert (first.statement_type, first.substatement_type) == (StatementType.DML, "INSERT")
    assert second.output_location == f"s3://results/here/{second.query_id}"
    assert warehouse.rows("SELECT * FROM t ORDER BY n") == [["1", "a"], ["2", ""], ["3", "more"], ["4", "more"]]
    manifest = warehouse.objects.read("results", f"here/{second.query_id}-manifest.csv").decode().splitlines()
    assert [uri.startswith("s3://lake/t/") for uri in manifest] == [True]


def test_named_columns_are_filled_and_the_others_null(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "int", "b": "double", "c": "string"})

    assert warehouse.run("INSERT INTO t (c, a) (SELECT 'x', 1)").reason is None

    assert warehouse.rows("SELECT a, b IS NULL, c FROM t") == [["1", "true", "x"]]


def test_numbers_widen_to_the_columns_type(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "bigint", "b": "double", "c": "decimal(12,2)"})

    assert warehouse.run("INSERT INTO t VALUES (1, 2, 3)").reason is None

    assert warehouse.rows("SELECT * FROM t") == [["1", "2.0", "3.00"]]


def test_new_partitions_are_registered_and_known_ones_filled_where_they_are(warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "int"}, keys={"dt": "string", "y": "int"})
    warehouse.partition("t", ["a", "1"], "elsewhere/")

    query = warehouse.run("INSERT INTO t VALUES (1, 'a', 1), (2, 'b/c', 2)")

    assert query.reason is None
    assert warehouse.lines("SHOW PARTITIONS t") == ["dt=a/y=1", "dt=b%2Fc/y=2"]
    assert [key.rpartition("/")[0] for key in warehouse.objects.keys("lake")] == ["elsewhere", "t/dt=b%2Fc/y=2"]
    assert warehouse.rows("SELECT n, dt, y FROM t ORDER BY n") == [["1", "a", "1"], ["2", "b/c", "2"]]


def test_text_table_gets_text_files(warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "int", "s": "string"}, serde=LAZY_SIMPLE, serde_parameters={"field.delim": ";"})

    assert warehouse.run("INSERT INTO t VALUES (1, 'a'), (2, NULL)").reason is None

    assert warehouse.rows("SELECT n, s IS NULL FROM t ORDER BY n") == [["1", "false"], ["2", "true"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("INSERT INTO nope VALUES (1)", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.sales.nope'"),
        ("INSERT INTO t VALUES (1)", "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [int"),
        ("INSERT INTO t VALUES ('1', 'a')", "TYPE_MISMATCH"),
        ("INSERT INTO t (n, z) VALUES (1, 'a')", "COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in"),
        ("INSERT INTO t (n, n) VALUES (1, 2)", "DUPLICATE_COLUMN_NAME"),
        ("INSERT INTO t SELECT 1 / 0, 'a'", "DIVISION_BY_ZERO"),
        ("INSERT INTO csv VALUES ('a')", "NOT_SUPPORTED: INSERT INTO sales.csv, which has SerDe"),
        ("INSERT INTO headed VALUES ('a')", "NOT_SUPPORTED: INSERT INTO sales.headed, which has skip.header.line"),
    ],
)
def test_insert_that_fails_adds_nothing(warehouse: Warehouse, sql: str, reason: str) -> None:
    warehouse.table("t", {"n": "int", "s": "string"})
    warehouse.table("csv", {"s": "string"}, serde=OPEN_CSV)
    warehouse.table("headed", {"s": "string"}, serde=LAZY_SIMPLE, parameters={"skip.header.line.count": "1"})

    assert warehouse.failure(sql).startswith(reason)

    assert warehouse.objects.keys("lake") == []
    assert warehouse.objects.keys("results") == []


def test_insert_that_is_cancelled_adds_neither_files_nor_partitions(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.table("t", {"n": "int"}, keys={"dt": "string"})
    put_file = warehouse.objects.put_file

    def cancelling(bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        put_file(bucket, key, path, content_type)
        (_, query_id), *_ = warehouse.queries.list("primary", limit=1)
        warehouse.queries.stop(query_id)

    monkeypatch.setattr(warehouse.objects, "put_file", cancelling)
    query = warehouse.run("INSERT INTO t VALUES (1, 'a')")
    warehouse.queries.close()

    assert query.state is QueryState.CANCELLED
    assert warehouse.objects.keys("lake") == []
    assert warehouse.catalog.partitions.page("sales", "t").partitions == []
