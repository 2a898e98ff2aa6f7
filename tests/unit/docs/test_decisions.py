"""The form of the decision pages."""

from __future__ import annotations

import re

import pytest

from tests.fakes.markdown import ROOT

PAGES = sorted((ROOT / "docs/decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Out of scope"]


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_decision_has_its_title_and_the_four_headings_in_order(name: str) -> None:
    text = (ROOT / "docs/decisions" / name).read_text(encoding="utf-8")

    headings = re.findall(r"^(?:\*\*|## )(\w[\w ]*\w)\.?(?:\*\*)?", text, re.MULTILINE)

    assert text.startswith("# ")
    assert headings == HEADINGS


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in PAGES]

    assert numbers == list(range(1, len(PAGES) + 1))
