"""One endpoint per state folder: the lock that its process holds for its whole life, and who holds it."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sagemaker_local.errors import StateLocked

LOCK_FILE = "endpoint.lock"

# `struct flock` of the C library, which tells whose lock is in the way: type, whence, start, length, pid.
_IS_DARWIN = sys.platform == "darwin"
_FLOCK = "@qqihh" if _IS_DARWIN else "@hhqqi"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the state folder; the system lets go of it when the process ends, however it ends.

    The lock is the process's own: processes that it forks do not have it.

    Raises:
        StateLocked: another process has it.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = root / LOCK_FILE
    with path.open("a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _refusal(root) from error
        # A reset may have removed the file since it was opened: a lock on it keeps nobody out.
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
            raise _refusal(root)
        yield


def _refusal(root: Path) -> StateLocked:
    return StateLocked(
        f"Another endpoint (process {holder(root) or 'unknown'}) works on the state folder '{root}'. "
        "Use that one, stop it with `python -m sagemaker_local down`, or choose another folder with `--root`."
    )


def holder(root: Path) -> int | None:
    """Give the process id of the endpoint that holds the state folder, None when nobody does.

    This is how a process id is known to be the endpoint's: a number in a file may belong to anyone by now.
    """
    try:
        descriptor = os.open(root / LOCK_FILE, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, _question())
    finally:
        os.close(descriptor)
    fields = struct.unpack(_FLOCK, answer)
    kind, pid = (fields[3], fields[2]) if _IS_DARWIN else (fields[0], fields[4])
    return None if kind == fcntl.F_UNLCK else pid


def _question() -> bytes:
    if _IS_DARWIN:
        return struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
