"""The versions of a model package group, as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from cli import identity
from cli.context import Context
from cli.executions import history
from cli.registry import decisions, model_packages, model_quality, scored_days
from cli.registry.decisions import Decision
from cli.registry.model_packages import Version
from cli.registry.model_quality import Quality
from cli.registry.scored_days import ScoredDay
from cli.registry.scoring import Scoring

_WHY_MAX = 60
"""Characters in the table; the JSON has all."""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version, with everything that is shown of it."""

    version: Version
    execution: str
    artifact: str
    quality: Quality
    decision: Decision
    days: Sequence[ScoredDay]


def read_lines(context: Context, versions: Sequence[Version]) -> list[VersionLine]:
    """Read what is shown of these versions."""
    days = scored_days.by_version(context)
    return [_read_line(context, version, days) for version in versions]


def table(context: Context, lines: Sequence[VersionLine], scoring: Scoring, now: datetime) -> Table:
    """One row a version; the metric is the gate's."""
    metric = model_quality.metric_name(context)
    columns = ("version", "approval", metric, "champion", "age", "decided by", "decided (UTC)", "why", "scores")
    found = Table(*columns, "days scored", title=context.config.model_package_group)
    for line in lines:
        version, quality, decision = line.version, line.quality, line.decision
        found.add_row(
            str(version.number),
            version.approval if version.is_usable else f"{version.approval} ({version.status})",
            _figure(quality.value),
            _figure(quality.champion),
            age(now - version.registered),
            Text(identity.short(decision.by)),
            "" if decision.at is None else history.utc_text(decision.at),
            Text(_cut(decision.why)),
            _scores(version, scoring),
            scored_days.text(line.days),
        )
    return found


def remarks(lines: Sequence[VersionLine]) -> list[str]:
    """A line for each version: where it came from, its metrics, what the gate said, and who lost against it."""
    found = []
    for line in lines:
        quality = line.quality
        parts = [
            f"registered by execution {line.execution}" if line.execution else "",
            ", ".join(f"{name} {_figure(value)}" for name, value in quality.metrics.items()),
            f"the gate: {quality.reason.rstrip('.')}" if quality.reason else "",
            f"stayed against {quality.challenger.rstrip('.')}" if quality.challenger else "",
        ]
        if any(parts):
            found.append(f"Version {line.version.number}: {'; '.join(part for part in parts if part)}.")
    return found


def document(context: Context, lines: Sequence[VersionLine], scoring: Scoring) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "model_package_group": context.config.model_package_group,
        "metric": context.config.gate.metric,
        "scores": None if scoring.version is None else scoring.version.number,
        "scores_because": scoring.reason,
        "pin": None if scoring.pin is None else asdict(scoring.pin),
        "versions": [_version_document(line, scoring) for line in lines],
    }


def age(time: timedelta) -> str:
    """`3 d`, `5 h`, `2 min`: the largest whole unit."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _read_line(context: Context, version: Version, days: Mapping[str, Sequence[ScoredDay]]) -> VersionLine:
    package = model_packages.describe(context, version)
    metadata = package.get("CustomerMetadataProperties") or {}
    return VersionLine(
        version=version,
        execution=metadata.get("PipelineExecutionId", ""),
        artifact=model_packages.artifact_uri(package),
        quality=model_quality.quality_of(context, package),
        decision=decisions.decision_of(package),
        days=days.get(version.arn, []),
    )


def _version_document(line: VersionLine, scoring: Scoring) -> dict[str, Any]:
    version = line.version
    return {
        "version": version.number,
        "arn": version.arn,
        "approval": version.approval,
        "status": version.status,
        "registered": _iso(version.registered),
        "execution": line.execution,
        "artifact": line.artifact,
        "value": line.quality.value,
        "metrics": dict(line.quality.metrics),
        "champion": {"value": line.quality.champion, "model_package_arn": line.quality.champion_arn},
        "gate_reason": line.quality.reason,
        "last_challenger": line.quality.challenger,
        "decided": {"by": line.decision.by, "at": _iso(line.decision.at), "why": line.decision.why},
        "is_pinned": _is_pinned(version, scoring),
        "scores_now": _scores_now(version, scoring),
        "days": [asdict(day) for day in line.days],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _cut(text: str) -> str:
    return text if len(text) <= _WHY_MAX else f"{text[: _WHY_MAX - 1]}…"


def _scores(version: Version, scoring: Scoring) -> str:
    words = [word for word, holds in _states(version, scoring) if holds]
    return ", ".join(words)


def _states(version: Version, scoring: Scoring) -> tuple[tuple[str, bool], ...]:
    return (("now", _scores_now(version, scoring)), ("pinned", _is_pinned(version, scoring)))


def _scores_now(version: Version, scoring: Scoring) -> bool:
    return scoring.version is not None and scoring.version.number == version.number


def _is_pinned(version: Version, scoring: Scoring) -> bool:
    return scoring.pin is not None and scoring.pin.version == str(version.number)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
