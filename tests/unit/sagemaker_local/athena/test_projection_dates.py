"""Dates of partition projection."""

from __future__ import annotations

from datetime import datetime

import pytest

from sagemaker_local.athena.projection_dates import bound, dates, python_format, step

_NOW = datetime(2026, 3, 31, 12)  # noqa: DTZ001 - partitions have no zone


@pytest.mark.parametrize(
    ("java", "shown"),
    [
        ("yyyy-MM-dd", "2026-03-31"),
        ("yyyy/MM/dd/HH", "2026/03/31/12"),
        ("dd-MMM-yyyy", "31-Mar-2026"),
        ("'y='yyyy'%'", "y=2026%"),
    ],
)
def test_java_format_is_pythons(java: str, shown: str) -> None:
    assert _NOW.strftime(python_format(java)) == shown


def test_unknown_letter_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="the date format 'yyyy-ww' has 'ww'"):
        python_format("yyyy-ww")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2020-01-31", "2020-01-31"),
        ("NOW", "2026-03-31"),
        ("NOW-1MONTHS", "2026-02-28"),
        ("now + 2 days", "2026-04-02"),
        ("NOW-3YEARS", "2023-03-31"),
        ("NOW-1WEEK", "2026-03-24"),
    ],
)
def test_bound_is_a_date_or_relative_to_now(text: str, found: str) -> None:
    assert f"{bound(text, '%Y-%m-%d', _NOW):%Y-%m-%d}" == found


def test_dates_keep_the_day_of_the_start() -> None:
    start, end = datetime(2026, 1, 31), datetime(2026, 5, 1)  # noqa: DTZ001 - partitions have no zone

    assert [f"{moment:%m-%d}" for moment in dates(start, end, 1, "MONTHS")] == ["01-31", "02-28", "03-31", "04-30"]


def test_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="unit 'MOONS' is none of"):
        step(_NOW, 1, "MOONS")
