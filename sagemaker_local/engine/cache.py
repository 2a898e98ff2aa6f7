"""Step caching: which steps have it, how long results are good, and what makes two steps the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sagemaker_local.errors import ValidationException

# Only these attributes decide; outputs, instances, roles and the contents of S3 do not (SageMaker's caching guide).
KEY_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification",
        "CheckpointConfig",
        "DebugHookConfig",
        "DebugRuleConfigurations",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
    ),
    "Tuning": (
        "HyperParameterTuningJobConfig",
        "TrainingJobDefinition.AlgorithmSpecification",
        "TrainingJobDefinition.HyperParameterRanges",
        "TrainingJobDefinition.InputDataConfig",
        "TrainingJobDefinition.StaticHyperParameters",
        "TrainingJobDefinition.TuningObjective",
    ),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
}

# SageMaker takes p30d, P4DT12H, T12H, 30d and 30dT5h alike.
_DURATION = re.compile(
    r"P?(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """An enabled `CacheConfig`; a disabled one is no CacheConfig."""

    expire_after: timedelta | None
    """None: a result is good for ever."""


def parse_cache_config(raw: Any) -> CacheConfig | None:
    """Read `CacheConfig`; None when it is disabled.

    Raises:
        ValidationException: unknown keys, or a duration that is none.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("Enabled"), bool):
        raise ValidationException('\'CacheConfig\' must be an object such as {"Enabled": true, "ExpireAfter": "P30D"}.')
    if unknown := [key for key in raw if key not in {"Enabled", "ExpireAfter"}]:
        raise ValidationException(f"'CacheConfig' has unknown key {unknown[0]!r}; known keys: Enabled, ExpireAfter.")
    expire_after = None if raw.get("ExpireAfter") is None else parse_duration(raw["ExpireAfter"])
    return CacheConfig(expire_after) if raw["Enabled"] else None


def parse_duration(text: Any) -> timedelta:
    """Read an ISO 8601 duration as leniently as SageMaker: `P30D`, `p30d`, `30d`, `T12H`.

    Raises:
        ValidationException: not a duration.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    parts = {unit: int(value) for unit, value in found.groupdict().items() if value} if found else {}
    if not parts:
        raise ValidationException(
            f"'ExpireAfter' {text!r} is not an ISO 8601 duration; write for example 'P30D' or 'T12H'."
        )
    days = sum(parts.pop(unit, 0) * length for unit, length in _DAYS.items())
    return timedelta(days=days, **parts)


def cache_key(step_name: str, step_type: str, arguments: Mapping[str, Any]) -> str:
    """Name what the step would compute: equal keys, equal results.

    Args:
        step_name: a step takes over results of its own namesakes only.
        step_type: one of KEY_ATTRIBUTES.
        arguments: resolved.
    """
    found = {name: _attribute(arguments, name) for name in KEY_ATTRIBUTES[step_type]}
    attributes = {name: value for name, value in found.items() if value is not None}
    text = json.dumps([step_name, step_type, attributes], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _attribute(arguments: Mapping[str, Any], place: str) -> Any:
    value: Any = arguments
    for member in place.split("."):
        value = (value or {}).get(member)
    return value
