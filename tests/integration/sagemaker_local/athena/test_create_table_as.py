"""CREATE TABLE AS: the table, its files and partitions, all or nothing."""

from __future__ import annotations

import pytest

from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.records.query import QueryState, StatementType
from tests.fakes.warehouse import LAZY_SIMPLE, PARQUET, Warehouse

_ROWS = "SELECT * FROM (VALUES (1, 'a', DATE '2026-01-31'), (2, 'b', DATE '2026-02-01')) t (n, s, day)"


def test_table_has_the_querys_columns_and_rows(warehouse: Warehouse) -> None:
    query = warehouse.run(f"CREATE TABLE copy AS {_ROWS}")

    assert query.reason is None
    assert (query.statement_type, query.substatement_type) == (StatementType.DML, "CREATE_TABLE_AS_SELECT")
    assert (query.update_count, query.output_location) == (2, f"s3://results/here/tables/{query.query_id}")
    table = warehouse.catalog.tables.get("sales", "copy")
    assert table.columns == [("n", "int"), ("s", "varchar(1)"), ("day", "date")]
    assert table.storage["SerdeInfo"]["SerializationLibrary"] == PARQUET
    assert table.storage["Location"] == f"s3://results/here/tables/{query.query_id}/"
    assert warehouse.rows("SELECT * FROM copy ORDER BY n") == [["1", "a", "2026-01-31"], ["2", "b", "2026-02-01"]]
    manifest = warehouse.objects.read("results", f"here/tables/{query.query_id}-manifest.csv").decode()
    assert manifest.startswith(f"s3://results/here/tables/{query.query_id}/")


def test_every_type_comes_back_as_it_was(warehouse: Warehouse) -> None:
    values = (
        "true AS b, TINYINT '1' AS t, SMALLINT '2' AS s, 3 AS i, BIGINT '4' AS l, REAL '1.5' AS r, 2.5e0 AS d,"
        " DECIMAL '12.30' AS c, 'x' AS v, to_utf8('y') AS bin, DATE '2026-01-31' AS day,"
        " TIMESTAMP '2026-01-31 01:02:03.456' AS moment, ARRAY[1, NULL] AS a, MAP(ARRAY['k'], ARRAY[1]) AS m,"
        " CAST(ROW(1, 'z') AS ROW(p integer, q varchar)) AS w"
    )
    assert warehouse.run(f"CREATE TABLE every AS SELECT {values}").reason is None

    assert warehouse.rows("SELECT * FROM every") == warehouse.rows(f"SELECT {values}")


def test_partitions_are_registered(warehouse: Warehouse) -> None:
    query = warehouse.run(
        "CREATE TABLE copy WITH (format = 'PARQUET', partitioned_by = ARRAY['s', 'day'],"
        f" external_location = 's3://lake/copy/') AS {_ROWS}"
    )

    assert query.reason is None
    assert warehouse.lines("SHOW PARTITIONS copy") == ["s=a/day=2026-01-31", "s=b/day=2026-02-01"]
    assert warehouse.rows("SELECT n, s FROM copy WHERE day = DATE '2026-02-01'") == [["2", "b"]]
    assert all(key.startswith("copy/s=") for key in warehouse.objects.keys("lake"))


@pytest.mark.parametrize(
    ("options", "delimiter"),
    [("format = 'TEXTFILE'", None), ("format = 'TEXTFILE', field_delimiter = '|', write_compression = 'NONE'", "|")],
)
def test_text_table_is_read_again(warehouse: Warehouse, options: str, delimiter: str | None) -> None:
    assert warehouse.run(f"CREATE TABLE copy WITH ({options}) AS {_ROWS}").reason is None

    serde = warehouse.catalog.tables.get("sales", "copy").storage["SerdeInfo"]
    assert serde["SerializationLibrary"] == LAZY_SIMPLE
    assert serde["Parameters"].get("field.delim") == delimiter
    assert warehouse.rows("SELECT s, day FROM copy ORDER BY 1") == [["a", "2026-01-31"], ["b", "2026-02-01"]]


def test_table_without_data_has_columns_and_no_rows(warehouse: Warehouse) -> None:
    query = warehouse.run(f"CREATE TABLE copy AS {_ROWS} WITH NO DATA")

    assert (query.reason, query.update_count) == (None, 0)
    assert warehouse.rows("SELECT count(*) FROM copy") == [["0"]]


def test_table_that_is_there_stays(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE copy AS SELECT 1 AS a")

    assert warehouse.failure("CREATE TABLE copy AS SELECT 2 AS a") == (
        "TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.sales.copy' already exists"
    )
    query = warehouse.run("CREATE TABLE IF NOT EXISTS copy AS SELECT 2 AS a")
    assert (query.state, query.update_count) == (QueryState.SUCCEEDED, 0)
    assert warehouse.rows("SELECT a FROM copy") == [["1"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE t AS SELECT 1", "MISSING_COLUMN_NAME"),
        ("CREATE TABLE nope.t AS SELECT 1 AS a", "SCHEMA_NOT_FOUND: line 1:1: Schema 'nope' does not exist"),
        ("CREATE TABLE t WITH (format = 'ORC') AS SELECT 1 AS a", "NOT_SUPPORTED: The format 'ORC'"),
        ("CREATE TABLE t WITH (table_type = 'ICEBERG') AS SELECT 1 AS a", "NOT_SUPPORTED: The table type 'ICEBERG'"),
        (
            "CREATE TABLE t WITH (bucketed_by = ARRAY['a'], bucket_count = 2) AS SELECT 1 AS a",
            "NOT_SUPPORTED: The property 'bucketed_by'",
        ),
        ("CREATE TABLE t WITH (external_location = 's3://lake/full/') AS SELECT 1 AS a", "HIVE_PATH_ALREADY_EXISTS"),
        ("CREATE TABLE t WITH (external_location = 's3://gone/') AS SELECT 1 AS a", "HIVE_METASTORE_ERROR"),
        ("CREATE TABLE t AS SELECT 1 / 0 AS a", "DIVISION_BY_ZERO"),
        (
            (
                "CREATE TABLE t WITH (partitioned_by = ARRAY['b']) AS"
                " SELECT x AS a, x AS b FROM UNNEST(sequence(1, 101)) u (x)"
            ),
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
        ),
    ],
)
def test_statement_that_fails_leaves_neither_table_nor_files(warehouse: Warehouse, sql: str, reason: str) -> None:
    warehouse.text("full/there", "x")

    assert warehouse.failure(sql).startswith(reason)

    assert warehouse.lines("SHOW TABLES") == []
    assert warehouse.objects.keys("lake") == ["full/there"]
    assert [key for key in warehouse.objects.keys("results") if "tables/" in key] == []


def test_table_that_appears_meanwhile_wins_whole(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    put_file = warehouse.objects.put_file

    def racing(*arguments: object) -> None:
        warehouse.table("copy", {"other": "int"})
        put_file(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(warehouse.objects, "put_file", racing)
    assert warehouse.failure("CREATE TABLE copy AS SELECT 1 AS a").startswith("TABLE_ALREADY_EXISTS")

    assert warehouse.catalog.tables.get("sales", "copy").columns == [("other", "int")]
    assert warehouse.objects.keys("results") == []


def test_table_without_external_is_refused_at_the_start(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidRequestException, match="expecting AS; a table without a query is made by CREATE EXT"):
        warehouse.start("CREATE TABLE t (a int)")
