"""The two files of an S3 object, its body and the sidecar that describes it: written together, or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

_SIDECAR = ".meta.json"
_UNFINISHED = ".tmp"


class StagedBody:
    """A body that lies complete in a file of the same file system; storing it is a rename."""

    __slots__ = ("md5", "path", "size")

    def __init__(self, path: Path, md5: str, size: int) -> None:
        self.path = path
        self.md5 = md5
        self.size = size

    def __len__(self) -> int:
        return self.size


def write_object(path: Path, body: bytes | StagedBody | None, sidecar: bytes) -> None:
    """Write both files; only when both are complete does the first one get its name.

    A body of None says that the file at `path` stands and only its description is new.

    Raises:
        OSError: nothing was changed.
    """
    new_body, new_sidecar = _named(path, _UNFINISHED), _named(path, _SIDECAR + _UNFINISHED)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if isinstance(body, StagedBody):
            body.path.replace(new_body)
        elif body is not None:
            _write(new_body, body)
        _write(new_sidecar, sidecar)
        if body is not None:
            new_body.replace(path)
        # A kill right here leaves the new body and an unfinished sidecar without a body: `finish_writes` sees to it.
        new_sidecar.replace(_named(path, _SIDECAR))
    except OSError:
        for leftover in (new_sidecar, new_body):
            with contextlib.suppress(OSError):
                leftover.unlink()
        raise


def finish_writes(folder: Path) -> None:
    """Complete or undo every write that a killed process left in the middle; nobody else may write meanwhile."""
    for parent, _, names in os.walk(folder):
        present = set(names)
        for name in names:
            if name.endswith(_UNFINISHED):
                _finish(Path(parent) / name, present)


def _finish(unfinished: Path, present: set[str]) -> None:
    body = unfinished.name.removesuffix(_SIDECAR + _UNFINISHED)
    is_sidecar = body != unfinished.name
    if is_sidecar and body + _UNFINISHED not in present and body in present and _is_whole(unfinished):
        unfinished.replace(unfinished.with_name(body + _SIDECAR))
    else:
        unfinished.unlink()


def _is_whole(sidecar: Path) -> bool:
    try:
        json.loads(sidecar.read_bytes())
    except ValueError:
        return False
    return True


def _named(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - the mode is set by os.open
        file.write(data)
