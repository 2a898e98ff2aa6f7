"""DuckDB's own reader gives what Arrow gives, or leaves the files to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.parquet_files import read_layouts, read_rows
from sagemaker_local.athena.parquet_views import query_of
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.table_files import DataFile, PartitionRows
from sagemaker_local.athena.type_names import parse_type

_MOMENTS = [0, 499, 500, 1500, 1_700_000_000_000_500, -1, -500, -501, -1500, None]


def _file(path: Path, columns: dict[str, pa.Array], **values: Any) -> DataFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return DataFile(f"s3://bucket/{path.name}", path, path.stat().st_size, PartitionRows({}, values))


def _rows(
    files: Sequence[DataFile], columns: dict[str, str], keys: dict[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None]:
    """The rows by Arrow, and by DuckDB if it may read the files."""
    kinds = {name: parse_type(text) for name, text in columns.items()}
    key_kinds = {name: parse_type(text) for name, text in keys.items()}
    (group,), _ = read_layouts(files, kinds)
    by_arrow = [row for batch in read_rows(group, kinds, key_kinds) for row in batch.to_pylist()]
    query = query_of(group, kinds, key_kinds)
    if query is None:
        return by_arrow, None
    session = Session(100_000_000, 1, [file.path for file in files])
    try:
        session.register_query("scan", query)
        batches = list(session.batches("SELECT * FROM scan"))
        for batch, (name, kind) in ((b, item) for b in batches for item in {**kinds, **key_kinds}.items()):
            assert batch.schema.field(name).type == kind.arrow
        return by_arrow, [row for batch in batches for row in batch.to_pylist()]
    finally:
        session.close()


@pytest.mark.parametrize(
    ("hive_type", "values"),
    [
        ("bigint", pa.array([1, None, -(2**63)])),
        ("bigint", pa.array([1, 2**32 - 1], pa.uint32())),
        ("int", pa.array([1, -3], pa.int16())),
        ("double", pa.array([1.5, None, float("inf")])),
        ("double", pa.array([0.1, None], pa.float32())),
        ("float", pa.array([0.1], pa.float32())),
        ("boolean", pa.array([True, None])),
        ("string", pa.array(["é", "", None, "a'b"])),
        ("string", pa.array(["x", "y", "x"]).dictionary_encode()),
        ("string", pa.array(["x"], pa.large_string())),
        ("binary", pa.array([b"\x00\xff", None])),
        ("date", pa.array([date(2026, 1, 31), date(1900, 1, 1)])),
        ("decimal(10,2)", pa.array([Decimal("-1.25"), None], pa.decimal128(10, 2))),
        ("timestamp", pa.array([0, 1_700_000_000_001, -1], pa.timestamp("ms"))),
        ("timestamp", pa.array(_MOMENTS, pa.timestamp("us"))),
    ],
)
def test_column_read_by_duckdb_is_what_arrow_reads(tmp_path: Path, hive_type: str, values: pa.Array) -> None:
    file = _file(tmp_path / "a.parquet", {"Value": values, "other": pa.nulls(len(values), pa.int8())})

    by_arrow, by_duckdb = _rows([file], {"value": hive_type, "missing": "int"}, {})

    assert by_duckdb == by_arrow


@pytest.mark.parametrize(
    ("hive_type", "values"),
    [
        ("string", pa.array([b"bytes"])),
        ("timestamp", pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))),
        ("timestamp", pa.array([datetime(2026, 1, 31, tzinfo=UTC)], pa.timestamp("us", "UTC"))),
        ("array<int>", pa.array([[1]], pa.list_(pa.int32()))),
        ("decimal(12,2)", pa.array([Decimal("1.25")], pa.decimal128(10, 2))),
    ],
)
def test_column_that_duckdb_would_read_otherwise_is_left_to_arrow(
    tmp_path: Path, hive_type: str, values: pa.Array
) -> None:
    file = _file(tmp_path / "a.parquet", {"value": values})

    _, by_duckdb = _rows([file], {"value": hive_type}, {})

    assert by_duckdb is None


def test_path_that_is_a_pattern_is_left_to_arrow(tmp_path: Path) -> None:
    file = _file(tmp_path / "part[1].parquet", {"value": pa.array([1])})

    by_arrow, by_duckdb = _rows([file], {"value": "bigint"}, {})

    assert by_arrow == [{"value": 1}]
    assert by_duckdb is None


def test_partition_keys_are_the_catalogs_not_the_paths(tmp_path: Path) -> None:
    days = [date(2026, 1, 1), None, date(2026, 1, 3)]
    files = [
        _file(tmp_path / f"day=2000-01-0{i + 1}" / "a.parquet", {"value": pa.array([i])}, day=day, zone="it's")
        for i, day in enumerate(days)
    ]

    by_arrow, by_duckdb = _rows(files, {"value": "bigint"}, {"day": "date", "zone": "string"})

    assert by_duckdb == by_arrow
    assert [row["day"] for row in by_arrow] == days


def test_files_with_other_columns_beside_the_needed_ones_are_read_together(tmp_path: Path) -> None:
    files = [
        _file(tmp_path / "a.parquet", {"other": pa.array(["x"]), "value": pa.array([1])}),
        _file(tmp_path / "b.parquet", {"value": pa.array([2]), "other": pa.array([3.0])}),
        _file(tmp_path / "c.parquet", {"value": pa.array([3])}),
    ]

    _, by_duckdb = _rows(files, {"value": "bigint"}, {})

    assert by_duckdb == [{"value": 1}, {"value": 2}, {"value": 3}]


@pytest.fixture
def session_of_one_file(tmp_path: Path) -> Iterator[tuple[Session, Path]]:
    file = _file(tmp_path / "a.parquet", {"value": pa.array([1])})
    _file(tmp_path / "b.parquet", {"value": pa.array([2])})
    made = Session(100_000_000, 1, [file.path])
    yield made, file.path
    made.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('{folder}/b.parquet')",
        "SELECT * FROM read_parquet('{folder}/*.parquet')",
        "SELECT * FROM read_parquet('{folder}/a.parquet/../b.parquet')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('{folder}/*')",
        "SET allowed_paths = ['{folder}/b.parquet']",
        "COPY (SELECT 2 AS value) TO '{folder}/a.parquet'",
        "SELECT 1; COPY (SELECT 2 AS value) TO '{folder}/a.parquet'",
    ],
)
def test_session_with_a_file_reads_it_and_nothing_else(
    session_of_one_file: tuple[Session, Path], tmp_path: Path, sql: str
) -> None:
    session, path = session_of_one_file

    with pytest.raises(QueryError, match="disabled"):
        list(session.batches(sql.format(folder=tmp_path)))

    (batch,) = session.batches(f"SELECT * FROM read_parquet('{path}')")
    assert batch.to_pylist() == [{"value": 1}]
