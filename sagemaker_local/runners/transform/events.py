"""The pipe through which the agent tells the runner what is finished, while both work."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Literal

EventKind = Literal["finished", "failed", "broken"]
"""An object is stored; one is given up; the whole job is."""


class EventWriter:
    """The agent's end: one JSON object a line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # The model's workers must not hold the pipe open.
        os.set_inheritable(descriptor, False)

    def write(self, kind: EventKind, **members: Any) -> None:
        """Send one event; waits when the runner is behind."""
        rest = memoryview(json.dumps({"event": kind, **members}).encode() + b"\n")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def read_events(descriptor: int) -> Iterator[dict[str, Any]]:
    """The runner's end: every event until the other end is closed; a torn last line is dropped."""
    with os.fdopen(descriptor, "rb") as pipe:
        for line in pipe:
            if line.endswith(b"\n"):
                yield json.loads(line)
