"""Files that lines are added to as they come: a line is whole, or it is not there."""

from __future__ import annotations

from pathlib import Path


def append_line(path: Path, line: bytes) -> None:
    """Add a line, with its end, to a file; one caller at a time.

    Raises:
        OSError: the disk is full or broken; the file is as it was.
    """
    # Unbuffered: a buffer would write its rest when the file is closed.
    with path.open("ab", buffering=0) as file:
        size, rest = file.tell(), memoryview(line)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            # A part of a line would spoil the next one, too. Shortening a file works on a full disk.
            file.truncate(size)
            raise
