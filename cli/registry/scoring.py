"""Which version scores now: the pinned one, else the highest version number with the status that scores.

The same rule as in scripts/lambdas/get_latest_approved_model.py, which decides; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli import identity, s3_objects
from cli.context import Context
from cli.registry import model_packages, pins
from cli.registry.model_packages import Version
from cli.registry.pins import Pin


@dataclass(frozen=True, slots=True)
class Scoring:
    """Which version scores, and why; or why none does."""

    version: Version | None
    reason: str
    """Goes on from `Version 3 scores now: ` or `No version scores now: `."""
    pin: Pin | None = None

    def sentence(self, when: str = "from now on") -> str:
        """What is told to people."""
        who = "No version" if self.version is None else f"Version {self.version.number}"
        return f"{who} scores {when}: {self.reason}"


def candidates(context: Context, versions: Sequence[Version]) -> list[Version]:
    """The versions that may score without a pin; the first one does."""
    status = context.config.model_approval_status
    return [version for version in versions if version.approval == status and version.is_usable]


def now(context: Context, versions: Sequence[Version] | None = None) -> Scoring:
    """Look which version scores, artifact and all; `versions` are those just read, if any."""
    listed = model_packages.versions(context) if versions is None else versions
    pin = pins.find(context)
    latest = next(iter(candidates(context, listed)), None)
    if pin is not None:
        return _pinned(context, listed, pin, latest)
    if latest is None:
        status = context.config.model_approval_status
        return Scoring(None, f"none is {status}; approve one with `{_command(context, 'approve VERSION')}`.")
    why = _artifact_reason(context, latest)
    if why is not None:
        way_out = f"put it back, or go back to the version before with `{_command(context, 'rollback')}`"
        return Scoring(None, f"version {latest.number} is the latest approved one, but {why}: {way_out}.")
    return Scoring(latest, "it is the latest approved one.")


def refusal(context: Context, version: Version) -> str | None:
    """Why a version cannot score, the artifact included; None when it can."""
    status = context.config.model_approval_status
    if not version.is_usable:
        return f"it is {version.status}, not {model_packages.COMPLETED}, and holds no usable model"
    if version.approval != status:
        return f"it is {version.approval}, not {status}"
    return _artifact_reason(context, version)


def _pinned(context: Context, listed: Sequence[Version], pin: Pin, latest: Version | None) -> Scoring:
    unpin = _command(context, "unpin")
    version = next((version for version in listed if str(version.number) == pin.version), None)
    why = "there is no such version" if version is None else refusal(context, version)
    if version is None or why is not None:
        return Scoring(None, f"version {pin.version} is pinned, but {why}: correct that, or `{unpin}`.", pin)
    who = f"it is pinned{f' by {identity.short(pin.by)}' if pin.by else ''}{f' ({pin.note})' if pin.note else ''}"
    if latest is None or latest.number == version.number:
        return Scoring(version, f"{who}, and the latest approved one.", pin)
    return Scoring(version, f"{who}; `{unpin}` lets version {latest.number} score, the latest approved one.", pin)


def _artifact_reason(context: Context, version: Version) -> str | None:
    uri = model_packages.artifact_uri(model_packages.describe(context, version))
    if not uri:
        return "it names no artifact (ModelDataUrl)"
    is_there = s3_objects.is_there(context, uri)
    # Who may not look is told what is known: the function, which has a role of its own, looks again.
    return f"its artifact {uri} is not in S3" if is_there is False else None


def _command(context: Context, words: str) -> str:
    return f"python pipeline.py {words}{context.options_text}"
