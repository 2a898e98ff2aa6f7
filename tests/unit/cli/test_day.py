from __future__ import annotations

from datetime import date

import pytest

from cli.day import parse_day
from cli.errors import CommandError


def test_day_is_read() -> None:
    assert parse_day("2026-01-31", "--day") == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "", "2026-1-1"])
def test_what_is_no_day_is_refused_by_name(text: str) -> None:
    with pytest.raises(CommandError, match=f"--day '{text}' is refused: write a day as YYYY-MM-DD"):
        parse_day(text, "--day")


@pytest.mark.parametrize("text", ["20260131", "2026-W05-6"])
def test_day_that_is_written_in_another_way_is_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(CommandError, match=f"--day '{text}' is refused: write the day as 2026-01-31"):
        parse_day(text, "--day")
