import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dataset_schema import Kind, ModelRefused, Schema
from inference import Model
from signature import Signature
from verification_rows import ScoredRow, VerificationRows, choose

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows
from tests.fakes.models import trained

WHOLE: dict[str, Any] = {"amount": [float(number) for number in range(60)], "plan": ["basic", "plus"] * 30}


def signature_of(document: dict[str, Any] = SMALL) -> Signature:
    rows = small_rows() if document is SMALL else price_rows()
    return Signature.fit(Schema.from_document(document), rows.to_batches)


def chosen(folder: Path, rows: pa.Table) -> list[dict[str, Any]]:
    write_rows(folder / "a.parquet", rows)
    table: list[dict[str, Any]] = choose(signature_of(), folder).to_pylist()
    return table


def gaps(rows: list[dict[str, Any]]) -> list[bool]:
    return [None in row.values() for row in rows]


def test_two_of_the_five_rows_have_missing_values(tmp_path: Path) -> None:
    rows = chosen(tmp_path, small_rows())

    assert gaps(rows) == [True, True, False, False, False]
    assert [list(row) for row in rows] == [["customer_id", "amount", "plan"]] * 5


@pytest.mark.parametrize(("column", "missing"), [("amount", None), ("amount", float("nan")), ("plan", "")])
def test_null_nan_and_the_empty_text_are_missing_values(tmp_path: Path, column: str, missing: Any) -> None:
    columns = WHOLE | {column: [*WHOLE[column][:59], missing]}

    rows = chosen(tmp_path, small_rows(**columns))

    assert rows[0]["customer_id"] == "CUST_000060"
    assert gaps(rows) == [True, False, False, False, False]
    assert rows[0][column] is None


def test_rows_without_gaps_are_enough(tmp_path: Path) -> None:
    assert gaps(chosen(tmp_path, small_rows(**WHOLE))) == [False] * 5


def test_rows_with_gaps_are_enough(tmp_path: Path) -> None:
    assert gaps(chosen(tmp_path, small_rows(plan=[None] * 60))) == [True] * 5


def test_split_of_fewer_rows_gives_them_all(tmp_path: Path) -> None:
    assert len(chosen(tmp_path, small_rows(3))) == 3


def test_order_and_files_of_the_split_do_not_matter(tmp_path: Path) -> None:
    rows = small_rows()
    shuffled = rows.take(np.random.default_rng(7).permutation(60))
    write_rows(tmp_path / "two/a.parquet", shuffled.slice(0, 20))

    write_rows(tmp_path / "two/b.parquet", shuffled.slice(20))

    assert choose(signature_of(), tmp_path / "two").to_pylist() == chosen(tmp_path / "one", rows)


def test_categories_that_are_whole_numbers_are_kept_as_the_text_that_the_signature_sees(tmp_path: Path) -> None:
    rows = chosen(tmp_path, small_rows(plan=list(range(60))))

    assert all(isinstance(row["plan"], str) for row in rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("model"), SMALL, small_rows(300))


def test_rows_are_scored_by_the_booster_itself_and_survive_the_file(tmp_path: Path, model: Model) -> None:
    split = write_rows(tmp_path / "validation/a.parquet", small_rows(300)).parent

    rows = VerificationRows.scored(model.booster, model.signature, split, 0.5)
    rows.save(tmp_path)

    direct = model.booster.inplace_predict(model.signature.apply(choose(model.signature, split)).matrix)
    assert [row.prediction_probability for row in rows.rows] == [float(value) for value in direct]
    assert [row.prediction for row in rows.rows] == [float(value >= 0.5) for value in direct]
    assert rows.kinds == {"amount": Kind.NUMERIC, "plan": Kind.CATEGORICAL}
    assert VerificationRows.load(tmp_path) == rows
    assert "churned" not in (tmp_path / "verification.json").read_text()


def test_row_of_a_regression_has_no_probability(tmp_path: Path) -> None:
    regression = trained(tmp_path / "model", PRICES, price_rows())
    split = write_rows(tmp_path / "validation/a.parquet", price_rows()).parent

    rows = VerificationRows.scored(regression.booster, regression.signature, split, 0.5).rows

    assert {row.prediction_probability for row in rows} == {None}
    assert all(9 < row.prediction < 15 for row in rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, r"The archive has no verification.json: .* Train again"),
        ("{", r"verification.json is not what train.py writes \(JSONDecodeError"),
        ("[]", r"is not what train.py writes \(TypeError"),
        ('{"version": 2}', "has version 2: this code reads version 1. Train again"),
        ('{"version": 1, "id_column": "a", "kinds": {"b": "date"}, "rows": []}', "is not what train.py writes"),
        ('{"version": 1, "id_column": "a", "kinds": {}, "rows": [{"id": "x"}]}', "is not what train.py writes"),
    ],
)
def test_file_that_train_did_not_write_is_refused(tmp_path: Path, text: str | None, expected: str) -> None:
    if text is not None:
        (tmp_path / "verification.json").write_text(text)

    with pytest.raises(ModelRefused, match=expected):
        VerificationRows.load(tmp_path)


def test_file_is_strict_json(tmp_path: Path) -> None:
    rows = VerificationRows("id", {"a": Kind.NUMERIC}, (ScoredRow("x", {"a": None}, 1.0, 0.75),))

    rows.save(tmp_path)

    assert json.loads((tmp_path / "verification.json").read_text()) == {
        "version": 1,
        "id_column": "id",
        "kinds": {"a": "numeric"},
        "rows": [{"id": "x", "features": {"a": None}, "prediction": 1.0, "prediction_probability": 0.75}],
    }
