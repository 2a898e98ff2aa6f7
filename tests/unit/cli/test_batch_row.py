"""One row out of many files, with as few bytes as it takes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.response import StreamingBody

from cli import batch_row
from cli.errors import CommandError

PARQUET, CSV = "application/x-parquet", "text/csv"
ROWS = 20_000


class FakeS3:
    """Objects of the bucket `lake`; counts the bytes that it gives."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.given = 0
        self.largest = 0

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803  # boto3's own spelling
        assert Bucket == "lake"
        found = [{"Key": k, "Size": len(v)} for k, v in sorted(self.objects.items()) if k.startswith(Prefix)]
        return [{"Contents": [item]} for item in found] or [{}]

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:  # noqa: N803
        assert Bucket == "lake"
        body = self.objects[Key]
        if Range:
            first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", Range).groups()  # type: ignore[union-attr]  # as it is asked
            body = body[int(first) : int(last) + 1]
            self.given += len(body)
            self.largest = max(self.largest, len(body))
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


def job(kind: str = PARQUET, uri: str = "s3://lake/batch/run/") -> dict[str, Any]:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
    return {"TransformJobName": "t", "TransformInput": {"DataSource": source, "ContentType": kind}}


def rows(first: int, count: int = ROWS) -> pa.Table:
    numbers = range(first, first + count)
    texts = [f"{number * 2654435761 % 2**32:08x}" * 4 for number in numbers]
    return pa.table({"id": [f"C{number:06d}" for number in numbers], "amount": list(numbers), "text": texts})


def parquet(table: pa.Table, **options: Any) -> bytes:
    body = io.BytesIO()
    pq.write_table(table, body, **{"row_group_size": 2_000, "compression": "none", **options})
    return body.getvalue()


@pytest.fixture
def s3() -> FakeS3:
    found = FakeS3()
    found.objects = {f"batch/run/part-{number}.parquet": parquet(rows(number * ROWS)) for number in range(3)}
    found.objects["batch/run/"] = b""  # what consoles make of a folder
    found.objects["batch/other/part-0.parquet"] = parquet(rows(0))
    return found


@pytest.mark.parametrize("place", [0, 1_999, 2_000, ROWS, 3 * ROWS - 1])
def test_row_of_a_parquet_file_is_written_as_it_was(s3: FakeS3, tmp_path: Path, place: int) -> None:
    kind = batch_row.fetch(s3, job(), "id", f"C{place:06d}", tmp_path / "row")

    assert kind == PARQUET
    assert pq.ParquetFile(tmp_path / "row").read().equals(rows(place, 1))


@pytest.mark.parametrize("statistics", [True, False])
def test_only_what_is_needed_is_loaded(s3: FakeS3, tmp_path: Path, statistics: bool) -> None:
    for number in range(3):
        s3.objects[f"batch/run/part-{number}.parquet"] = parquet(rows(number * ROWS), write_statistics=statistics)
    every = sum(map(len, s3.objects.values()))

    batch_row.fetch(s3, job(), "id", f"C{2 * ROWS + 7:06d}", tmp_path / "row")

    # Without statistics, every id is looked at, and still no other column of another row group.
    assert s3.given < every * (0.25 if statistics else 0.5)
    assert s3.largest < every * 0.05


def test_id_that_is_a_number_is_found_by_its_text(s3: FakeS3, tmp_path: Path) -> None:
    table = pa.table({"id": [5, 70, 600], "amount": [1.0, None, 3.0]})
    s3.objects = {"batch/run/part-0.parquet": parquet(table)}

    batch_row.fetch(s3, job(), "id", "70", tmp_path / "row")

    assert pq.ParquetFile(tmp_path / "row").read().to_pylist() == [{"id": 70, "amount": None}]


@pytest.mark.parametrize(
    ("wanted", "line"),
    [("C1", b"C1,1.50,basic\n"), ("C2", b"C2,,plus\n"), ("a,b", b'"a,b",3,"x ""y"""\n'), ("C3", b"C3,4,\xc3\xbc\n")],
)
def test_line_of_a_csv_file_is_written_as_it_was(s3: FakeS3, tmp_path: Path, wanted: str, line: bytes) -> None:
    s3.objects = {
        "batch/run/part-0.csv": b"C10,1,C1\r\nC1,1.50,basic\nC2,,plus\n",
        "batch/run/part-1.csv": b'"a,b",3,"x ""y"""\nC3,4,\xc3\xbc',
    }

    assert batch_row.fetch(s3, job(CSV), "id", wanted, tmp_path / "row") == CSV
    assert (tmp_path / "row").read_bytes() == line


@pytest.mark.parametrize("kind", [PARQUET, CSV])
def test_input_that_is_gone_is_said(s3: FakeS3, tmp_path: Path, kind: str) -> None:
    with pytest.raises(CommandError, match=r"what was scored is not at s3://lake/gone/ any more"):
        batch_row.fetch(s3, job(kind, "s3://lake/gone/"), "id", "C000001", tmp_path / "row")


@pytest.mark.parametrize("wanted", ["C999999", "", "c000001"])
def test_id_that_is_in_no_file_is_said(s3: FakeS3, tmp_path: Path, wanted: str) -> None:
    with pytest.raises(CommandError, match=f"none of the 3 files at s3://lake/batch/run/ has the id '{wanted}'"):
        batch_row.fetch(s3, job(), "id", wanted, tmp_path / "row")


def test_file_without_the_id_column_is_refused_with_its_columns(s3: FakeS3, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no column 'customer'; it has: id, amount, text"):
        batch_row.fetch(s3, job(), "customer", "C000001", tmp_path / "row")


@pytest.mark.parametrize("kind", ["application/jsonlines", ""])
def test_other_kind_of_file_is_refused_by_name(s3: FakeS3, tmp_path: Path, kind: str) -> None:
    with pytest.raises(CommandError, match=f"transform job t read {kind or 'no known type'}; a row can be found in"):
        batch_row.fetch(s3, job(kind), "id", "C000001", tmp_path / "row")
