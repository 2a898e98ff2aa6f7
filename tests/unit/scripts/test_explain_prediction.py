"""A row is scored again by its model's archive alone, held against what was published, and explained."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import explain_prediction
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import xgboost as xgb
from inference import Model
from train import SERVING_CODE

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows
from tests.fakes.models import trained

SCRIPT = Path(__file__).parents[3] / "scripts/explain_prediction.py"
SERVING = [name.removesuffix(".py") for name in SERVING_CODE]
"""Modules that an archive has and this checkout, too."""


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    stderr: str


@contextmanager
def as_a_new_process() -> Iterator[None]:
    """Let the script import the archive's modules, and forget them afterwards."""
    before = {name: sys.modules.pop(name) for name in SERVING if name in sys.modules}
    path, writes_no_bytecode = list(sys.path), sys.dont_write_bytecode
    try:
        yield
    finally:
        for name in SERVING:
            sys.modules.pop(name, None)
        sys.modules.update(before)
        sys.path[:], sys.dont_write_bytecode = path, writes_no_bytecode


@dataclass(frozen=True)
class Case:
    """A model, its archive, and the rows that it scores."""

    model: Model
    folder: Path
    rows: pa.Table

    @property
    def archive(self) -> Path:
        return self.folder / "model.tar.gz"

    def score(self, place: int) -> np.float32:
        """What the model gives for a row."""
        matrix = self.model.signature.apply(self.rows.slice(place, 1)).matrix
        return np.float32(self.model.booster.inplace_predict(matrix, validate_features=False)[0])

    def published(self, place: int) -> dict[str, str]:
        """The options that say what the table has."""
        score = float(self.score(place))
        if self.model.signature.is_regression:
            return {"prediction": repr(score)}
        return {"prediction": str(int(score >= 0.5)), "probability": repr(score)}

    def words(self, place: int, kind: str = "application/x-parquet", **changed: str) -> list[str]:
        """The script's options for a row."""
        row = write_row(self.folder / "row", self.rows.slice(place, 1), kind)
        given = {
            "archive": str(self.archive),
            "row": str(row),
            "content-type": kind,
            "id": self.rows["customer_id"][place].as_py(),
            "output": str(self.folder / "explanation.json"),
            **self.published(place),
            **changed,
        }
        (self.folder / "explanation.json").unlink(missing_ok=True)
        return [f"--{name}={value}" for name, value in given.items()]

    def run(self, place: int, kind: str = "application/x-parquet", **changed: str) -> Done:
        """Explain one row; in this process, because a new one takes seconds to import XGBoost."""
        printed = io.StringIO()
        with as_a_new_process(), redirect_stderr(printed):
            code = explain_prediction.main(self.words(place, kind, **changed))
        return Done(code, printed.getvalue())

    def explained(self, place: int, kind: str = "application/x-parquet", **changed: str) -> dict[str, Any]:
        done = self.run(place, kind, **changed)
        assert done.code == 0, done.stderr
        return self.document()

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "explanation.json").read_text(encoding="utf-8"))
        return found


def write_row(path: Path, row: pa.Table, kind: str) -> Path:
    if kind == "text/csv":
        pa_csv.write_csv(row, path, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    else:
        pq.write_table(row, path)
    return path


def packed(folder: Path, document: dict[str, Any], rows: pa.Table) -> Case:
    model = trained(folder / "model", document, rows)
    pack(folder)
    return Case(model, folder, rows.drop_columns(document["target"]))


def pack(folder: Path) -> None:
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for path in sorted((folder / "model").iterdir()):
            archive.add(path, path.name)


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return packed(tmp_path_factory.mktemp("churn"), SMALL, small_rows(300))


@pytest.fixture(scope="module")
def price(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return packed(tmp_path_factory.mktemp("price"), PRICES, price_rows(200))


def test_row_of_a_classification_is_explained_in_log_odds(churn: Case) -> None:
    found = churn.explained(4)

    score = float(churn.score(4))
    assert (found["id"], found["prediction"]) == ("CUST_000005", int(score >= 0.5))
    assert (found["prediction_probability"], found["unit"], found["classes"]) == (score, "log-odds", ["0", "1"])
    assert 1 / (1 + np.exp(-found["margin"])) == pytest.approx(score, abs=1e-6)


def test_script_alone_uses_the_archives_code_in_any_folder(churn: Case) -> None:
    words = [sys.executable, str(SCRIPT), *churn.words(4)]

    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, cwd=churn.folder, env={})

    assert done.returncode == 0, done.stderr
    assert churn.document() == churn.explained(4)


def test_row_of_a_regression_is_explained_in_the_targets_units(price: Case) -> None:
    found = price.explained(4)

    assert (found["prediction"], found["prediction_probability"]) == (float(price.score(4)), None)
    assert (found["unit"], found["classes"], found["margin"]) == ("price", None, float(price.score(4)))


@pytest.mark.parametrize("name", ["churn", "price"])
def test_contributions_are_treeshap_and_add_up_to_the_margin(request: pytest.FixtureRequest, name: str) -> None:
    case: Case = request.getfixturevalue(name)

    found = case.explained(9)

    data = xgb.DMatrix(case.model.signature.apply(case.rows.slice(9, 1)).matrix)
    *shares, base = case.model.booster.predict(data, pred_contribs=True)[0]
    listed = {item["name"]: item["contribution"] for item in found["features"]}
    assert listed == dict(zip(case.model.signature.names, map(float, shares), strict=True))
    assert found["base_value"] == float(base)
    assert found["base_value"] + sum(listed.values()) == pytest.approx(found["margin"], abs=1e-5)
    sizes = [abs(item["contribution"]) for item in found["features"]]
    assert sizes == sorted(sizes, reverse=True)
    for item in found["features"]:
        assert item["direction"] == ("raises" if item["contribution"] > 0 else "lowers")


def test_csv_row_has_the_same_explanation(churn: Case) -> None:
    assert churn.explained(4, "text/csv") == churn.explained(4)


def test_value_is_the_rows_own_and_a_note_says_what_the_model_saw(churn: Case) -> None:
    rows = {place: {item["name"]: item for item in churn.explained(place)["features"]} for place in (3, 6, 1)}

    assert (rows[3]["amount"]["value"], rows[3]["amount"]["note"]) == (2.0, "")
    assert (rows[3]["plan"]["value"], rows[3]["plan"]["note"]) == ("plus", "")
    fill = churn.model.signature.features[0].fill  # type: ignore[union-attr]  # it is the numeric one
    assert (rows[6]["amount"]["value"], rows[6]["amount"]["note"]) == (None, f"missing, counts as {fill:g}")
    assert (rows[1]["plan"]["value"], rows[1]["plan"]["note"]) == (None, "missing")


def test_category_that_training_never_saw_is_said(churn: Case) -> None:
    new = pa.table({"customer_id": ["CUST_000999"], "amount": [1.5], "plan": ["platinum"]})

    found = Case(churn.model, churn.folder, new).explained(0)

    (plan,) = [item for item in found["features"] if item["name"] == "plan"]
    assert (plan["value"], plan["note"]) == ("platinum", "never seen in training, counts as missing")


def test_score_that_was_published_otherwise_is_an_error_with_both_values(churn: Case) -> None:
    score = churn.score(4)
    neighbour = float(np.nextafter(score, np.float32(1)))

    done = churn.run(4, probability=repr(neighbour))

    assert done.code == 1
    assert done.stderr == (
        "Error: The score of 'CUST_000005' is not the published one: prediction_probability "
        f"{neighbour!r} was published, the model gives {float(score)!r} (1 steps of float32 apart).\n"
    )
    assert not (churn.folder / "explanation.json").exists()


def test_score_that_is_published_with_more_digits_than_float32_has_is_the_same(churn: Case) -> None:
    churn.explained(4, probability=repr(float(churn.score(4)) + 1e-12))


def test_prediction_that_was_published_otherwise_is_an_error(churn: Case) -> None:
    other = str(1 - int(churn.score(4) >= 0.5))

    done = churn.run(4, prediction=other)

    assert done.code == 1
    assert f"prediction {float(other)!r} was published, the model gives {1 - int(other)}" in done.stderr


def test_regression_that_was_published_otherwise_is_an_error_with_both_values(price: Case) -> None:
    done = price.run(4, prediction="999.5")

    assert done.code == 1
    assert f"prediction 999.5 was published, the model gives {float(price.score(4))!r}" in done.stderr


def test_code_of_the_archive_scores_and_not_that_of_this_checkout(tmp_path: Path) -> None:
    case = packed(tmp_path, SMALL, small_rows(300))
    place = next(place for place in range(300) if case.score(place) >= 0.5)
    code = tmp_path / "model/code/inference.py"
    code.write_text(code.read_text(encoding="utf-8").replace("THRESHOLD = 0.5", "THRESHOLD = 1.5"), encoding="utf-8")
    pack(tmp_path)

    done = case.run(place)

    assert done.code == 1
    assert "prediction 1.0 was published, the model gives 0." in done.stderr
    assert not list(tmp_path.glob("model/code/__pycache__"))


def test_archive_without_code_is_refused(tmp_path: Path) -> None:
    case = packed(tmp_path, SMALL, small_rows(60))
    (tmp_path / "model/code/inference.py").unlink()
    pack(tmp_path)

    done = case.run(0)

    assert (done.code, done.stderr) == (
        1,
        "Error: The model archive has no code/inference.py: is it one that train.py wrote?\n",
    )


def test_archive_that_is_none_is_refused(churn: Case, tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")

    done = churn.run(0, archive=str(tmp_path / "broken.tar.gz"))

    assert done.code == 1
    assert "broken.tar.gz' cannot be unpacked" in done.stderr


def test_row_that_the_model_does_not_understand_is_refused_by_the_archives_own_words(churn: Case) -> None:
    rows = churn.rows.rename_columns(["customer_id", "sum", "plan"])
    row = write_row(churn.folder / "wrong", rows.slice(0, 1), "application/x-parquet")

    done = churn.run(0, row=str(row))

    assert done.code == 1
    assert "own code refuses the row of 'CUST_000001'" in done.stderr
    assert "missing columns ['amount'], extra ['sum']" in done.stderr


def test_file_of_several_rows_is_refused(churn: Case) -> None:
    row = write_row(churn.folder / "several", churn.rows.slice(0, 2), "application/x-parquet")

    done = churn.run(0, row=str(row))

    assert (done.code, "The file has 2 rows, expected is the one to explain." in done.stderr) == (1, True)
