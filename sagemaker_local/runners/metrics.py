"""Finds the metrics of a training job in its log: those of its MetricDefinitions, or those that its image brings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import ValidationException
from sagemaker_local.runners.images import Image

# What SageMaker finds by itself in the lines that XGBoost prints for each round (guide to tuning XGBoost).
_XGBOOST_METRICS = (
    "accuracy",
    "auc",
    "error",
    "f1",
    "logloss",
    "mae",
    "map",
    "merror",
    "mlogloss",
    "mse",
    "ndcg",
    "rmse",
)
_NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def definitions_of(request: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The request's MetricDefinitions; without any, those that AWS's XGBoost image brings: `validation:auc`."""
    algorithm = request["AlgorithmSpecification"]
    given: Sequence[Mapping[str, str]] = algorithm.get("MetricDefinitions") or []
    if given or not Image.parse(algorithm.get("TrainingImage", "")).is_xgboost:
        return given
    return [
        {"Name": f"validation:{name}", "Regex": rf"(?<![\w-])validation-{name}:{_NUMBER}"} for name in _XGBOOST_METRICS
    ]


def names_of(request: Mapping[str, Any]) -> list[str]:
    """The metrics that a training job with this request can have."""
    return [definition["Name"] for definition in definitions_of(request)]


def check(definitions: Sequence[Mapping[str, str]]) -> None:
    """Refuse definitions that can never give a value.

    Raises:
        ValidationException: an expression that cannot be read, or without a group.
    """
    for definition in definitions:
        where = f"The Regex {definition['Regex']!r} of the metric {definition['Name']!r}"
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise ValidationException(f"{where} is not a regular expression: {error}.") from error
        if groups < 1:
            raise ValidationException(f"{where} has no group; put the value into one, like 'auc=([0-9.]+)'.")


class MetricWatch:
    """Reads log lines and keeps the last value of each metric: what the first group of its expression matches."""

    def __init__(self, definitions: Sequence[Mapping[str, str]]) -> None:
        self._patterns = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        self._found: dict[str, tuple[float, int]] = {}

    def read(self, milliseconds: int, line: str) -> None:
        """Take the next line of the log; what is not a number is no value."""
        for name, pattern in self._patterns:
            for match in pattern.finditer(line):
                try:
                    self._found[name] = float(match[1]), milliseconds
                except (TypeError, ValueError):
                    continue

    @property
    def final(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the metrics that were found, in the order of their definitions."""
        names = dict.fromkeys(name for name, _ in self._patterns)
        return [
            {
                "MetricName": name,
                "Value": self._found[name][0],
                "Timestamp": datetime.fromtimestamp(self._found[name][1] / 1000, UTC),
            }
            for name in names
            if name in self._found
        ]
