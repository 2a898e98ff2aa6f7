import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dataset_schema import DataRefused, ModelRefused
from evaluate import classification, confusion_matrix, curves, evaluate, main, regression
from sklearn.metrics import f1_score, roc_auc_score

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows
from tests.fakes.models import trained

LABELS = np.array([0.0, 0.0, 0.0, 1.0, 1.0])
PROBABILITIES = np.array([0.1, 0.6, 0.2, 0.9, 0.4])


def archived(folder: Path, document: dict[str, Any], rows: Any) -> Path:
    trained(folder / "model", document, rows)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "model", ".")
    return folder


def labelled(folder: Path, count: int) -> Path:
    write_rows(folder / "test/part-00000.parquet", small_rows(count))
    return folder / "test"


def test_classification_measures_what_the_confusion_matrix_says() -> None:
    found = classification(LABELS, PROBABILITIES)

    assert confusion_matrix(LABELS, PROBABILITIES) == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["precision"] == found["recall"] == found["f0_5"] == found["f1"] == found["f2"] == pytest.approx(1 / 2)
    assert found["false_positive_rate"] == pytest.approx(1 / 3)
    assert found["auc"] == pytest.approx(5 / 6)


def test_classification_agrees_with_scikit_learn_on_random_rows() -> None:
    generator = np.random.default_rng(0)
    labels = (generator.random(500) < 0.3).astype(float)
    probabilities = np.clip(0.3 * labels + 0.7 * generator.random(500), 0, 1)

    found = classification(labels, probabilities)

    assert found["f1"] == pytest.approx(f1_score(labels, probabilities >= 0.5))
    assert found["auc"] == pytest.approx(roc_auc_score(labels, probabilities))


def test_best_constant_classifier_is_the_better_of_always_no_and_always_yes() -> None:
    found = classification(LABELS, PROBABILITIES)

    assert found["accuracy_best_constant_classifier"] == pytest.approx(3 / 5)
    assert found["recall_best_constant_classifier"] == 1.0
    assert found["precision_best_constant_classifier"] == pytest.approx(2 / 5)
    assert found["f1_best_constant_classifier"] == pytest.approx(4 / 7)


def test_model_that_never_says_yes_has_precision_zero() -> None:
    found = classification(LABELS, np.zeros(5))

    assert (found["precision"], found["recall"], found["f1"]) == (0.0, 0.0, 0.0)


def test_curves_are_thinned_with_both_ends() -> None:
    generator = np.random.default_rng(0)

    found = curves((generator.random(5000) < 0.3).astype(float), generator.random(5000), points=50)

    roc = found["receiver_operating_characteristic_curve"]
    assert len(roc["false_positive_rates"]) == len(roc["true_positive_rates"]) == 50
    assert (roc["false_positive_rates"][0], roc["true_positive_rates"][-1]) == (0.0, 1.0)
    assert len(found["precision_recall_curve"]["recalls"]) == 50


def test_regression_measures_errors() -> None:
    found = regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))

    assert found == pytest.approx({"mae": 2 / 3, "mse": 4 / 3, "rmse": (4 / 3) ** 0.5, "r2": -1.0})


def test_document_has_every_metric_of_the_model_quality_format(tmp_path: Path) -> None:
    document = evaluate(archived(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 300), 200)

    assert document["version"] == 0.0
    assert document["dataset"]["item_count"] == 300
    scores = ["accuracy", "precision", "recall", "f0_5", "f1", "f2"]
    rates = [f"{kind}_rate" for kind in ("true_positive", "true_negative", "false_positive", "false_negative")]
    constants = [f"{name}_best_constant_classifier" for name in scores]
    parts = ["confusion_matrix", "receiver_operating_characteristic_curve", "precision_recall_curve"]
    assert set(document["binary_classification_metrics"]) == {*scores, *rates, *constants, *parts, "auc"}


@pytest.mark.parametrize(("rows", "is_number"), [(199, False), (200, True)])
def test_standard_deviation_needs_two_hundred_rows(tmp_path: Path, rows: int, is_number: bool) -> None:
    document = evaluate(archived(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, rows), 200)

    deviation = document["binary_classification_metrics"]["auc"]["standard_deviation"]
    assert isinstance(deviation, float) if is_number else deviation == "NaN"


def test_rare_class_is_in_every_sample(tmp_path: Path) -> None:
    labels = [1, *[0] * 299]
    write_rows(tmp_path / "test/a.parquet", small_rows(300, churned=labels))

    document = evaluate(archived(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)

    assert np.isfinite(document["binary_classification_metrics"]["auc"]["standard_deviation"])


def test_command_writes_json_that_a_strict_reader_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, test = archived(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 100)

    code = main([f"--model={model}", f"--test={test}", f"--output={tmp_path / 'out'}"])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (tmp_path / "out/evaluation.json").read_text()
    document = json.loads(text, parse_constant=refuse)
    assert code == 0
    assert isinstance(document["binary_classification_metrics"]["auc"]["value"], float)
    assert capsys.readouterr().out.startswith("Evaluated 100 rows: auc ")


def test_regression_document_has_its_own_metrics(tmp_path: Path) -> None:
    write_rows(tmp_path / "test/a.parquet", price_rows(50))

    document = evaluate(archived(tmp_path, PRICES, price_rows(300)), tmp_path / "test", 200)

    assert set(document["regression_metrics"]) == {"mae", "mse", "rmse", "r2"}
    assert document["regression_metrics"]["r2"]["standard_deviation"] == "NaN"


def test_test_split_of_one_class_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "test/a.parquet", small_rows(10, churned=[0] * 10))

    with pytest.raises(DataRefused, match="are of one class only: an evaluation needs rows of both"):
        evaluate(archived(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)


@pytest.mark.parametrize("rows", [0, 1])
def test_test_split_without_rows_is_refused(tmp_path: Path, rows: int) -> None:
    write_rows(tmp_path / "test/a.parquet", small_rows(10).slice(0, rows))

    with pytest.raises(DataRefused, match="has fewer than two rows"):
        evaluate(archived(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)


def test_archive_without_a_signature_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes(b"{}")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model.ubj", "model.ubj")

    with pytest.raises(ModelRefused, match=r"The archive has no signature.json"):
        evaluate(tmp_path, tmp_path, 200)


@pytest.mark.parametrize("content", [None, b"no archive"])
def test_archive_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.tar.gz").write_bytes(content)

    with pytest.raises(ModelRefused, match=r"model.tar.gz' cannot be read"):
        evaluate(tmp_path, tmp_path, 200)
