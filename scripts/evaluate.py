"""Measures a model on the test split and writes SageMaker's model-quality format.

Its bundle: evaluate.py, signature.py, dataset_schema.py.
"""

import argparse
import json
import math
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import xgboost as xgb
from dataset_schema import DataRefused, ModelRefused, exit_code, find_files, new_parser, say
from signature import FILE_NAME, Signature
from sklearn import metrics as scores

PROCESSING = Path("/opt/ml/processing")
ARCHIVE, MODEL_FILE, RESULT = "model.tar.gz", "model.ubj", "evaluation.json"
THRESHOLD = 0.5
MIN_ROWS_FOR_DEVIATION = 200
SAMPLES, SAMPLE_SHARE = 5, 0.8
"""A metric's deviation is that of 5 samples of 80 % of the rows; below 200 rows it is "NaN" (Model Monitor's rules)."""

Floats = npt.NDArray[np.float64]
Measure = Callable[[Floats, Floats], Mapping[str, float]]


def evaluate(model_folder: Path, test_folder: Path, curve_points: int) -> dict[str, Any]:
    """Score the test split and return the model-quality document."""
    booster, signature = load_model(model_folder)
    labels, predictions = score(booster, signature, test_folder)
    document: dict[str, Any] = {
        "version": 0.0,
        "dataset": {"item_count": len(labels), "evaluation_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
    }
    if signature.is_regression:
        document["regression_metrics"] = _with_deviation(regression, labels, predictions)
    else:
        found: dict[str, Any] = _with_deviation(classification, labels, predictions)
        found["confusion_matrix"] = confusion_matrix(labels, predictions)
        document["binary_classification_metrics"] = found | curves(labels, predictions, curve_points)
    return document


def load_model(folder: Path) -> tuple[Any, Signature]:
    """Read the model and its signature out of model.tar.gz; nothing is extracted to disk."""
    path = folder / ARCHIVE
    try:
        with tarfile.open(path) as archive:
            model, signature = (_member(archive, name) for name in (MODEL_FILE, FILE_NAME))
    except (OSError, tarfile.TarError) as error:
        raise ModelRefused(f"The archive {str(path)!r} cannot be read: {error}.") from error
    booster = xgb.Booster()
    booster.load_model(bytearray(model))
    return booster, Signature.from_json(signature.decode("utf-8"))


def score(booster: Any, signature: Signature, folder: Path) -> tuple[Floats, Floats]:
    """Return labels and predictions (probabilities of the positive class, or numbers) of every row."""
    labels, predictions = [], []
    for path in find_files(folder, (".parquet",)):
        for batch in pq.ParquetFile(path).iter_batches():
            labels.append(signature.labels(batch.column(signature.target)))
            matrix = signature.apply(batch, also=(signature.target,)).matrix
            predictions.append(booster.inplace_predict(matrix, validate_features=False))
    if sum(map(len, labels)) < 2:
        raise DataRefused(f"The test split in {str(folder)!r} has fewer than two rows: give more test data.")
    every = np.concatenate(labels).astype(np.float64)
    if not signature.is_regression and len(np.unique(every)) != 2:
        raise DataRefused(f"The labels in {str(folder)!r} are of one class only: an evaluation needs rows of both.")
    return every, np.concatenate(predictions).astype(np.float64)


def regression(labels: Floats, predictions: Floats) -> dict[str, float]:
    """Measure a regression."""
    mse = float(scores.mean_squared_error(labels, predictions))
    return {
        "mae": float(scores.mean_absolute_error(labels, predictions)),
        "mse": mse,
        "rmse": mse**0.5,
        "r2": float(scores.r2_score(labels, predictions)),
    }


def classification(labels: Floats, probabilities: Floats) -> dict[str, float]:
    """Measure a binary classification, and beside it the best classifier that always says the same."""
    found = _of_predictions(labels, (probabilities >= THRESHOLD).astype(np.float64))
    constants = [_of_predictions(labels, np.full(len(labels), value)) for value in (0.0, 1.0)]
    best = {
        f"{name}_best_constant_classifier": max(constant[name] for constant in constants)
        for name in ("accuracy", "precision", "recall", "f0_5", "f1", "f2")
    }
    return found | {"auc": float(scores.roc_auc_score(labels, probabilities))} | best


def confusion_matrix(labels: Floats, probabilities: Floats) -> dict[str, dict[str, int]]:
    """Count rows by actual class, then by predicted class; 1 is the positive one."""
    counts = scores.confusion_matrix(labels, probabilities >= THRESHOLD, labels=[0, 1])
    return {str(actual): {str(said): int(counts[actual, said]) for said in (0, 1)} for actual in (0, 1)}


def curves(labels: Floats, probabilities: Floats, points: int) -> dict[str, Any]:
    """Return the ROC and the precision-recall curve, thinned to so many points, ends included."""
    false_rates, true_rates, _ = scores.roc_curve(labels, probabilities)
    precisions, recalls, _ = scores.precision_recall_curve(labels, probabilities)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": _thin(false_rates, points),
            "true_positive_rates": _thin(true_rates, points),
        },
        "precision_recall_curve": {"precisions": _thin(precisions, points), "recalls": _thin(recalls, points)},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        document = evaluate(given.model, given.test, given.max_curve_points)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / RESULT).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        kind = next(key for key in document if key.endswith("_metrics"))
        shown = (
            ("rmse", "mae", "r2") if kind.startswith("regression") else ("auc", "accuracy", "precision", "recall", "f1")
        )
        values = ", ".join(f"{name} {document[kind][name]['value']:.4f}" for name in shown)
        say(f"Evaluated {document['dataset']['item_count']} rows: {values}.")

    return exit_code(work)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--model", type=Path, default=PROCESSING / "input/model", help=f"folder with {ARCHIVE}")
    parser.add_argument("--test", type=Path, default=PROCESSING / "input/test", help="folder of the test split")
    parser.add_argument("--output", type=Path, default=PROCESSING / "output/evaluation", help=f"folder for {RESULT}")
    parser.add_argument("--max-curve-points", type=int, default=200, help="of each curve")
    return parser


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    for member in archive:
        if member.isfile() and member.name.removeprefix("./") == name:
            content = archive.extractfile(member)
            if content is not None:
                return content.read()
    raise ModelRefused(f"The archive has no {name}: is it one that train.py's job made?")


def _of_predictions(labels: Floats, said: Floats) -> dict[str, float]:
    true_negatives, false_positives, false_negatives, true_positives = (
        int(count) for count in scores.confusion_matrix(labels, said, labels=[0, 1]).ravel()
    )
    precision = _ratio(true_positives, true_positives + false_positives)
    recall = _ratio(true_positives, true_positives + false_negatives)
    false_positive_rate = _ratio(false_positives, false_positives + true_negatives)
    return {
        "accuracy": (true_positives + true_negatives) / len(labels),
        "precision": precision,
        "recall": recall,
        "true_positive_rate": recall,
        "true_negative_rate": _ratio(true_negatives, false_positives + true_negatives),
        "false_positive_rate": false_positive_rate,
        "false_negative_rate": _ratio(false_negatives, true_positives + false_negatives),
        **{name: _f_score(precision, recall, beta) for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))},
    }


def _f_score(precision: float, recall: float, beta: float) -> float:
    return _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _with_deviation(measure: Measure, labels: Floats, predictions: Floats) -> dict[str, dict[str, float | str]]:
    values = measure(labels, predictions)
    if len(labels) < MIN_ROWS_FOR_DEVIATION:
        return {name: {"value": value, "standard_deviation": "NaN"} for name, value in values.items()}
    # Each class is sampled by itself, so that no sample lacks one; a regression's labels are one class.
    strata = (
        [np.flatnonzero(labels == value) for value in (0, 1)] if measure is classification else [np.arange(len(labels))]
    )
    sampled = [measure(labels[rows], predictions[rows]) for rows in _samples(labels, strata)]
    return {
        name: {"value": value, "standard_deviation": float(np.std([sample[name] for sample in sampled], ddof=1))}
        for name, value in values.items()
    }


def _samples(labels: Floats, strata: Sequence[npt.NDArray[np.int64]]) -> Iterator[npt.NDArray[np.int64]]:
    generator = np.random.default_rng(len(labels))
    for _ in range(SAMPLES):
        yield np.concatenate([generator.choice(rows, math.ceil(len(rows) * SAMPLE_SHARE), False) for rows in strata])


def _thin(values: Floats, points: int) -> list[float]:
    if len(values) <= points:
        return [float(value) for value in values]
    return [float(value) for value in values[np.linspace(0, len(values) - 1, points).round().astype(int)]]


if __name__ == "__main__":
    sys.exit(main())
