"""Which metric decides whether a model is registered."""

from __future__ import annotations

import difflib
from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config.section import Section

Comparison = Literal["at_least", "at_most"]

_ERRORS = frozenset({"rmse", "mse", "mae", "mape", "rmsle", "logloss", "log_loss", "error", "brier_score"})
"""Metrics of which less is better."""
_FAMILIES = {
    "binary_classification_metrics": ("auc", "accuracy", "precision", "recall", "f0_5", "f1", "f2"),
    "regression_metrics": ("mae", "mse", "rmse", "r2"),
}
"""What scripts/evaluate.py writes, by the name that stands before it in evaluation.json."""
_PATHS = {name: f"{family}.{name}.value" for family, names in _FAMILIES.items() for name in names}


class Gate(Section):
    """The quality that a model needs in order to be registered."""

    metric: str = Field(default="binary_classification_metrics.auc.value", min_length=1)
    """Path in evaluation.json, as JsonGet reads it."""
    threshold: float = 0.75
    comparison: Comparison = "at_least"
    """Left out, it follows from the metric: errors (rmse, mae, ...) at most, everything else at least."""

    @model_validator(mode="before")
    @classmethod
    def _infer(cls, values: object) -> object:
        if isinstance(values, dict) and "comparison" not in values and isinstance(values.get("metric"), str):
            return {**values, "comparison": comparison_of(values["metric"])}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.metric.startswith("$"):
            raise ValueError(f"metric {self.metric!r} starts with '$'; allowed: a path such as a.b.value")
        if not _is_path(self.metric):
            raise ValueError(
                f"metric {self.metric!r} is not a path in evaluation.json;{_guess(self.metric)} allowed: a path such "
                f"as {_PATHS['auc']}, and the metrics are {', '.join(_PATHS)}"
            )
        return self


def _is_path(metric: str) -> bool:
    parts = metric.split(".")
    if len(parts) == 2:
        return parts[0].lower() not in {*_FAMILIES, *_PATHS}
    return len(parts) > 2


def _guess(metric: str) -> str:
    """The whole path for `auc`, `AUC`, `auc.value` or `binary_classification_metrics.auc`."""
    words = [part.lower() for part in metric.split(".") if part not in {"value", *_FAMILIES}]
    near = difflib.get_close_matches(words[0], _PATHS, n=1) if words else []
    return f" did you mean {_PATHS[near[0]]}?" if near else ""


def comparison_of(metric: str) -> Comparison:
    """Say which side of the threshold is good for a metric's path: `regression_metrics.rmse.value` -> at_most."""
    return "at_most" if _ERRORS.intersection(metric.split(".")) else "at_least"
