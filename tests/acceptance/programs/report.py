"""How a program tells its test what it saw: one JSON document on standard output, a section for each thing tried."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any


def print_report(sections: Mapping[str, Callable[[], dict[str, Any]]]) -> None:
    """Run every section in order; one that raises leaves its traceback, and the others go on."""
    report: dict[str, Any] = {}
    for name, section in sections.items():
        try:
            report[name] = section()
        except Exception:  # noqa: BLE001  # whatever it is, the test shows it
            report[name] = {"traceback": traceback.format_exc()}
    json.dump(report, sys.stdout, default=str)
