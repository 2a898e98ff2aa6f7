"""JSON texts in columns: what JSON can say, and points in time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Describe responses are kept as step properties, and they have timestamps at any depth.
_TIME_KEY = "$sagemaker_local.time"


def dump_time(moment: datetime) -> str:
    """Write a point in time as a text of fixed width, in UTC: texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def load_time(text: str) -> datetime:
    """Read what `dump_time` wrote."""
    return datetime.fromisoformat(text)


def dump(document: Any) -> str:
    """Write a document of dicts, lists, texts, numbers and datetimes."""
    return json.dumps(document, default=_encode, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Any:
    """Read what `dump` wrote."""
    return json.loads(text, object_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_TIME_KEY: dump_time(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"A {type(value).__name__} cannot be kept: {value!r}")


def _decode(value: dict[str, Any]) -> Any:
    if len(value) == 1 and _TIME_KEY in value:
        return load_time(value[_TIME_KEY])
    return value
