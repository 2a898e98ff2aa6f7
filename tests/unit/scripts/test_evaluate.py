import json
import re
from pathlib import Path

import numpy as np
import pytest
from dataset_schema import DataRefused
from evaluate import ChampionSource, classification, confusion_matrix, curves, evaluate, main, regression
from gate_verdict import Rule
from sklearn.metrics import f1_score, roc_auc_score

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows
from tests.fakes.models import packed
from tests.fakes.s3 import FakeS3

LABELS = np.array([0.0, 0.0, 0.0, 1.0, 1.0])
PROBABILITIES = np.array([0.1, 0.6, 0.2, 0.9, 0.4])


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
    document = evaluate(packed(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 300), 200)

    assert document["version"] == 0.0
    assert document["dataset"]["item_count"] == 300
    scores = ["accuracy", "precision", "recall", "f0_5", "f1", "f2"]
    rates = [f"{kind}_rate" for kind in ("true_positive", "true_negative", "false_positive", "false_negative")]
    constants = [f"{name}_best_constant_classifier" for name in scores]
    parts = ["confusion_matrix", "receiver_operating_characteristic_curve", "precision_recall_curve"]
    assert set(document["binary_classification_metrics"]) == {*scores, *rates, *constants, *parts, "auc"}


@pytest.mark.parametrize(("rows", "is_number"), [(199, False), (200, True)])
def test_standard_deviation_needs_two_hundred_rows(tmp_path: Path, rows: int, is_number: bool) -> None:
    document = evaluate(packed(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, rows), 200)

    deviation = document["binary_classification_metrics"]["auc"]["standard_deviation"]
    assert isinstance(deviation, float) if is_number else deviation == "NaN"


def test_rare_class_is_in_every_sample(tmp_path: Path) -> None:
    labels = [1, *[0] * 299]
    write_rows(tmp_path / "test/a.parquet", small_rows(300, churned=labels))

    document = evaluate(packed(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)

    assert np.isfinite(document["binary_classification_metrics"]["auc"]["standard_deviation"])


def test_command_writes_json_that_a_strict_reader_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, test = packed(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 100)

    code = main([f"--model={model}", f"--test={test}", f"--output={tmp_path / 'out'}"])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (tmp_path / "out/evaluation.json").read_text()
    document = json.loads(text, parse_constant=refuse)
    assert code == 0
    assert isinstance(document["binary_classification_metrics"]["auc"]["value"], float)
    assert "gate" not in document
    assert re.fullmatch(
        r"The packed model answers as the training did: 5 rows, .*\.\nEvaluated 100 rows: auc .*\.\n",
        capsys.readouterr().out,
    )


def test_regression_document_has_its_own_metrics(tmp_path: Path) -> None:
    write_rows(tmp_path / "test/a.parquet", price_rows(50))

    document = evaluate(packed(tmp_path, PRICES, price_rows(300)), tmp_path / "test", 200)

    assert set(document["regression_metrics"]) == {"mae", "mse", "rmse", "r2"}
    assert document["regression_metrics"]["r2"]["standard_deviation"] == "NaN"


def test_test_split_of_one_class_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "test/a.parquet", small_rows(10, churned=[0] * 10))

    with pytest.raises(DataRefused, match="are of one class only: an evaluation needs rows of both"):
        evaluate(packed(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)


@pytest.mark.parametrize("rows", [0, 1])
def test_test_split_without_rows_is_refused(tmp_path: Path, rows: int) -> None:
    write_rows(tmp_path / "test/a.parquet", small_rows(10).slice(0, rows))

    with pytest.raises(DataRefused, match="has fewer than two rows"):
        evaluate(packed(tmp_path, SMALL, small_rows(300)), tmp_path / "test", 200)


RULE = ["--metric=binary_classification_metrics.auc.value", "--comparison=at_least", "--threshold=0.5"]
ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3"
URI = "s3://lake/models/3/model.tar.gz"


def lake_with(archive: Path) -> FakeS3:
    s3 = FakeS3()
    s3.objects["lake", "models/3/model.tar.gz"] = archive.read_bytes()
    return s3


def test_champion_is_measured_on_the_same_split_without_curves(tmp_path: Path) -> None:
    challenger, test = packed(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 300)
    s3 = lake_with(packed(tmp_path / "champion", SMALL, small_rows(60, first=100)) / "model.tar.gz")
    rule = Rule("binary_classification_metrics.auc.value", "at_least", 0.5, 0.01)

    document = evaluate(challenger, test, 200, rule, ChampionSource(ARN, URI, s3))

    gate, alone = document["gate"], evaluate(tmp_path / "champion", test, 200)["binary_classification_metrics"]
    assert gate["champion"]["model_package_arn"] == ARN
    assert gate["champion"]["value"] == alone["auc"]["value"]
    curves_of = {"receiver_operating_characteristic_curve", "precision_recall_curve"}
    expected = {name: value for name, value in alone.items() if name not in curves_of}
    assert gate["champion"]["metrics"] == {"binary_classification_metrics": expected}
    assert gate["value"] == document["binary_classification_metrics"]["auc"]["value"] != gate["champion"]["value"]
    assert curves_of <= document["binary_classification_metrics"].keys()


def test_command_with_a_rule_writes_and_says_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    challenger, test = packed(tmp_path, SMALL, small_rows(300)), labelled(tmp_path, 100)
    made: list[tuple[str, dict[str, str]]] = []

    def client(service: str, **options: str) -> FakeS3:
        made.append((service, options))
        return lake_with(challenger / "model.tar.gz")

    monkeypatch.setattr("boto3.client", client)
    champion = [f"--champion-arn={ARN}", f"--champion-model-uri={URI}", "--tolerance=0.01", "--region=eu-west-1"]

    assert main([f"--model={challenger}", f"--test={test}", f"--output={tmp_path}", *RULE, *champion]) == 0

    gate = json.loads((tmp_path / "evaluation.json").read_text())["gate"]
    assert (gate["shortfall"], gate["passed"], gate["tolerance"]) == (0.0, True, 0.01)
    assert f"The gate says yes: {gate['reason']}.\n" in capsys.readouterr().out
    assert made == [("s3", {"region_name": "eu-west-1"})]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (RULE[:1], "The gate's rule lacks '--comparison', '--threshold': give all of"),
        ([f"--champion-arn={ARN}", f"--champion-model-uri={URI}"], "lacks '--metric', '--comparison', '--threshold'"),
        ([*RULE, f"--champion-arn={ARN}"], "--champion-model-uri 'none'; give both, or 'none' for both"),
        ([*RULE[:2], "--threshold=high"], "--threshold 'high' is refused: write a finite number"),
        ([*RULE[:2], "--threshold=nan"], "--threshold 'nan' is refused: write a finite number"),
        ([*RULE, "--tolerance=-0.1"], "--tolerance '-0.1' is refused: write a number of at least 0, or 'none'"),
        ([*RULE, "--tolerance=inf"], "--tolerance 'inf' is refused: write a finite number"),
    ],
)
def test_rule_that_says_too_little_or_nonsense_is_refused(
    options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 1
    assert expected in capsys.readouterr().err
