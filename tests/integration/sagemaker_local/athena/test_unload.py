"""UNLOAD: files, their names and contents, the manifest, and what is left after a failure."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.query import Query, QueryState, StatementType
from tests.fakes.warehouse import Warehouse

_NAME = re.compile(r"out/\d{8}_\d{6}_\d{5}_[a-z0-9]{5}_[0-9a-f-]{36}")
_ALL = """
SELECT * FROM (VALUES
  (1, 'a"b', 1.5e0, true, DATE '2026-01-31', TIMESTAMP '2026-01-31 10:11:12.345', DECIMAL '1.20', ARRAY['x', NULL]),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) t (n, s, d, b, day, moment, price, tags) ORDER BY n
"""


def unload(warehouse: Warehouse, query: str, options: str = "format = 'PARQUET'", to: str = "s3://lake/out/") -> Query:
    return warehouse.run(f"UNLOAD ({query}) TO '{to}' WITH ({options})")


def bodies(warehouse: Warehouse) -> list[bytes]:
    return [warehouse.objects.read("lake", key) for key in warehouse.objects.keys("lake", "out/")]


def test_parquet_file_has_the_rows_and_a_name_as_aws_gives_it(warehouse: Warehouse) -> None:
    query = unload(warehouse, _ALL)

    assert query.state is QueryState.SUCCEEDED, query.reason
    (key,) = warehouse.objects.keys("lake")
    assert _NAME.fullmatch(key)
    path = warehouse.objects.local_path("lake", key)
    table = pq.read_table(path)
    assert pq.read_metadata(path).row_group(0).column(0).compression == "GZIP"
    assert table.column_names == ["n", "s", "d", "b", "day", "moment", "price", "tags"]
    assert table.to_pylist()[1] == dict.fromkeys(table.column_names, None) | {"n": 2}
    assert table.to_pylist()[0]["tags"] == ["x", None]
    assert table.schema.field("price").type == pa.decimal128(3, 2)


def test_statement_tells_manifest_and_no_rows(warehouse: Warehouse) -> None:
    query = unload(warehouse, "SELECT 1 AS a")

    assert (query.statement_type, query.substatement_type) == (StatementType.DML, "UNLOAD")
    assert query.output_location == f"s3://results/here/{query.query_id}"
    assert query.manifest_location == f"s3://results/here/{query.query_id}-manifest.csv"
    (key,) = warehouse.objects.keys("lake")
    assert warehouse.objects.read("results", f"here/{query.query_id}-manifest.csv") == f"s3://lake/{key}\n".encode()
    assert warehouse.queries.results(query, 0, 10).rows == []
    assert warehouse.queries.manifest(query, 0, 10).rows == [[f"s3://lake/{key}"]]
    assert query.update_count is None


def test_manifest_is_only_for_statements_that_write(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidRequestException, match="DATA_MANIFEST is for CTAS, INSERT and UNLOAD"):
        warehouse.queries.manifest(warehouse.run("SELECT 1"), 0, 10)


def test_text_file_has_athenas_delimiter_and_null(warehouse: Warehouse) -> None:
    unload(warehouse, _ALL, "format = 'TEXTFILE'")

    (key,) = warehouse.objects.keys("lake")
    assert key.endswith(".gz")
    assert gzip.decompress(bodies(warehouse)[0]).decode() == (
        '1\x01a"b\x011.5\x01true\x012026-01-31\x012026-01-31 10:11:12.345\x011.20\x01x\x02\\N\n2' + "\x01\\N" * 7 + "\n"
    )


def test_text_file_takes_another_delimiter(warehouse: Warehouse) -> None:
    unload(warehouse, "SELECT 1 AS a, 'x' AS b", "format = 'TEXTFILE', field_delimiter = ','")

    assert gzip.decompress(bodies(warehouse)[0]) == b"1,x\n"


def test_json_file_has_an_object_for_each_row(warehouse: Warehouse) -> None:
    unload(warehouse, _ALL, "format = 'JSON'")

    rows = [json.loads(line) for line in gzip.decompress(bodies(warehouse)[0]).splitlines()]
    assert rows[0] == {
        "n": 1,
        "s": 'a"b',
        "d": 1.5,
        "b": True,
        "day": "2026-01-31",
        "moment": "2026-01-31 10:11:12.345",
        "price": 1.2,
        "tags": ["x", None],
    }
    assert rows[1] == dict.fromkeys(rows[0], None) | {"n": 2}


@pytest.mark.parametrize(("codec", "found"), [("SNAPPY", "SNAPPY"), ("zstd", "ZSTD"), ("none", "UNCOMPRESSED")])
def test_parquet_file_has_the_compression_that_is_asked_for(warehouse: Warehouse, codec: str, found: str) -> None:
    unload(warehouse, "SELECT 1 AS a", f"format = 'PARQUET', compression = '{codec}'")

    path = warehouse.objects.local_path("lake", warehouse.objects.keys("lake")[0])
    assert pq.read_metadata(path).row_group(0).column(0).compression == found


def test_partitions_are_folders_and_their_keys_not_in_the_files(warehouse: Warehouse) -> None:
    query = unload(
        warehouse,
        "SELECT * FROM (VALUES (1, 'a', 2), (2, 'b/c', 2), (3, 'a', 2), (4, NULL, 3)) t (n, kind, y)",
        "format = 'PARQUET', partitioned_by = ARRAY['kind', 'y']",
    )

    assert query.reason is None
    files = {key.rpartition("/")[0]: key for key in warehouse.objects.keys("lake")}
    assert sorted(files) == ["out/kind=__HIVE_DEFAULT_PARTITION__/y=3", "out/kind=a/y=2", "out/kind=b%2Fc/y=2"]
    table = pq.read_table(warehouse.objects.local_path("lake", files["out/kind=a/y=2"]), partitioning=None)
    assert table.to_pydict() == {"n": [1, 3]}


def test_large_result_is_several_files(warehouse: Warehouse) -> None:
    many = "SELECT x AS a FROM UNNEST(sequence(1, 400000)) t (x)"

    query = unload(warehouse, many)

    assert query.statistics.output_rows == 400_000
    keys = warehouse.objects.keys("lake")
    assert len(keys) > 1
    tables = [pq.read_table(warehouse.objects.local_path("lake", key)) for key in keys]
    assert sorted(x for table in tables for x in table["a"].to_pylist()) == list(range(1, 400_001))


def test_empty_result_has_an_empty_manifest(warehouse: Warehouse) -> None:
    query = unload(warehouse, "SELECT 1 AS a WHERE false")

    assert query.state is QueryState.SUCCEEDED
    assert warehouse.objects.keys("lake") == []
    assert warehouse.objects.read("results", f"here/{query.query_id}-manifest.csv") == b""


def test_parameters_fill_question_marks(warehouse: Warehouse) -> None:
    warehouse.run(
        "UNLOAD (SELECT ? AS a, ? AS b) TO 's3://lake/out/' WITH (format = 'TEXTFILE', field_delimiter = '|')",
        parameters=("'x'", "2"),
    )

    assert gzip.decompress(bodies(warehouse)[0]) == b"x|2\n"


def test_target_that_is_not_empty_is_refused(warehouse: Warehouse) -> None:
    warehouse.text("out/there", "x")

    query = unload(warehouse, "SELECT 1 AS a")

    assert query.state is QueryState.FAILED
    assert str(query.reason).startswith("HIVE_PATH_ALREADY_EXISTS: Target directory already exists: s3://lake/out/")
    assert warehouse.objects.keys("lake") == ["out/there"]
    assert unload(warehouse, "SELECT 1 AS a", to="s3://lake/ou").state is QueryState.SUCCEEDED


@pytest.mark.parametrize(
    ("query", "options", "reason"),
    [
        ("SELECT 1 AS a", "compression = 'GZIP'", "INVALID_TABLE_PROPERTY: The property 'format' is missing"),
        ("SELECT 1 AS a", "format = 'ORC'", "NOT_SUPPORTED: The format 'ORC'"),
        ("SELECT 1 AS a", "format = 'CSV'", "NOT_SUPPORTED: The format 'CSV'"),
        ("SELECT 1 AS a", "format = 'PARQUET', compression = 'LZO'", "NOT_SUPPORTED: The compression 'LZO'"),
        ("SELECT 1 AS a", "format = 'JSON', compression = 'NONE'", "INVALID_TABLE_PROPERTY: UNLOAD writes JSON"),
        ("SELECT 1 AS a", "format = 'PARQUET', colour = 'red'", "INVALID_TABLE_PROPERTY: The property 'colour'"),
        ("SELECT 1 AS a", "format = 'JSON', field_delimiter = ','", "INVALID_TABLE_PROPERTY: The property 'field_"),
        ("SELECT 1 AS a", "format = 'TEXTFILE', field_delimiter = '||'", "INVALID_TABLE_PROPERTY: The property"),
        ("SELECT 1", "format = 'PARQUET'", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
        ("SELECT 1 AS a, 2 AS A", "format = 'PARQUET'", "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'A'"),
        ("SELECT NULL AS a", "format = 'PARQUET'", "NOT_SUPPORTED: Unsupported Hive type: unknown"),
        ("SELECT now() AS a", "format = 'PARQUET'", "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time"),
        ("SELECT 1 AS a, 2 AS b", "format = 'PARQUET', partitioned_by = ARRAY['a']", "HIVE_COLUMN_ORDER_MISMATCH"),
        ("SELECT nope AS a", "format = 'PARQUET'", "COLUMN_NOT_FOUND: line 1:16: Column 'nope'"),
        ("SELECT 1 / 0 AS a", "format = 'PARQUET'", "DIVISION_BY_ZERO"),
        (
            "SELECT x AS a, x AS b FROM UNNEST(sequence(1, 101)) t (x)",
            "format = 'PARQUET', partitioned_by = ARRAY['b']",
            "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers",
        ),
    ],
)
def test_unload_that_fails_leaves_nothing(warehouse: Warehouse, query: str, options: str, reason: str) -> None:
    found = unload(warehouse, query, options)

    assert str(found.reason).startswith(reason)
    assert warehouse.objects.keys("lake") == []
    assert warehouse.objects.keys("results") == []


def test_malformed_unload_is_refused_at_the_start(warehouse: Warehouse) -> None:
    with pytest.raises(InvalidRequestException, match="line 1:19: mismatched input ''s3://x/'': expecting TO"):
        warehouse.start("UNLOAD (SELECT 1) 's3://x/'")


def test_put_that_fails_takes_away_what_was_put_before(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    puts: list[str] = []
    put_file = warehouse.objects.put_file

    def failing(bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        if puts:
            raise OSError("the disk is full")
        puts.append(key)
        put_file(bucket, key, path, content_type)

    monkeypatch.setattr(warehouse.objects, "put_file", failing)
    query = unload(warehouse, "SELECT x AS a FROM UNNEST(sequence(1, 400000)) t (x)")

    assert query.state is QueryState.FAILED
    assert len(puts) == 1
    assert warehouse.objects.keys("lake") == []
    assert warehouse.objects.keys("results") == []


def test_cancelled_while_files_are_put_leaves_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    objects: ObjectStore = warehouse.objects
    put_file = objects.put_file

    def cancelling(bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        put_file(bucket, key, path, content_type)
        (_, query_id), *_ = warehouse.queries.list("primary", limit=1)
        warehouse.queries.stop(query_id)

    monkeypatch.setattr(warehouse.objects, "put_file", cancelling)
    query = unload(warehouse, "SELECT 1 AS a")
    warehouse.queries.close()

    assert query.state is QueryState.CANCELLED
    assert warehouse.objects.keys("lake") == []


def test_files_of_a_killed_endpoint_are_taken_away_at_the_next_start(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.text("out/half", "x")
    query = warehouse.run("SELECT 1")
    killed = Query(
        query_id="killed",
        sql="UNLOAD",
        state=QueryState.RUNNING,
        submitted=query.submitted,
        output_location="s3://results/here/killed",
        statement_type=StatementType.DML,
        targets=("s3://lake/out/half", "s3://lake/out/never-put", "s3://gone/x"),
    )
    warehouse.store.add(killed)

    again = Warehouse.reopened(tmp_path)
    again.queries.recover()

    assert again.store.get("killed").state is QueryState.FAILED
    assert again.objects.keys("lake") == []
    again.close()
