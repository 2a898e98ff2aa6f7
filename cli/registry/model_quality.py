"""How good a version is: the gate's metric, the champion that it was held against, and what the gate said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli import s3_objects
from cli.context import Context

METRIC_VALUE, CHAMPION_ARN, CHAMPION_VALUE, GATE_REASON = (
    "GateValue",
    "ChampionModelPackageArn",
    "ChampionValue",
    "GateReason",
)
"""Metadata that Register keeps with a version; the evaluation has the same, at length."""
_NONE = "none"
_CONSTANT = "_best_constant_classifier"


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known; None where nothing is."""

    value: float | None = None
    champion: float | None = None
    champion_arn: str | None = None
    reason: str | None = None
    challenger: str | None = None
    """What the version was held against last, as its champion."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Everything that the evaluation measured as one number, in its order; the best constant classifiers left out."""


def quality_of(context: Context, package: Mapping[str, Any]) -> Quality:
    """Read it off a described version: its metadata, and the evaluation that was registered with it."""
    metadata = {
        key: value for key, value in (package.get("CustomerMetadataProperties") or {}).items() if value != _NONE
    }
    report = _evaluation(context, package)
    gate = _part(report, "gate") or {}
    champion = _part(gate, "champion") or {}
    value = _number(_part(report, context.config.gate.metric))
    return Quality(
        value=_number(metadata.get(METRIC_VALUE)) if value is None else value,
        champion=_first(_number(metadata.get(CHAMPION_VALUE)), _number(_part(champion, "value"))),
        champion_arn=metadata.get(CHAMPION_ARN) or _part(champion, "model_package_arn"),
        # The evaluation has the whole sentence, metadata what of it fits.
        reason=_part(gate, "reason") or metadata.get(GATE_REASON),
        challenger=_challenger(metadata),
        metrics=_metrics(report),
    )


def metric_name(context: Context) -> str:
    """`auc` for the path `binary_classification_metrics.auc.value`."""
    parts: list[str] = context.config.gate.metric.split(".")
    return parts[-2] if parts[-1] == "value" and len(parts) > 1 else parts[-1]


def _metrics(report: Any) -> dict[str, float]:
    """`{"auc": 0.9, ...}` of the family that the evaluation has, such as `binary_classification_metrics`."""
    families = [part for name, part in report.items() if name.endswith("_metrics")] if isinstance(report, dict) else []
    found = {
        name: _number(_part(item, "value"))
        for family in families
        if isinstance(family, dict)
        for name, item in family.items()
        if not name.endswith(_CONSTANT)
    }
    return {name: value for name, value in found.items() if value is not None}


def _challenger(metadata: Mapping[str, str]) -> str | None:
    if "LastChallengerExecutionId" not in metadata:
        return None
    value, reason = metadata.get("LastChallengerValue", "?"), metadata.get("LastChallengerReason", "no reason kept")
    return f"{value} of execution {metadata['LastChallengerExecutionId']}: {reason}"


def _evaluation(context: Context, package: Mapping[str, Any]) -> Any:
    """The JSON document that was registered as the model's quality; None when it is gone, out of reach, or no JSON."""
    uri = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    if uri is None:
        return None
    text = s3_objects.read_if_any(context, uri)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def _part(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
