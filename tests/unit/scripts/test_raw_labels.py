import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_schema import DataRefused, Schema
from raw_labels import read_raw

from tests.fakes.datasets import PRICES, SMALL
from tests.fakes.evaluating import TEXTS


def read(folder: Path, document: dict[str, Any] = SMALL) -> dict[str, float | None]:
    """Labels by id; None where there is none."""
    found: dict[str, float | None] = {}
    for rows in read_raw(folder, Schema.from_document(document)):
        values = [None if np.isnan(value) else float(value) for value in rows.values]
        found |= dict(zip(rows.ids.to_pylist(), values, strict=True))
    return found


def write(folder: Path, text: str, name: str = "labels.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "customer_id,churned\nA,1\nB,0\nC,\n",
        "churned,customer_id\r\n1,A\r\n0,B\r\n,C\r\n",
        "\ufeffcustomer_id,churned\nA,1\nB,0\nC,\n",
        'note,customer_id,"more, too",churned\n"one\ntwo",A,x,1.0\n,B,,0\n,C,,\n',
        "A,1\nB,0\nC,\n",
    ],
    ids=["header", "other-order", "byte-order-mark", "more-columns", "no-header"],
)
def test_csv_labels_are_read_by_their_header_or_as_two_columns(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)

    assert read(tmp_path) == {"A": 1.0, "B": 0.0, "C": None}


def test_zipped_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv.gz").write_bytes(gzip.compress(b"customer_id,churned\nA,1\n"))

    assert read(tmp_path) == {"A": 1.0}


def test_class_texts_are_those_of_the_schema_the_negative_one_first(tmp_path: Path) -> None:
    write(tmp_path, "customer_id,churned\nA,left\nB,stayed\n")

    assert read(tmp_path, TEXTS) == {"A": 1.0, "B": 0.0}


@pytest.mark.parametrize(
    ("document", "labels"),
    [
        (SMALL, pa.array([1, 0, None], pa.int64())),
        (SMALL, pa.array([1.0, 0.0, np.nan])),
        (SMALL, pa.array(["1", "0", None])),
        (SMALL | {"classes": [False, True]}, pa.array([True, False, None])),
        (TEXTS, pa.array(["left", "stayed", None])),
        (TEXTS, pa.array(["left", "stayed", None]).dictionary_encode()),
    ],
    ids=["integers", "numbers", "digits", "booleans", "texts", "dictionary"],
)
def test_parquet_labels_of_any_type_are_classes(tmp_path: Path, document: dict[str, Any], labels: pa.Array) -> None:
    pq.write_table(pa.table({"customer_id": ["A", "B", "C"], "churned": labels}), tmp_path / "labels.parquet")

    assert read(tmp_path, document) == {"A": 1.0, "B": 0.0, "C": None}


def test_ids_in_parquet_may_be_integers(tmp_path: Path) -> None:
    pq.write_table(pa.table({"customer_id": [7, 8], "churned": [1, 0]}), tmp_path / "labels.parquet")

    assert read(tmp_path) == {"7": 1.0, "8": 0.0}


@pytest.mark.parametrize("text", ["customer_id,price\nA,9.5\nB,-1e3\nC,\n", "A,9.5\nB,-1e3\nC,\n"])
def test_regression_reads_numbers(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)

    assert read(tmp_path, PRICES) == {"A": 9.5, "B": -1000.0, "C": None}


def test_files_of_a_folder_are_read_together(tmp_path: Path) -> None:
    write(tmp_path, "customer_id,churned\nA,1\n", "one.csv")
    write(tmp_path, "B,0\n", "two.csv")
    write(tmp_path, "", "none.csv")

    assert read(tmp_path) == {"A": 1.0, "B": 0.0}


def test_columns_that_are_not_looked_at_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "customer_id,churned,when\nA,1,today\n")

    read(tmp_path)

    assert capsys.readouterr().out == "File 'labels.csv': 1 more columns are not looked at: 'when'.\n"


def test_missing_header_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "A,1\n")

    read(tmp_path)

    assert "File 'labels.csv' has no header: its two columns are read as customer_id and churned." in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "customer_id,label\nA,1\n",
            r"missing columns \['churned'\], .* it has 'customer_id', 'label'\. A file of labels",
        ),
        ("id,churned\nA,1\n", r"missing columns \['customer_id'\]"),
        ("A,1,x\n", r"missing columns \['customer_id', 'churned'\].* or as CSV exactly these two without a header"),
        ("customer_id,churned,churned\nA,1,1\n", r"twice \['churned'\]"),
        (
            "customer_id,churned\nA,1\nB,yes\n",
            "row 2, column 'churned': the value 'yes' is refused; .* classes '0', '1', or",
        ),
        ("id,label\nA,1\n", "row 1, column 'churned': the value 'label' is refused"),
        ("customer_id,churned\nA,1\n,0\n", "row 2, column 'customer_id': .* an id on every row"),
        ("customer_id,churned\nA\n", "cannot be read: .*Expected 2 columns, got 1"),
    ],
)
def test_ill_labels_are_refused_by_their_place(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)

    with pytest.raises(DataRefused, match=f"File 'labels.csv'.*{message}"):
        read(tmp_path)


@pytest.mark.parametrize("value", ["many", "inf", "1e300"])
def test_regression_refuses_what_is_no_number_of_the_model(tmp_path: Path, value: str) -> None:
    write(tmp_path, f"customer_id,price\nA,1\nB,{value}\n")

    with pytest.raises(DataRefused, match=r"row 2, column 'price': the value .* expected is a (finite )?number"):
        read(tmp_path, PRICES)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"customer_id": [1.0], "churned": [1]}, "'customer_id'.* a text or an integer, not the type double"),
        ({"customer_id": ["A"], "churned": [[1]]}, "'churned'.* one of the classes .*, not the type list"),
        ({"customer_id": ["A"]}, r"missing columns \['churned'\]"),
    ],
)
def test_ill_typed_parquet_labels_are_refused(tmp_path: Path, columns: dict[str, list[Any]], message: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "labels.parquet")

    with pytest.raises(DataRefused, match=message):
        read(tmp_path)


def test_text_is_no_number_of_a_regression(tmp_path: Path) -> None:
    pq.write_table(pa.table({"customer_id": ["A"], "price": [True]}), tmp_path / "labels.parquet")

    with pytest.raises(DataRefused, match="a number, not the type bool"):
        read(tmp_path, PRICES)


def test_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "{}", "labels.json")

    with pytest.raises(DataRefused, match=r"labels\.json' is refused: allowed are names that end in '\.csv'"):
        read(tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"customer_id,churned\nM\xfcller,1\n")

    with pytest.raises(DataRefused, match=r"File 'labels\.csv' cannot be read"):
        read(tmp_path)
