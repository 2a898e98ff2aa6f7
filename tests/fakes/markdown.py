"""Reads the tables of a Markdown page: what the documents promise, for tests that hold the code against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_HEADING = re.compile(r"(#+) (.*)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """A line of a table; cells by the column's heading."""

    section: str
    cells: Mapping[str, str]

    def spans(self, column: str) -> list[str]:
        """What stands between backticks in a cell."""
        return _CODE.findall(self.cells[column])


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tables(text: str) -> list[Row]:
    """All rows of all tables; a row's section is the path of headings above it: `Steps / Training`."""
    rows: list[Row] = []
    headings: list[str] = []
    columns: list[str] | None = None
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            headings = [*headings[: len(heading[1]) - 1], heading[2]]
        if not line.startswith("|"):
            columns = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if columns is None:
            columns = cells
        elif set(line) - set("|-: "):
            assert len(cells) == len(columns), f"{len(columns)} cells are expected: {line}"
            rows.append(Row(" / ".join(headings[1:]), dict(zip(columns, cells, strict=True))))
    return rows


def section(rows: list[Row], name: str) -> list[Row]:
    found = [row for row in rows if row.section == name]
    assert found, f"there is no table below {name!r}"
    return found
