"""SELECT over Parquet tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from tests.fakes.warehouse import Warehouse

_COLUMNS = {"customer_id": "string", "prediction": "int", "score": "double"}


def _predictions(warehouse: Warehouse) -> None:
    warehouse.table("predictions", _COLUMNS, keys={"dt": "string"})
    warehouse.parquet(
        "predictions/dt=1/run=a/part.parquet",
        {"customer_id": ["a", "b"], "prediction": pa.array([0, 1], pa.int32()), "score": [0.1, 0.9]},
    )
    warehouse.parquet(
        "predictions/dt=1/run=b/part.parquet",
        {"customer_id": ["stale"], "prediction": pa.array([1], pa.int32()), "score": [0.5]},
    )
    warehouse.parquet(
        "predictions/dt=2/part.parquet",
        {"customer_id": ["c"], "prediction": pa.array([1], pa.int32()), "score": [0.7]},
    )


def test_select_reads_registered_partitions_only(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["1"], "predictions/dt=1/run=a/")

    rows = warehouse.rows("SELECT * FROM predictions ORDER BY 1")

    assert rows == [["a", "0", "0.1", "1"], ["b", "1", "0.9", "1"]]


def test_select_without_registered_partitions_has_no_rows(warehouse: Warehouse) -> None:
    _predictions(warehouse)

    assert warehouse.rows("SELECT count(*) FROM predictions") == [["0"]]


def test_partition_at_an_empty_location_has_no_rows(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["9"], "predictions/dt=9/")

    assert warehouse.rows("SELECT * FROM predictions") == []


def test_partition_pointed_at_another_run_shows_that_runs_rows(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["1"], "predictions/dt=1/run=a/")
    storage = {"StorageDescriptor": {"Location": "s3://lake/predictions/dt=1/run=b"}}
    warehouse.catalog.partitions.update("sales", "predictions", ["1"], ["1"], storage)

    assert warehouse.rows("SELECT customer_id FROM predictions") == [["stale"]]


def test_where_on_the_partition_key_reads_that_partition_only(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["1"], "predictions/dt=1/run=a/")
    warehouse.partition("predictions", ["broken"], "nowhere/")
    warehouse.text("nowhere/file.parquet", "this is no Parquet file")

    assert warehouse.rows("SELECT customer_id FROM predictions p WHERE p.dt = '1' AND score > 0.5") == [["b"]]
    assert "Not valid Parquet file: s3://lake/nowhere/file.parquet" in warehouse.failure(
        "SELECT score FROM predictions"
    )


def test_outer_join_keeps_partitions_that_where_alone_would_drop(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["1"], "predictions/dt=1/run=a/")

    rows = warehouse.rows(
        "SELECT v.x FROM (VALUES 'a', 'z') v(x) LEFT JOIN predictions p ON v.x = p.customer_id WHERE p.dt IS NULL"
    )

    assert rows == [["z"]]


def test_correlated_condition_on_a_partition_key_is_no_pruning(warehouse: Warehouse) -> None:
    _predictions(warehouse)
    warehouse.partition("predictions", ["1"], "predictions/dt=1/run=a/")
    warehouse.partition("predictions", ["2"], "predictions/dt=2/")

    rows = warehouse.rows(
        "SELECT d FROM (VALUES '2', '3') v(d) WHERE EXISTS (SELECT 1 FROM predictions p WHERE p.dt = v.d)"
    )

    assert rows == [["2"]]


def test_scanned_bytes_count_the_needed_columns_only(warehouse: Warehouse) -> None:
    warehouse.table("t", {"small": "int", "large": "string"})
    size = warehouse.parquet(
        "t/a.parquet",
        {"small": pa.array(range(1000), pa.int32()), "large": [f"text number {i}" * 5 for i in range(1000)]},
    )

    narrow = warehouse.run("SELECT sum(small) FROM t").statistics.scanned_bytes
    wide = warehouse.run("SELECT * FROM t").statistics.scanned_bytes

    assert 0 < narrow < wide <= size
    assert warehouse.run("SELECT count(*) FROM t").statistics.scanned_bytes == 0


def test_files_that_begin_with_underscore_or_dot_are_no_data(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"})
    warehouse.parquet("t/a.parquet", {"x": pa.array([1], pa.int32())})
    for hidden in ("t/_SUCCESS", "t/.a.crc", "t/_temporary/b.parquet", "t/.staging/c.parquet"):
        warehouse.text(hidden, "no data")
    warehouse.text("t/empty.parquet", "")
    warehouse.parquet("t/deep/er/b.parquet", {"x": pa.array([2], pa.int32())})
    warehouse.parquet("table_next_to_it/c.parquet", {"x": pa.array([3], pa.int32())})

    assert warehouse.rows("SELECT sum(x) FROM t") == [["3"]]


def test_column_that_a_file_lacks_is_null_there(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int", "added_later": "string"})
    warehouse.parquet("t/old.parquet", {"x": pa.array([1], pa.int32())})
    warehouse.parquet("t/new.parquet", {"added_later": ["yes"], "x": pa.array([2], pa.int32())})

    query = warehouse.run("SELECT * FROM t ORDER BY x")

    assert warehouse.body(query) == b'"x","added_later"\n"1",\n"2","yes"\n'


def test_column_names_match_without_regard_to_case(warehouse: Warehouse) -> None:
    warehouse.table("T", {"CustomerId": "string"})
    warehouse.parquet("T/a.parquet", {"CUSTOMERID": ["a"]})

    query = warehouse.run("SELECT CustomerID, t.customerid FROM SALES.T")

    assert warehouse.body(query) == b'"CustomerID","customerid"\n"a","a"\n'


def test_narrower_numbers_in_files_widen_to_the_declared_type(warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "bigint", "f": "double", "d": "decimal(12,2)"})
    columns = {"n": pa.array([1], pa.int16()), "f": pa.array([0.5], pa.float32())}
    warehouse.parquet("t/a.parquet", columns)

    assert warehouse.rows("SELECT n, f, d FROM t") == [["1", "0.5", ""]]


@pytest.mark.parametrize(
    ("declared", "values", "found"),
    [
        ("int", pa.array([1], pa.int64()), "INT64"),
        ("double", pa.array(["1.5"]), "BINARY"),
        ("string", pa.array([1], pa.int32()), "INT32"),
        ("double", pa.array([1], pa.int64()), "INT64"),
        ("date", pa.array(["2026-01-01"]), "BINARY"),
        ("boolean", pa.array([1], pa.int32()), "INT32"),
    ],
)
def test_column_of_another_type_is_refused_with_column_file_and_types(
    warehouse: Warehouse, declared: str, values: pa.Array, found: str
) -> None:
    warehouse.table("t", {"x": declared, "fine": "string"})
    warehouse.parquet("t/a.parquet", {"x": values, "fine": ["yes"]})

    reason = warehouse.failure("SELECT x FROM t")

    assert reason.startswith(
        f"HIVE_BAD_DATA: Field x's type {found} in parquet file s3://lake/t/a.parquet is incompatible"
    )
    assert warehouse.rows("SELECT fine FROM t") == [["yes"]]


def test_timestamps_have_milliseconds_and_utc(warehouse: Warehouse) -> None:
    warehouse.table("t", {"micro": "timestamp", "nano": "timestamp", "zoned": "timestamp"})
    moment = datetime(2026, 1, 1, 1, 2, 3, 456789, UTC)
    columns = {
        "micro": pa.array([moment.replace(tzinfo=None)], pa.timestamp("us")),
        "nano": pa.array([moment.replace(tzinfo=None)], pa.timestamp("ns")),
        "zoned": pa.array([moment], pa.timestamp("us", "UTC")),
    }
    warehouse.parquet("t/a.parquet", columns)

    assert warehouse.rows("SELECT * FROM t") == [["2026-01-01 01:02:03.457"] * 3]


def test_nested_columns_are_read_and_written_as_athena_does(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "array<string>", "m": "map<string,int>", "s": "struct<x:int,y:string>"})
    columns = {
        "a": pa.array([["p", None]]),
        "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
        "s": pa.array([{"x": 1, "y": "q"}], pa.struct([("x", pa.int32()), ("y", pa.string())])),
    }
    warehouse.parquet("t/a.parquet", columns)

    assert warehouse.rows("SELECT a, m, s, s.y, a[1], t.s.x FROM t") == [
        ["[p, null]", "{k=1}", "{x=1, y=q}", "q", "p", "1"]
    ]


def test_partition_keys_have_their_declared_types(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"}, keys={"year": "int", "day": "date"})
    warehouse.parquet("t/a/f.parquet", {"x": pa.array([1], pa.int32()), "year": pa.array(["not the key"])})
    warehouse.partition("t", ["2026", "2026-05-06"], "t/a/")
    warehouse.partition("t", ["__HIVE_DEFAULT_PARTITION__", "2025-01-01"], "t/none/")

    assert warehouse.rows("SELECT year + 1, day, x FROM t WHERE year > 2025 AND day < date '2027-01-01'") == [
        ["2027", "2026-05-06", "1"]
    ]
    assert "Cannot apply operator: integer = varchar" in warehouse.failure("SELECT x FROM t WHERE year = '2026'")


def test_partition_value_that_is_not_of_its_type_is_refused_by_name(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"}, keys={"year": "int"})
    warehouse.partition("t", ["twenty"], "t/a/")

    reason = warehouse.failure("SELECT * FROM t")

    assert reason == "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'twenty' for integer partition key: year"


def test_many_partitions_are_found_in_one_listing(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"}, keys={"p": "int"})
    for number in range(40):
        warehouse.parquet(f"t/p={number}/f.parquet", {"x": pa.array([number], pa.int32())})
        warehouse.partition("t", [str(number)], f"t/p={number}/")

    assert warehouse.rows("SELECT count(*), sum(x), sum(p) FROM t") == [["40", "780", "780"]]


def test_table_used_twice_reads_each_time(warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"})
    warehouse.parquet("t/a.parquet", {"x": pa.array([1, 2], pa.int32())})

    rows = warehouse.rows(
        "WITH c AS (SELECT x FROM t) SELECT a.x, b.x, (SELECT max(x) FROM c) FROM c a JOIN t b ON a.x < b.x"
    )

    assert rows == [["1", "2", "2"]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"location": "s3://no-such-bucket/t/"}, "the bucket 'no-such-bucket' does not exist"),
        ({"location": "/data/t"}, "Location '/data/t' is not an S3 address"),
        ({"serde": "org.openx.data.jsonserde.JsonSerDe"}, "has SerDe org.openx.data.jsonserde.JsonSerDe"),
        ({"parameters": {"table_type": "ICEBERG"}}, "Iceberg"),
    ],
)
def test_table_that_cannot_be_read_is_refused_by_name(
    warehouse: Warehouse, change: dict[str, object], reason: str
) -> None:
    warehouse.table("t", {"x": "int"}, **change)  # type: ignore[arg-type]  # each case changes another argument
    warehouse.text("t/a", "1")

    assert reason in warehouse.failure("SELECT * FROM t")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.nope' does not exist"),
        ("nodb.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"),
        ("other.sales.t", "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' does not exist"),
        ("'/etc/passwd'", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales./etc/passwd' does not exist"),
        ('"t$files"', "NOT_SUPPORTED: line 1:15: The metadata table 't$files'"),
    ],
)
def test_table_that_is_not_there_is_refused_with_its_place(warehouse: Warehouse, source: str, reason: str) -> None:
    warehouse.table("t", {"x": "int"})

    assert warehouse.failure(f"SELECT * FROM {source}").startswith(reason)


@pytest.mark.parametrize("source", ["t", "T", "sales.t", "AwsDataCatalog.Sales.t", '"awsdatacatalog"."sales"."t"'])
def test_table_is_found_by_each_of_its_names(warehouse: Warehouse, source: str) -> None:
    warehouse.table("t", {"x": "int"})
    warehouse.parquet("t/a.parquet", {"x": pa.array([7], pa.int32())})

    assert warehouse.rows(f"SELECT sales.t.x FROM {source}") == [["7"]]
