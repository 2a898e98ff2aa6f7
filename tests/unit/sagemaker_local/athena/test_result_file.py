"""Result files."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings, strategies as st

from sagemaker_local.athena.result_file import metadata, read_csv, write_csv
from sagemaker_local.athena.scope import OutputField
from sagemaker_local.athena.types import INTEGER, VARCHAR
from sagemaker_local.records.query import ResultColumn


def _written(path: Path, texts: list[str | None]) -> bytes:
    batch = pa.RecordBatch.from_pydict({"a": pa.array(texts, pa.string())})
    write_csv(path, [OutputField("a", VARCHAR)], [batch])
    return path.read_bytes()


def test_csv_quotes_every_value_and_leaves_null_out(tmp_path: Path) -> None:
    body = _written(tmp_path / "r.csv", ["x", "", None, 'say "hi"', "two\nlines", "1,2"])

    assert body == b'"a"\n"x"\n""\n\n"say ""hi"""\n"two\nlines"\n"1,2"\n'


def test_csv_of_several_columns_separates_by_commas(tmp_path: Path) -> None:
    columns = [OutputField("n", INTEGER), OutputField("t", VARCHAR)]
    batch = pa.RecordBatch.from_pydict({"0": pa.array([1, None], pa.int32()), "1": pa.array([None, "b"], pa.string())})

    rows = write_csv(tmp_path / "r.csv", columns, [batch])

    assert rows == 2
    assert (tmp_path / "r.csv").read_bytes() == b'"n","t"\n"1",\n,"b"\n'


def test_reading_in_pages_gives_every_row_once(tmp_path: Path) -> None:
    file = io.BytesIO(_written(tmp_path / "r.csv", ["x", "two\nlines", None]))

    first, offset = read_csv(file, 0, 2)
    second, end = read_csv(file, offset or 0, 2)

    assert first == [["a"], ["x"]]
    assert second == [["two\nlines"], [None]]
    assert end is None


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.none() | st.text(alphabet=st.sampled_from('ab",\n\r é')), max_size=8))
def test_what_was_written_is_read_again(tmp_path_factory: object, texts: list[str | None]) -> None:
    path = tmp_path_factory.mktemp("csv") / "r.csv"  # type: ignore[attr-defined]  # pytest's factory has no public type

    rows, _ = read_csv(io.BytesIO(_written(path, texts)), 0, 100)

    assert rows == [["a"], *([text] for text in texts)]


def test_metadata_describes_columns_as_jdbc_drivers_read_them() -> None:
    body = metadata("id", [ResultColumn("n", "varchar", 300)])

    column = b"\x0a\x04hive" + b"\x22\x01n" + b"\x2a\x01n" + b"\x32\x07varchar" + b"\x38\xac\x02" + b"\x40\x00"
    column += b"\x48\x03" + b"\x50\x01"
    assert body == b"\x0a\x02id" + b"\x22" + bytes([len(column)]) + column
