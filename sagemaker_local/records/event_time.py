"""Event times as Feature Store takes them: ISO 8601 texts in UTC, or seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from sagemaker_local.errors import ValidationException
from sagemaker_local.records.feature_group import FeatureType

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# The calendar repeats after 400 years; Python has no year 0, Feature Store has.
_CYCLE_YEARS = 400
_CYCLE_MILLISECONDS = 146_097 * 86_400_000
_FIRST = (datetime(400, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND - _CYCLE_MILLISECONDS
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - _EPOCH) // _MILLISECOND


def parse_event_time(text: str, kind: FeatureType) -> int:
    """Read `2026-01-31T12:00:00Z` or `2026-01-31T12:00:00.250Z` of a String feature, `1769860800.25` of a Fractional.

    Returns:
        Milliseconds since 1970.

    Raises:
        ValidationException: another form, or not in the years 0000 to 9999.
    """
    return _of_text(text) if kind is FeatureType.STRING else _of_number(text)


def partition_of(milliseconds: int) -> tuple[str, str, str, str]:
    """year, month, day and hour in UTC, as the offline store's folders have them: 2026, 01, 31, 12."""
    time, shift = _civil(milliseconds)
    return f"{time.year - shift:04d}", f"{time.month:02d}", f"{time.day:02d}", f"{time.hour:02d}"


def file_stamp(milliseconds: int) -> str:
    """`20260131T120000Z`, the beginning of a file's name in the offline store."""
    time, shift = _civil(milliseconds)
    return f"{time.year - shift:04d}{time:%m%dT%H%M%SZ}"


def _civil(milliseconds: int) -> tuple[datetime, int]:
    is_year_zero = milliseconds < _FIRST + 366 * 86_400_000
    shift = _CYCLE_MILLISECONDS if is_year_zero else 0
    return _EPOCH + timedelta(milliseconds=milliseconds + shift), _CYCLE_YEARS if is_year_zero else 0


def _of_text(text: str) -> int:
    found = _ISO.fullmatch(text)
    if found is None:
        raise _refusal(text)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    shift = _CYCLE_YEARS if year == 0 else 0
    try:
        time = datetime(year + shift, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise _refusal(text) from error
    cycle = _CYCLE_MILLISECONDS if shift else 0
    return (time - _EPOCH) // _MILLISECOND - cycle + int(found[7] or 0)


def _of_number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise _refusal(text)
    milliseconds = Decimal(text) * 1000
    if not _FIRST <= milliseconds <= _LAST:
        raise _refusal(text)
    return int(milliseconds.to_integral_value(ROUND_HALF_EVEN))


def _refusal(text: str) -> ValidationException:
    return ValidationException(
        f"The event time '{text[:64]}' is not valid. Give a String feature yyyy-MM-dd'T'HH:mm:ssZ or "
        "yyyy-MM-dd'T'HH:mm:ss.SSSZ in UTC, such as 2026-01-31T12:00:00Z, and a Fractional feature seconds since 1970, "
        "such as 1769860800.25, in the years 0000 to 9999."
    )
