"""How good scored rows were, by their labels: the metrics of evaluation.json."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn import metrics as scores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values by name, and why some of them have none."""

    values: dict[str, float | None]
    reasons: dict[str, str]
    """Of each value that is None."""
    notes: tuple[str, ...] = ()
    """What a reader of the values should know."""


def classification(labels: Floats, predictions: Floats, probabilities: Floats) -> Metrics:
    """Measure predictions of 0 and 1; a share of no rows at all is 0, and a note says so."""
    actual, said = labels.astype(np.int8), predictions.astype(np.int8)
    precision, recall, f1_score, _ = scores.precision_recall_fscore_support(
        actual, said, average="binary", zero_division=0.0
    )
    reasons = {}
    if actual.min() == actual.max():
        reasons["roc_auc"] = (
            f"all {len(actual)} labels are of the {'positive' if actual[0] else 'negative'} class; ROC AUC compares "
            "rows of both"
        )
    values = {
        "accuracy": float(scores.accuracy_score(actual, said)),
        "precision": float(precision),
        "recall": float(recall),
        "f1_score": float(f1_score),
        "roc_auc": None if reasons else float(scores.roc_auc_score(actual, probabilities)),
    }
    notes = []
    if not said.any():
        notes.append("No row was predicted to be positive: precision is the share of none of them and counts as 0.")
    if not actual.any():
        notes.append("No label is positive: recall is the share of none of them and counts as 0.")
    return Metrics(values, reasons, tuple(notes))


def regression(labels: Floats, predictions: Floats) -> Metrics:
    """Measure predicted numbers."""
    reasons = {}
    if labels.min() == labels.max():
        reasons["r2"] = (
            f"all {len(labels)} labels are {labels[0]:g}; r2 compares the errors with the labels' own differences"
        )
    values = {
        "rmse": float(scores.root_mean_squared_error(labels, predictions)),
        "mae": float(scores.mean_absolute_error(labels, predictions)),
        "r2": None if reasons else float(scores.r2_score(labels, predictions)),
    }
    return Metrics(values, reasons)
