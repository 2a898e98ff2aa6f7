"""The batch's two folders: what is scored, and the labels that are known of it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import BatchRows
from dataset_schema import DataRefused, IdRange, Schema
from typed_rows import row_types

from tests.fakes.datasets import PRICES, SMALL, read_parts

ALL = IdRange(None, None)


def typed(schema: Schema, targets: list[Any]) -> pa.RecordBatch:
    count = len(targets)
    columns = [[f"CUST_{n:06d}" for n in range(count)], [1.5] * count, ["plus"] * count, targets]
    types = row_types(schema)
    return pa.record_batch([pa.array(column, field.type) for column, field in zip(columns, types, strict=True)], types)


def write(folder: Path, document: dict[str, Any], targets: list[Any]) -> None:
    schema = Schema.from_document(document)
    rows = BatchRows(schema, folder / "batch", folder / "labels", 20_000_000)
    rows.write(typed(schema, targets))
    rows.close()
    rows.check(ALL)


def test_batch_has_no_target_and_labels_have_the_labelled_rows_only(tmp_path: Path) -> None:
    write(tmp_path, SMALL, [1, None, 0])

    assert read_parts(tmp_path / "batch").column_names == ["customer_id", "amount", "plan"]
    assert read_parts(tmp_path / "labels").to_pydict() == {
        "customer_id": ["CUST_000000", "CUST_000002"],
        "churned": [1, 0],
    }


def test_labels_of_a_regression_are_numbers_and_nan_is_none(tmp_path: Path) -> None:
    write(tmp_path, PRICES, [2.5, float("nan"), None])

    labels = read_parts(tmp_path / "labels")

    assert (labels["price"].type, labels["price"].to_pylist()) == (pa.float64(), [2.5])


def test_labels_of_a_batch_without_any_are_one_file_without_rows(tmp_path: Path) -> None:
    """A job whose input is an empty prefix fails."""
    write(tmp_path, SMALL, [None, None])

    (path,) = (tmp_path / "labels").iterdir()

    table = pq.ParquetFile(path).read()
    assert (table.num_rows, table.schema.types) == (0, [pa.string(), pa.int32()])


def test_batch_of_nobody_is_refused_by_range(tmp_path: Path) -> None:
    rows = BatchRows(Schema.from_document(SMALL), tmp_path / "batch", None, 20_000_000)
    rows.close()

    with pytest.raises(DataRefused, match="No rows to score: the input has none of the ids 7 to last"):
        rows.check(IdRange(7, None))
