"""The endpoint's last resort: a part of it that does not end must not keep the process alive."""

from __future__ import annotations

import logging
import os
import threading
import time

_LOG = logging.getLogger(__name__)


def leave_within(seconds: float) -> None:
    """End this process by force if it has not ended by itself in time; nothing that was answered is lost by it."""
    threading.Thread(target=_leave, args=(seconds,), name="departure", daemon=True).start()


def _leave(seconds: float) -> None:
    time.sleep(seconds)
    _LOG.warning("The endpoint did not end within %.0f seconds; it leaves what still runs.", seconds)
    logging.shutdown()
    os._exit(0)
