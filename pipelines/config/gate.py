"""Which metric decides whether a model is registered."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config.section import Section

Comparison = Literal["at_least", "at_most"]

_ERRORS = frozenset({"rmse", "mse", "mae", "mape", "rmsle", "logloss", "log_loss", "error", "brier_score"})
"""Metrics of which less is better."""


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
        return self


def comparison_of(metric: str) -> Comparison:
    """Say which side of the threshold is good for a metric's path: `regression_metrics.rmse.value` -> at_most."""
    return "at_most" if _ERRORS.intersection(metric.split(".")) else "at_least"
