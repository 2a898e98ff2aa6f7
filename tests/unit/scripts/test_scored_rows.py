from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dataset_schema import DataRefused, Schema
from scored_rows import ScoredRows, read_transformed

from tests.fakes.datasets import PRICES, SMALL
from tests.fakes.evaluating import scores_table, write_scores

CHURN, NUMBERS = Schema.from_document(SMALL), Schema.from_document(PRICES)


def read(folder: Path, schema: Schema = CHURN) -> ScoredRows:
    """All rows as one."""
    parts = list(read_transformed(folder / "predictions", schema))
    return ScoredRows(
        pa.concat_arrays([part.ids for part in parts]),
        np.concatenate([part.predictions for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
    )


def write_csv(folder: Path, text: str) -> None:
    (folder / "predictions").mkdir(exist_ok=True)
    (folder / "predictions/part-00000.csv.out").write_text(text, encoding="utf-8")


def test_parquet_and_csv_answers_are_read_alike(tmp_path: Path) -> None:
    write_scores(tmp_path, scores_table(["A", "B"], [0.25, 0.75]), number=1)
    write_csv(tmp_path, 'C,0,0.125\n"D, or ""E""",1.0,9.5e-1\n')

    rows = read(tmp_path)

    assert rows.ids.to_pylist() == ["C", 'D, or "E"', "A", "B"]
    assert rows.predictions.tolist() == [0, 1, 0, 1]
    assert rows.probabilities.tolist() == [0.125, 0.95, 0.25, 0.75]


def test_numbers_as_ids_are_texts(tmp_path: Path) -> None:
    write_csv(tmp_path, "007,1,0.5\n8,0,0.25\n")

    assert read(tmp_path).ids.to_pylist() == ["007", "8"]


def test_regression_has_no_probabilities(tmp_path: Path) -> None:
    write_csv(tmp_path, "A,9.5,\nB,-1e3,\n")

    rows = read(tmp_path, NUMBERS)

    assert rows.predictions.tolist() == [9.5, -1000.0]
    assert np.isnan(rows.probabilities).all()


def test_answer_of_no_rows_is_read(tmp_path: Path) -> None:
    write_csv(tmp_path, "")

    assert list(read_transformed(tmp_path / "predictions", CHURN)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A,0,0.1\n,1,0.9\n", "row 2, column 'customer_id': the value None is refused; expected is an id on every row"),
        ("A,0,0.1\nB,2,0.9\n", "row 2, column 'prediction': the value 2.0 is refused; expected is 0 or 1"),
        ("A,0,0.1\nB,,0.9\n", "row 2, column 'prediction': the value None"),
        ("A,0,1.5\n", "row 1, column 'prediction_probability': the value 1.5 is refused; expected is a probability"),
        ("A,0,\n", "row 1, column 'prediction_probability': the value None"),
        ("A,0\n", "cannot be read: .*Expected 3 columns, got 2.* expected is Parquet, or CSV without a header"),
        ("A,no,0.1\n", "cannot be read: .*invalid value 'no'"),
    ],
)
def test_ill_csv_answers_are_refused_by_their_place(tmp_path: Path, text: str, message: str) -> None:
    write_csv(tmp_path, text)

    with pytest.raises(DataRefused, match=f"File 'part-00000.csv.out'.*{message}"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"prediction": pa.array([0, None])}, "row 2, column 'prediction': the value None"),
        ({"prediction": pa.array(["0", "1"])}, "a number, not the type string"),
        ({"more": pa.array([1, 2])}, r"extra \['more'\]"),
    ],
)
def test_ill_parquet_answers_are_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    write_scores(tmp_path, scores_table(["A", "B"], [0.1, 0.9], **columns))

    with pytest.raises(DataRefused, match=message):
        read(tmp_path)


def test_number_that_is_not_finite_is_refused_for_a_regression(tmp_path: Path) -> None:
    write_csv(tmp_path, "A,inf,\n")

    with pytest.raises(DataRefused, match="column 'prediction': the value inf is refused; expected is a finite number"):
        read(tmp_path, NUMBERS)


def test_folder_without_answers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "predictions").mkdir()

    with pytest.raises(DataRefused, match=r"predictions' is empty: put files there that end in '\.out'"):
        read(tmp_path)
