"""Which metric decides whether a model is registered."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.config.metric import Comparison, check_path, comparison_of
from pipelines.config.section import Section


class Gate(Section):
    """The quality that a model needs in order to be registered."""

    metric: str = Field(default="binary_classification_metrics.auc.value", min_length=1)
    """Path in evaluation.json, as JsonGet reads it."""
    threshold: float = 0.75
    comparison: Comparison = "at_least"
    """Left out, it follows from the metric: errors (rmse, mae, ...) at most, everything else at least."""
    tolerance: float | None = Field(default=0.01, ge=0, allow_inf_nan=False)
    """How much worse than the champion, in the metric's own units; null: no comparison with the champion."""

    @model_validator(mode="before")
    @classmethod
    def _infer(cls, values: object) -> object:
        if isinstance(values, dict) and "comparison" not in values and isinstance(values.get("metric"), str):
            return {**values, "comparison": comparison_of(values["metric"])}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_path(self.metric)
        return self
