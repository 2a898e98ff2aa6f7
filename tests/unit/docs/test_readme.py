"""Holds the README against the Makefile, the folders, the command line and the glossary's limit."""

from __future__ import annotations

import re

from tests.fakes.markdown import page, section, tables
from tests.fakes.tracked_files import text_of, tracked

README = page("README.md")
ROWS = tables(README)
MOST_WORDS = 20


def test_every_make_target_is_in_the_readme_or_in_make_help() -> None:
    makefile = page("Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    rules = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))

    helped = set(re.findall(r"^([a-z-]+):.*## .", makefile, re.MULTILINE))

    assert rules == set(phony[1].split())
    assert rules <= helped | set(re.findall(r"`make ([a-z-]+)`", README))


def test_every_make_command_in_the_readme_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", page("Makefile"), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets


def test_every_folder_is_in_the_map() -> None:
    folders = {f"{path.parts[0]}/" for path in tracked() if len(path.parts) > 1 and not path.parts[0].startswith(".")}

    named = {name for row in section(ROWS, "Where things are, and what changes there") for name in row.spans("folder")}

    assert folders <= named
    assert {name for name in named if name.endswith("/")} - {"lambdas/"} <= folders


def test_every_row_of_the_map_says_what_changes_there() -> None:
    for row in section(ROWS, "Where things are, and what changes there"):
        assert all(row.cells.values()), row


def test_glossary_is_short_and_names_each_word_once() -> None:
    words = [row.cells["word"] for row in section(ROWS, "Words")]

    assert len(words) <= MOST_WORDS
    assert len(words) == len(set(words))


def test_links_between_pages_lead_somewhere() -> None:
    files = {str(path) for path in tracked()}
    folders = {str(parent) for path in tracked() for parent in path.parents}
    broken = [
        f"{path}: {link}"
        for path in tracked()
        if path.suffix == ".md"
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(path) or "")
        if str(path.parent / link).rstrip("/") not in files | folders
    ]

    assert broken == []
