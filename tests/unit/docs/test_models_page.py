"""Holds docs/models.md against the parser, the tags and the metadata of the code."""

from __future__ import annotations

import re
import shlex

import pytest
from lambdas import get_latest_approved_model

from cli import main
from cli.registry import decisions, pins
from tests.fakes.markdown import page

PAGE = page("docs/models.md")
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = [shlex.split(line, comments=True) for block in BLOCK.findall(PAGE) for line in block.splitlines()]
OF_A_VERSION = {"models", "approve", "reject", "rollback", "pin", "unpin"}


@pytest.mark.parametrize("words", COMMANDS, ids=shlex.join)
def test_command_is_understood_by_the_door(words: list[str]) -> None:
    assert words[:2] == ["python", "pipeline.py"]

    main.build_parser().parse_args(words[2:])


def test_every_command_about_a_version_is_shown() -> None:
    assert {words[2] for words in COMMANDS} == OF_A_VERSION


def test_tags_and_metadata_are_named_as_the_code_names_them() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))

    assert {pins.VERSION, *pins.WITH_IT, decisions.REGISTERED_AS, decisions.APPROVAL_REASON} <= named
    assert {f"{status}{what}" for status in (decisions.APPROVED, decisions.REJECTED) for what in ("By", "At")} <= named
    assert get_latest_approved_model.ModelArtifactMissing.__name__ in named


def test_function_reads_the_tag_that_the_command_sets() -> None:
    assert get_latest_approved_model.PIN_TAG == pins.VERSION
