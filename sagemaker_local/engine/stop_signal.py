"""How a stop reaches everything that runs for an execution."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StopSignal:
    """Set once; whoever works for the execution asks it, waits on it, or is called by it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.is_interruption = False
        """The endpoint ends; nobody asked for the execution to stop."""

    def is_set(self) -> bool:
        """Whether the work shall end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not beyond a stop; true when the work shall end."""
        return self._event.wait(seconds)

    def set(self, *, is_interruption: bool = False) -> None:
        """Stop the work: call everyone who asked to be called."""
        with self._lock:
            if not self._event.is_set():
                self.is_interruption = is_interruption
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` when the stop comes while the block runs, at once when it has come already."""
        with self._lock:
            self._callbacks.append(callback)
            is_late = self._event.is_set()
        if is_late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
