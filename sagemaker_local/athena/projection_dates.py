"""Dates of partition projection: Java's formats, ranges with NOW, steps of a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

_RELATIVE = re.compile(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+))?", re.IGNORECASE)
_PATTERN = re.compile(r"'((?:[^']|'')*)'|([a-zA-Z])\2*|(.)", re.DOTALL)
_FIELDS = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MM": "%m",
    "MMM": "%b",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
}
_MONTHS = {"MONTH": 1, "YEAR": 12}
_SECONDS = {"WEEK": 604_800, "DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}


def python_format(java: str) -> str:
    """`%Y/%m/%d` for `yyyy/MM/dd`.

    Raises:
        ValueError: it has a letter that is not known here.
    """
    parts: list[str] = []
    for match in _PATTERN.finditer(java):
        quoted, letter, other = match.groups()
        if letter is not None:
            if match[0] not in _FIELDS:
                raise ValueError(f"the date format '{java}' has '{match[0]}'; {', '.join(_FIELDS)} are supported here")
            parts.append(_FIELDS[match[0]])
        else:
            text = other if other is not None else quoted.replace("''", "'") or "'"
            parts.append(text.replace("%", "%%"))
    return "".join(parts)


def default_unit(java: str) -> str | None:
    """The interval of a format that ends with days or months; others need one of their own."""
    if "H" in java or "s" in java:
        return None
    return "DAYS" if "d" in java else "MONTHS" if "M" in java else None


def bound(text: str, form: str, now: datetime) -> datetime:
    """A bound of a range: a date in the format, or `NOW-3YEARS`.

    Raises:
        ValueError: it is neither.
    """
    match = _RELATIVE.fullmatch(text.strip())
    if match is None:
        return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - partitions have no zone
    sign, count, unit = match.groups()
    return now if count is None else step(now, int(f"{sign}{count}"), unit)


def dates(start: datetime, end: datetime, interval: int, unit: str) -> Iterator[datetime]:
    """From start to end, both included, in steps."""
    number = 0
    while (moment := step(start, number * interval, unit)) <= end:
        yield moment
        number += 1


def step(moment: datetime, count: int, unit: str) -> datetime:
    """The moment moved by some units; a month's last days stay inside the month.

    Raises:
        ValueError: the unit is unknown.
    """
    name = unit.upper().removesuffix("S")
    if name in _SECONDS:
        return moment + timedelta(seconds=count * _SECONDS[name])
    if name not in _MONTHS:
        raise ValueError(f"the interval's unit '{unit}' is none of {', '.join([*_MONTHS, *_SECONDS])}S")
    year, month = divmod(moment.year * 12 + moment.month - 1 + count * _MONTHS[name], 12)
    following = datetime(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: DTZ001 - partitions have no zone
    last_day = (following - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
