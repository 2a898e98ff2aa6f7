"""Which days a model version scored, as the partitions of the predictions table tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cli import published_runs
from cli.context import Context

_MOST_SPANS = 4


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """A day with a run of one version."""

    day: str
    run: str
    is_current: bool
    """False: readers see another run, this one is kept."""


def by_version(context: Context) -> dict[str, list[ScoredDay]]:
    """The days of each version by its ARN, newest first; nothing before the first publish."""
    if published_runs.find_table(context) is None:
        return {}
    found: dict[str, list[ScoredDay]] = {}
    for partition in published_runs.partitions(context):
        for run in published_runs.runs_of(partition):
            arn = str(run.document.get("model_package_arn", ""))
            found.setdefault(arn, []).append(ScoredDay(run.day, run.run, run.is_current))
    return {arn: sorted(days, key=lambda day: (day.day, day.is_current), reverse=True) for arn, days in found.items()}


def text(days: Sequence[ScoredDay]) -> str:
    """`2026-01-30 to 2026-02-01, 2026-01-28 (kept)`: newest first; kept are days on which readers see another run."""
    current = {day.day for day in days if day.is_current}
    kept = {day.day for day in days} - current
    spans = [*((span, "") for span in _spans(current)), *((span, " (kept)") for span in _spans(kept))]
    spans.sort(reverse=True)
    shown = [f"{first if first == last else f'{first} to {last}'}{mark}" for (last, first), mark in spans]
    more = [f"{len(shown) - _MOST_SPANS} more"] if len(shown) > _MOST_SPANS else []
    return ", ".join([*shown[:_MOST_SPANS], *more])


def _spans(days: set[str]) -> list[tuple[str, str]]:
    """Last and first day of each stretch without a gap."""
    spans: list[tuple[str, str]] = []
    for day in sorted(days):
        if spans and _is_next(spans[-1][0], day):
            spans[-1] = (day, spans[-1][1])
        else:
            spans.append((day, day))
    return spans


def _is_next(day: str, other: str) -> bool:
    try:
        return date.fromisoformat(day) + timedelta(days=1) == date.fromisoformat(other)
    except ValueError:  # A partition that somebody else added need not be a date.
        return False
