"""The log of one job: lines in, batches to CloudWatch Logs out, the last ones kept at hand."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sagemaker_local.ports import LogWriter
from sagemaker_local.records.job import JobKind

FLUSH_SECONDS = 0.5
TAIL_LINES = 20
_TAIL_LINE_CHARACTERS = 2_000
_BATCH_LINES = 2_000
_BATCH_CHARACTERS = 512 * 1024
DEFAULT_LIMIT_CHARACTERS = 32 * 1024 * 1024

Listener = Callable[[int, str], None]
"""Called with (epoch milliseconds, text) for every line, also for those over the limit."""


def stream_name(job_name: str, epoch_seconds: float) -> str:
    """`<job>/algo-1-<epoch>`, as on AWS."""
    return f"{job_name}/algo-1-{int(epoch_seconds)}"


class JobLog:
    """Collects the lines of a job and writes them at most every half second; thread-safe.

    The endpoint keeps logs in memory: of a job that floods its log, what exceeds `limit` characters is counted and
    left out, but for the last lines, and the log says so.
    """

    def __init__(
        self,
        writer: LogWriter,
        kind: JobKind,
        job_name: str,
        *,
        stream: str | None = None,
        listener: Listener | None = None,
        limit: int = DEFAULT_LIMIT_CHARACTERS,
    ) -> None:
        self.group = kind.log_group
        self.stream = stream or stream_name(job_name, time.time())
        self._writer = writer
        self._listener = listener
        self._limit = limit
        self._lock = threading.RLock()
        self._batch: list[tuple[int, str]] = []
        self._batch_characters = 0
        self._written_characters = 0
        self._flushed_at = time.monotonic()
        self._tail: deque[tuple[int, str]] = deque(maxlen=TAIL_LINES)
        self._left_out: deque[tuple[int, str]] = deque(maxlen=TAIL_LINES)
        self._left_out_count = 0
        """Lines over the limit, of which `_left_out` holds the last."""

    @property
    def tail(self) -> list[str]:
        """The last lines of the job, oldest first; long ones cut."""
        with self._lock:
            return [text[:_TAIL_LINE_CHARACTERS] for _, text in self._tail]

    def write(self, *lines: str) -> None:
        """Append lines; they reach the log group with the next flush."""
        now = int(time.time() * 1000)
        with self._lock:
            for text in lines:
                if self._listener is not None:
                    self._listener(now, text)
                self._tail.append((now, text))
                self._keep(now, text)
            if len(self._batch) >= _BATCH_LINES or self._batch_characters >= _BATCH_CHARACTERS:
                self.flush()
        self.tick()

    def tick(self) -> None:
        """Flush when the last flush is half a second ago; whoever waits for the job calls it now and then."""
        with self._lock:
            if self._batch and time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write now what is collected."""
        with self._lock:
            self._flushed_at = time.monotonic()
            if self._batch:
                batch, self._batch, self._batch_characters = self._batch, [], 0
                self._writer.write(self.group, self.stream, batch)

    def close(self) -> None:
        """Write the rest; of a flooded log, how much is missing and how it ended."""
        with self._lock:
            if self._left_out_count:
                hidden = self._left_out_count - len(self._left_out)
                if hidden:
                    self._batch.append((self._left_out[0][0], f"[sagemaker_local] {hidden} lines left out here"))
                self._batch.extend(self._left_out)
                self._left_out_count = 0
            self.flush()

    def _keep(self, now: int, text: str) -> None:
        if self._written_characters > self._limit:
            self._left_out_count += 1
            self._left_out.append((now, text))
            return
        # CloudWatch Logs refuses an event without text.
        self._batch.append((now, text or " "))
        self._batch_characters += len(text)
        self._written_characters += len(text) + 1
        if self._written_characters > self._limit:
            notice = (
                f"the log passed {self._limit} characters: only its last {TAIL_LINES} lines will follow, at the end"
            )
            self._batch.append((now, f"[sagemaker_local] {notice}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
