"""Puts the results of an object's chunks into one file, in the order of the input."""

from __future__ import annotations

import shutil
from pathlib import Path


class Assembly:
    """One output file: chunks are finished in any order, and appended as soon as all before them are."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._waiting: set[int] = set()
        self.appended = 0
        """How many chunks are in the output."""

    def part(self, number: int) -> Path:
        """Where the result of a chunk is written; the first one is the output itself."""
        return self._output if number == 0 else self._output.with_name(f"{self._output.name}.{number}")

    def finish(self, number: int) -> int:
        """Take a chunk's result; how many chunks could be appended with it."""
        before = self.appended
        self._waiting.add(number)
        while self.appended in self._waiting:
            self._waiting.remove(self.appended)
            if self.appended:
                self._append(self.part(self.appended))
            self.appended += 1
        return self.appended - before

    def complete(self) -> None:
        """All chunks were taken; without any, the output is empty."""
        if self.appended == 0:
            self._output.touch()

    def discard(self, count: int) -> None:
        """Remove the output and what is there of the parts of `count` chunks."""
        for number in range(max(count, 1)):
            self.part(number).unlink(missing_ok=True)

    def _append(self, part: Path) -> None:
        with part.open("rb") as source, self._output.open("ab") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        part.unlink()
