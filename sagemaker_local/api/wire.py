"""AWS's JSON protocol: request bodies to documents, and back."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NoReturn

from sagemaker_local.errors import SerializationException


def decode(body: bytes) -> dict[str, Any]:
    """Read a request body; an empty one is an empty request.

    Raises:
        SerializationException: not one JSON object.
    """
    try:
        document = json.loads(body, parse_constant=_refuse_constant) if body.strip() else {}
        # A lone surrogate (half a character) reads as JSON, but no file, database or log could keep it.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise SerializationException(f"The request body is not JSON: {error}. Send one JSON object.") from error
    if not isinstance(document, dict):
        raise SerializationException(
            f"The request body is a {type(document).__name__} of JSON; send one JSON object, such as {{}}."
        )
    return document


def encode(document: Mapping[str, Any]) -> bytes:
    """Write a response body: members that are None left out, times as epoch seconds, bytes as base64."""
    return json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def moment(value: float | str | datetime) -> datetime:
    """Read a timestamp as clients may send it: epoch seconds or an ISO 8601 text; without a zone it is UTC.

    Raises:
        SerializationException: not a point in time.
    """
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError) as error:
        raise SerializationException(
            f"{value!r} is not a timestamp; send epoch seconds or an ISO 8601 text, such as 2026-01-31T12:00:00Z."
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such number; AWS and botocore write and read these words.
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value
