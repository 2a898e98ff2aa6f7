"""A metric by its path in evaluation.json, and which way is better."""

from __future__ import annotations

import difflib
from typing import Literal

Comparison = Literal["at_least", "at_most"]

FAMILIES = {
    "binary_classification_metrics": ("auc", "accuracy", "precision", "recall", "f0_5", "f1", "f2"),
    "regression_metrics": ("mae", "mse", "rmse", "r2"),
}
"""What scripts/evaluate.py writes, by the name that stands before it in evaluation.json."""
_CONSTANT = "_best_constant_classifier"
_ERRORS = frozenset({"rmse", "mse", "mae", "mape", "rmsle", "logloss", "log_loss", "error", "brier_score"})
"""Metrics of which less is better."""
_PATHS = {name: f"{family}.{name}.value" for family, names in FAMILIES.items() for name in names}


def check_path(metric: str) -> None:
    """Refuse what is not a path in evaluation.json as JsonGet reads it.

    Raises:
        ValueError: with the path that was probably meant.
    """
    if metric.startswith("$"):
        raise ValueError(f"metric {metric!r} starts with '$'; allowed: a path such as a.b.value")
    if not _is_path(metric):
        raise ValueError(
            f"metric {metric!r} is not a path in evaluation.json;{_guess(metric)} allowed: a path such "
            f"as {_PATHS['auc']}, and the metrics are {', '.join(_PATHS)}"
        )
    family, name, *_ = [*metric.split("."), ""]
    if family in FAMILIES and name.removesuffix(_CONSTANT) not in FAMILIES[family]:
        raise ValueError(
            f"metric {metric!r} is never written;{_guess(metric)} allowed of {family}: {', '.join(FAMILIES[family])}"
        )


def check_family(key: str, metric: str, problem_type: str) -> None:
    """Refuse a metric of the other problem type's family.

    Raises:
        ValueError: with the key that names the metric, and the family that is written.
    """
    family = metric.partition(".")[0]
    expected = "regression_metrics" if problem_type == "regression" else "binary_classification_metrics"
    if family.endswith("_metrics") and family != expected:
        raise ValueError(
            f"{key} {metric!r} is never written for a {problem_type} (dataset.problem_type); allowed: a path that "
            f"begins with {expected!r}"
        )


def comparison_of(metric: str) -> Comparison:
    """Say which side of the threshold is good for a metric's path: `regression_metrics.rmse.value` -> at_most."""
    return "at_most" if _ERRORS.intersection(metric.split(".")) else "at_least"


def _is_path(metric: str) -> bool:
    parts = metric.split(".")
    if len(parts) == 2:
        return parts[0].lower() not in {*FAMILIES, *_PATHS}
    return len(parts) > 2


def _guess(metric: str) -> str:
    """The whole path for `auc`, `AUC`, `auc.value` or `binary_classification_metrics.auc`."""
    words = [part.lower() for part in metric.split(".") if part not in {"value", *FAMILIES}]
    near = difflib.get_close_matches(words[0], _PATHS, n=1) if words else []
    return f" did you mean {_PATHS[near[0]]}?" if near else ""
