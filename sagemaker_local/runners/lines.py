"""Cuts a process's output into lines of text, whatever bytes it writes."""

from __future__ import annotations

MAX_LINE_BYTES = 240 * 1024
"""CloudWatch Logs takes at most 256 KiB an event; a longer line becomes several."""


class LineSplitter:
    """Takes chunks of bytes, gives back finished lines; `finish()` gives the rest."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """Take the next bytes and return the lines that they complete."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        lines = [text for line in whole for text in self._texts(line)]
        while len(rest) > self._max:
            cut = _character_boundary(rest, self._max)
            lines.append(_decode(rest[:cut]))
            rest = rest[cut:]
        self._rest = rest
        return lines

    def finish(self) -> list[str]:
        """Return the last line when the output did not end with a line break."""
        rest, self._rest = self._rest, b""
        return self._texts(rest) if rest else []

    def _texts(self, line: bytes) -> list[str]:
        pieces = []
        while len(line) > self._max:
            cut = _character_boundary(line, self._max)
            pieces.append(_decode(line[:cut]))
            line = line[cut:]
        return [*pieces, _decode(line.removesuffix(b"\r"))]


def _character_boundary(line: bytes, position: int) -> int:
    """The last position, at most three bytes before `position`, that does not split a UTF-8 character."""
    for cut in range(position, max(position - 4, 0), -1):
        if line[cut] & 0xC0 != 0x80:
            return cut
    return position


def _decode(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")
