"""What agent and worker say to each other, as JSON lines over a socket pair, and what they say in the job's log."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

_RECEIVE_BYTES = 1 << 16
FailureKind = Literal["ClientError", "AlgorithmError"]
"""AWS's words: the data are to blame, or the model's script."""


@dataclass(frozen=True, slots=True)
class Work:
    """A whole object, or a chunk of one; paths as the worker sees them."""

    path: str
    offset: int
    length: int
    output: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a piece of work could not be done."""

    kind: FailureKind
    text: str
    record: int | None = None
    """The record to blame, counted from 0 in the piece of work."""


class Channel:
    """One end of the connection; messages are small."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._waiting = b""

    def send(self, what: str, **members: Any) -> None:
        """Send one message.

        Raises:
            OSError: the other end is gone.
        """
        self.connection.sendall(json.dumps({"is": what, **members}).encode() + b"\n")

    def receive(self) -> list[dict[str, Any]]:
        """Wait for at least a part of a message and return those that are whole.

        Raises:
            EOFError: the other end is gone.
        """
        received = self._receive()
        if not received:
            raise EOFError
        *lines, self._waiting = (self._waiting + received).split(b"\n")
        return [json.loads(line) for line in lines]

    def messages(self) -> Iterator[dict[str, Any]]:
        """Every message until the other end is gone."""
        while True:
            try:
                yield from self.receive()
            except EOFError:
                return

    def _receive(self) -> bytes:
        try:
            return self.connection.recv(_RECEIVE_BYTES)
        except ConnectionError:
            return b""


def say(line: str) -> None:
    """Write a line to the job's log in one piece: several processes write to it at the same time."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
