"""Measures a model on the test split, holds it against the gate, and writes SageMaker's model-quality format.

Its bundle: evaluate.py, champion.py, gate_verdict.py, packed_model.py, verify_model.py, serve_rows.py,
verification_rows.py, signature.py, dataset_schema.py, id_shares.py.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
from champion import score_champion
from dataset_schema import SchemaRefused, exit_code, new_parser, quoted, say
from gate_verdict import COMPARISONS, Rule, judge
from packed_model import ARCHIVE, Floats, PackedModel
from signature import Signature
from sklearn import metrics as scores
from verify_model import verify

PROCESSING = Path("/opt/ml/processing")
RESULT = "evaluation.json"
THRESHOLD = 0.5
MIN_ROWS_FOR_DEVIATION = 200
SAMPLES, SAMPLE_SHARE = 5, 0.8
"""A metric's deviation is that of 5 samples of 80 % of the rows; below 200 rows it is "NaN" (Model Monitor's rules)."""

NONE = "none"
"""How a pipeline says that there is no champion, or no tolerance: an argument cannot be left out at run time."""

Measure = Callable[[Floats, Floats], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class ChampionSource:
    """Where the champion is."""

    arn: str
    model_uri: str
    s3: Any
    """A client of boto3."""


def evaluate(
    model_folder: Path,
    test_folder: Path,
    curve_points: int,
    rule: Rule | None = None,
    source: ChampionSource | None = None,
) -> dict[str, Any]:
    """Score the test split and return the model-quality document, with the gate's verdict when there is a rule."""
    model = PackedModel.load(model_folder / ARCHIVE)
    labels, predictions = model.score(test_folder)
    document: dict[str, Any] = {
        "version": 0.0,
        "dataset": {"item_count": len(labels), "evaluation_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        **measure(model.signature, labels, predictions),
    }
    if rule is not None:
        champion = None
        if source is not None:
            champion = score_champion(source.s3, source.arn, source.model_uri, model.signature, test_folder, measure)
        document["gate"] = judge(rule, document, champion)
    if not model.signature.is_regression:
        document["binary_classification_metrics"] |= curves(labels, predictions, curve_points)
    return document


def measure(signature: Signature, labels: Floats, predictions: Floats) -> dict[str, Any]:
    """Return the metrics' family by its name, without curves."""
    if signature.is_regression:
        return {"regression_metrics": _with_deviation(regression, labels, predictions)}
    found: dict[str, Any] = _with_deviation(classification, labels, predictions)
    return {"binary_classification_metrics": found | {"confusion_matrix": confusion_matrix(labels, predictions)}}


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
        rule, source = _rule(given), _source(given)
        verified = verify(given.model / ARCHIVE)
        say(f"The packed model answers as the training did: {verified} rows, in every format that it serves.")
        document = evaluate(given.model, given.test, given.max_curve_points, rule, source)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / RESULT).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        say(_summary(document))

    return exit_code(work)


def _summary(document: Mapping[str, Any]) -> str:
    kind = next(key for key in document if key.endswith("_metrics"))
    shown = ("rmse", "mae", "r2") if kind.startswith("regression") else ("auc", "accuracy", "precision", "recall", "f1")
    values = ", ".join(f"{name} {document[kind][name]['value']:.4f}" for name in shown)
    measured = f"Evaluated {document['dataset']['item_count']} rows: {values}."
    if "gate" not in document:
        return measured
    gate = document["gate"]
    return f"{measured}\nThe gate says {'yes' if gate['passed'] else 'no'}: {gate['reason']}."


def _rule(given: argparse.Namespace) -> Rule | None:
    asked = {"--metric": given.metric, "--comparison": given.comparison, "--threshold": given.threshold}
    lacking = [name for name, value in asked.items() if value is None]
    has_champion = NONE not in {given.champion_arn, given.champion_model_uri}
    if len(lacking) == len(asked) and not has_champion:
        return None
    if lacking:
        raise SchemaRefused(f"The gate's rule lacks {quoted(lacking)}: give all of {quoted(asked)}, or no champion.")
    tolerance = None if given.tolerance == NONE else _number("--tolerance", given.tolerance)
    if tolerance is not None and tolerance < 0:
        raise SchemaRefused(f"--tolerance {given.tolerance!r} is refused: write a number of at least 0, or {NONE!r}.")
    return Rule(given.metric, given.comparison, _number("--threshold", given.threshold), tolerance)


def _source(given: argparse.Namespace) -> ChampionSource | None:
    arn, uri = given.champion_arn, given.champion_model_uri
    if (arn == NONE) != (uri == NONE):
        raise SchemaRefused(
            f"The champion is refused: --champion-arn is {arn!r} and --champion-model-uri {uri!r}; "
            f"give both, or {NONE!r} for both."
        )
    if arn == NONE:
        return None
    region = given.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
    return ChampionSource(arn, uri, boto3.client("s3", region_name=region))


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SchemaRefused(f"{option} {text!r} is refused: write a finite number.")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--model", type=Path, default=PROCESSING / "input/model", help=f"folder with {ARCHIVE}")
    parser.add_argument("--test", type=Path, default=PROCESSING / "input/test", help="folder of the test split")
    parser.add_argument("--output", type=Path, default=PROCESSING / "output/evaluation", help=f"folder for {RESULT}")
    parser.add_argument("--max-curve-points", type=int, default=200, help="of each curve")
    parser.add_argument("--metric", help=f"the gate's, as a path in {RESULT}; left out: no gate, only metrics")
    parser.add_argument("--comparison", choices=COMPARISONS, help="which side of the threshold is good")
    parser.add_argument("--threshold", help="the metric's, itself included")
    parser.add_argument("--tolerance", default=NONE, help="how much worse than the champion the metric may be")
    parser.add_argument("--champion-arn", default=NONE, help="model package of the latest approved version")
    parser.add_argument("--champion-model-uri", default=NONE, help=f"S3 address of its {ARCHIVE}")
    parser.add_argument("--region", help="AWS region; left out: the environment's")
    return parser


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
