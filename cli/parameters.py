"""`--param Name=Value` as StartPipelineExecution wants it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from cli.errors import CommandError


def parse(pairs: Sequence[str]) -> dict[str, str]:
    """Read `["MinimumMetric=0.8"]` as {"MinimumMetric": "0.8"}.

    Raises:
        CommandError: a pair without `=`, or a name given twice.
    """
    parsed: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise CommandError(f"--param {pair!r} is not of the form Name=Value.")
        if name in parsed:
            raise CommandError(f"--param {name} is given twice.")
        parsed[name] = value
    return parsed


def as_request(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    """Make the PipelineParameters member."""
    return [{"Name": name, "Value": value} for name, value in parameters.items()]


def git_commit() -> str:
    """The commit of this checkout, with `-dirty` when files differ from it; "unknown" outside of git."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10)
        changes = subprocess.run(
            ["git", "status", "--porcelain"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit.stdout.strip() + ("-dirty" if changes.stdout.strip() else "")
