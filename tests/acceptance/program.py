"""Run a program of `programs/` as a client of an endpoint, and read its report."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import PROJECT, Endpoint


@dataclass(frozen=True)
class Report:
    """What a program saw, by section."""

    sections: dict[str, dict[str, Any]]

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Give a section; one that ended with an error fails the test that asks for it, with the traceback."""
        section = self.sections[name]
        assert "traceback" not in section, section["traceback"]
        return section


def run(endpoint: Endpoint, name: str, timeout: float = 240, python: Path | None = None) -> Report:
    """Run `programs/<name>.py` in a process of its own: the SDK is slow to import, and warns.

    Args:
        python: an interpreter whose packages the program needs; by default the one of the tests.
    """
    done = subprocess.run(
        [str(python or sys.executable), "-m", f"tests.acceptance.programs.{name}"],
        cwd=PROJECT,
        env=endpoint.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return Report(json.loads(done.stdout))
