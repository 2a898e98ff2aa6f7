"""The agent's hold on one worker process: its start, its messages, its deadline, its end."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sagemaker_local.runners.transform import bootstrap, worker
from sagemaker_local.runners.transform.messages import Channel


class ModelWorker:
    """A worker process; it loads its model when told, then does one piece of work at a time."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                bootstrap.command(worker.__name__, str(theirs.fileno()), str(folder)),
                env=dict(environment),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        self.channel = Channel(ours)
        self.is_ready = False
        self._deadline: float | None = None

    def load(self, program: str, code: Path, model: Path) -> None:
        """Have it import the script and load the model; it sends `ready` or `not-loaded`."""
        self._send("load", program=program, code=str(code), model=str(model))

    def start(self, work: Mapping[str, Any], timeout_seconds: float) -> None:
        """Give it a piece of work; it sends `done`, and `beat` in between."""
        self._deadline = time.monotonic() + timeout_seconds
        self._send("work", work=work)

    def extend(self, timeout_seconds: float) -> None:
        """It has begun a further invocation."""
        self._deadline = time.monotonic() + timeout_seconds

    def rest(self) -> None:
        """It is done with its work."""
        self._deadline = None

    @property
    def is_late(self) -> bool:
        """Its invocation takes longer than allowed."""
        return self._deadline is not None and time.monotonic() > self._deadline

    def kill(self) -> str:
        """End it, if it still lives, and say how it ended."""
        self.hang_up()
        self._process.kill()
        code = self._process.wait()
        return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with exit code {code}"

    def hang_up(self) -> None:
        """Tell it that no more work will come."""
        self.channel.connection.close()

    def wait(self) -> None:
        """Wait until it has said goodbye."""
        self._process.wait()

    def _send(self, what: str, **members: Any) -> None:
        try:
            self.channel.send(what, **members)
        except OSError:
            # It died: reading from the channel says so, and there it is dealt with.
            return
