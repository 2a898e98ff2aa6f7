"""Views: made, read, replaced, shown, dropped."""

from __future__ import annotations

import pytest

from tests.fakes.warehouse import Warehouse


@pytest.fixture
def sales(warehouse: Warehouse) -> Warehouse:
    """Table t with columns n, s and partition key dt."""
    warehouse.table("t", {"n": "bigint", "s": "string"}, keys={"dt": "string"})
    warehouse.parquet("t/dt=a/1", {"n": [1, 2], "s": ["x", "y"]})
    warehouse.parquet("t/dt=b/1", {"n": [3], "s": ["z"]})
    warehouse.run("MSCK REPAIR TABLE t")
    return warehouse


def test_view_is_read_like_a_table(sales: Warehouse) -> None:
    assert sales.lines("CREATE VIEW v AS SELECT n * 2 AS twice, s FROM t WHERE dt = 'a';") == []

    assert sales.rows("SELECT * FROM v ORDER BY 1") == [["2", "x"], ["4", "y"]]
    assert sales.rows("SELECT v.twice, sales.v.s FROM sales.v WHERE twice > 2") == [["4", "y"]]
    assert sales.rows("SELECT a.s FROM v AS a (m, s) JOIN v b ON a.m = b.twice ORDER BY 1") == [["x"], ["y"]]


def test_view_is_kept_as_athena_keeps_it(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT n, now() AS moment FROM t")

    view = sales.catalog.tables.get("sales", "v")
    assert view.definition["TableType"] == "VIRTUAL_VIEW"
    assert view.definition["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert view.definition["ViewOriginalText"].startswith("/* Presto View: eyJ")
    assert view.columns == [("n", "bigint"), ("moment", "string")]


def test_tables_of_a_view_are_those_of_its_own_database(sales: Warehouse) -> None:
    sales.run("CREATE DATABASE other")
    sales.run("CREATE VIEW other.v AS SELECT n FROM t")

    assert sales.rows("SELECT sum(n) FROM v", database="other") == [["6"]]


def test_view_of_a_view_is_read(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT n FROM t")
    sales.run("CREATE VIEW w AS WITH x AS (SELECT * FROM v) SELECT max(n) AS top FROM x")

    assert sales.rows("SELECT top FROM w") == [["3"]]


def test_view_is_replaced_only_when_it_is_said(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT 1 AS a")

    assert sales.failure("CREATE VIEW v AS SELECT 2 AS a") == (
        "TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.sales.v'"
    )
    assert sales.lines("CREATE OR REPLACE VIEW v AS SELECT 2 AS b") == []
    assert sales.rows("SELECT b FROM v") == [["2"]]
    assert "Table already exists" in sales.failure("CREATE OR REPLACE VIEW t AS SELECT 2 AS b")


def test_views_are_shown_and_dropped(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT\n  1 AS a")

    assert sales.lines("SHOW VIEWS") == ["v"]
    assert sales.lines("SHOW VIEWS IN sales LIKE 'x*'") == []
    assert sales.lines("SHOW TABLES") == ["t", "v"]
    assert sales.lines("SHOW CREATE VIEW v") == ["CREATE VIEW sales.v AS", "SELECT", "  1 AS a"]
    assert sales.lines("DESCRIBE v") == ["a                   \tint                 \t                    "]
    assert sales.lines("DROP VIEW v") == []
    assert sales.lines("DROP VIEW IF EXISTS v") == []
    assert sales.lines("SHOW VIEWS") == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE VIEW v AS SELECT 1", "MISSING_COLUMN_NAME"),
        ("CREATE VIEW v AS SELECT 1 AS a, 2 AS A", "DUPLICATE_COLUMN_NAME"),
        ("CREATE VIEW v AS SELECT nope AS a FROM t", "COLUMN_NOT_FOUND: line 1:25: Column 'nope'"),
        ("DROP VIEW v", "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.sales.v' does not exist"),
        ("DROP VIEW t", "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.sales.t' is a table, not a view"),
        ("SHOW CREATE VIEW t", "TABLE_NOT_FOUND"),
        ("INSERT INTO old VALUES 1", "NOT_SUPPORTED: line 1:1: 'sales.old' is a view"),
        ("DROP TABLE old", "FAILED: SemanticException Cannot drop a view with DROP TABLE"),
    ],
)
def test_statement_on_views_that_cannot_be_done_says_why(sales: Warehouse, sql: str, reason: str) -> None:
    sales.run("CREATE VIEW old AS SELECT 1 AS a")

    assert sales.failure(sql).startswith(reason)


def test_view_whose_table_has_changed_says_so(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT n FROM t")
    sales.run("CREATE VIEW w AS SELECT * FROM t")
    sales.run("ALTER TABLE t ADD COLUMNS (more int)")

    assert sales.rows("SELECT count(*) FROM v") == [["3"]]
    assert "VIEW_IS_STALE" in sales.failure("SELECT * FROM w")
    sales.run("DROP TABLE t")
    assert sales.failure("SELECT * FROM\n v").startswith(
        "INVALID_VIEW: line 2:2: Failed analyzing stored view 'awsdatacatalog.sales.v': TABLE_NOT_FOUND: line 1:15"
    )


def test_view_that_reads_itself_is_refused(sales: Warehouse) -> None:
    sales.run("CREATE VIEW v AS SELECT 1 AS a")
    sales.run("CREATE VIEW w AS SELECT a FROM v")
    sales.run("CREATE OR REPLACE VIEW v AS SELECT a FROM w")

    assert "VIEW_IS_RECURSIVE" in sales.failure("SELECT * FROM w")


def test_view_of_hive_is_refused_by_name(sales: Warehouse) -> None:
    sales.catalog.tables.add("sales", "h", {"TableType": "VIRTUAL_VIEW", "ViewOriginalText": "select 1"})

    assert "The view 'sales.h' was not made by CREATE VIEW" in sales.failure("SELECT * FROM h")


def test_partitions_of_a_table_are_a_table(sales: Warehouse) -> None:
    assert sales.rows('SELECT * FROM "t$partitions" ORDER BY dt') == [["a"], ["b"]]
    assert sales.rows('SELECT max(p.dt) FROM sales."t$partitions" p') == [["b"]]
    assert sales.rows('SELECT n FROM t WHERE dt = (SELECT max(dt) FROM "t$partitions")') == [["3"]]


def test_partitions_of_a_table_without_keys_are_no_table(sales: Warehouse) -> None:
    sales.table("plain", {"a": "int"})

    assert sales.failure('SELECT * FROM "plain$partitions"').startswith("TABLE_NOT_FOUND: line 1:15")
