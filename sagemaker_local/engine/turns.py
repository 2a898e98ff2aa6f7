"""How many jobs run at once: the others wait for their turn, in the order in which they came."""

from __future__ import annotations

import threading


class Turns:
    """A bounded number of turns; who waits costs no processor time."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._changed = threading.Condition()

    def take(self, stop_requested: threading.Event) -> bool:
        """Wait for a turn; false when the stop came first. After setting the event call `notice_stop`."""
        with self._changed:
            self._changed.wait_for(lambda: stop_requested.is_set() or self._free > 0)
            if not stop_requested.is_set():
                self._free -= 1
                return True
            # The turn that woke this one is another's.
            self._changed.notify()
            return False

    def give_back(self) -> None:
        """End a turn."""
        with self._changed:
            self._free += 1
            self._changed.notify()

    def notice_stop(self) -> None:
        """Let everyone who waits look at its stop."""
        with self._changed:
            self._changed.notify_all()
