from __future__ import annotations

from datetime import timedelta

import pytest

from cli.registry import version_table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"), (86_399, "23 h"), (190_000, "2 d")],
)
def test_age_is_told_in_the_largest_whole_unit(seconds: int, text: str) -> None:
    assert version_table.age(timedelta(seconds=seconds)) == text
