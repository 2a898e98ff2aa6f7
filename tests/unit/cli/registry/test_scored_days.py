from __future__ import annotations

import pytest

from cli.registry import scored_days
from cli.registry.scored_days import ScoredDay


def days(*texts: str) -> list[ScoredDay]:
    """`2026-01-31` is current, `2026-01-31*` is kept."""
    return [ScoredDay(text.rstrip("*"), "run", not text.endswith("*")) for text in texts]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ""),
        (("2026-01-31",), "2026-01-31"),
        (("2026-01-31", "2026-02-01", "2026-01-30"), "2026-01-30 to 2026-02-01"),
        (("2026-01-31", "2026-01-29"), "2026-01-31, 2026-01-29"),
        (("2026-01-31*", "2026-01-30"), "2026-01-31 (kept), 2026-01-30"),
        (("2026-01-31*", "2026-01-30*"), "2026-01-30 to 2026-01-31 (kept)"),
        (("2026-01-31", "2026-01-31*"), "2026-01-31"),
        (("2024-02-28", "2024-02-29", "2024-03-01"), "2024-02-28 to 2024-03-01"),
        (("manual", "2026-01-31"), "manual, 2026-01-31"),
        (
            ("2026-01-01", "2026-01-03", "2026-01-05", "2026-01-07", "2026-01-09", "2026-01-11"),
            "2026-01-11, 2026-01-09, 2026-01-07, 2026-01-05, 2 more",
        ),
    ],
)
def test_days_are_told_as_stretches_newest_first(given: tuple[str, ...], expected: str) -> None:
    assert scored_days.text(days(*given)) == expected
