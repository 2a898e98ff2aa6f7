"""The README shows no command of ours that the doors would refuse."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cli import demo, execute, main
from cli.context import Context
from tests import readme

PARSERS = {"pipeline.py": main.build_parser, "execute_pipeline.py": execute.build_parser}
SHOWN = [
    *(words for words in readme.commands() if words[0] == "python" and words[1] in PARSERS),
    *readme.inline_commands(),
]


@pytest.mark.parametrize("words", SHOWN, ids=shlex.join)
def test_readme_command_is_understood_by_its_door(words: list[str]) -> None:
    options = PARSERS[words[1]]().parse_args(words[2:])

    assert all(path.is_file() for path in options.config or [])


def test_readme_shows_every_command_of_the_door() -> None:
    shown = {words[2] for words in SHOWN if words[1] == "pipeline.py"}

    parser = main.build_parser()
    known = {name for action in parser._subparsers._group_actions for name in action.choices}  # type: ignore[union-attr]

    in_text = {name for name in known - shown if f"`{name} " in Path("README.md").read_text(encoding="utf-8")}
    assert known - shown - in_text == set()


def test_demo_suggests_commands_that_its_door_understands() -> None:
    text = demo._next_steps(Context(is_local=True), "arn:aws:sagemaker:us-west-2:000000000000:pipeline/p/execution/e1")

    lines = [shlex.split(line, comments=True) for line in text.splitlines() if "python " in line[:10]]
    assert len(lines) >= 4
    for words in lines:
        PARSERS[words[1]]().parse_args(words[2:])
