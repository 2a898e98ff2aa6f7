"""CloudWatch Logs as a dictionary."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence


class FakeLogWriter:
    """A LogWriter that keeps the texts by (group, stream)."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.calls: list[int] = []
        """The number of lines of each call."""
        self._lock = threading.Lock()

    def write(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
        with self._lock:
            self.lines[group, stream].extend(text for _, text in lines)
            self.calls.append(len(lines))

    def of(self, job_name: str) -> list[str]:
        """All lines of a job's streams."""
        with self._lock:
            return [
                text for (_, stream), texts in self.lines.items() if stream.split("/")[0] == job_name for text in texts
            ]
