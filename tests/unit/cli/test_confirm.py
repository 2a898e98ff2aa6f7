from __future__ import annotations

import argparse

import pytest

from cli.commands import definitions
from cli.confirm import confirm
from cli.errors import CommandError
from tests.unit.cli.fakes import context_with


def no_terminal(_: str) -> str:
    raise EOFError


@pytest.mark.parametrize("answer", ["y", " Yes "])
def test_yes_goes_on(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    asked: list[str] = []

    def give(text: str) -> str:
        asked.append(text)
        return answer

    monkeypatch.setattr("builtins.input", give)

    confirm("Delete x?", "x was not deleted")

    assert asked == ["Delete x? [y/N] "]


@pytest.mark.parametrize("answer", ["", "n", "yesterday"])
def test_any_other_answer_deletes_nothing(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _: answer)

    with pytest.raises(CommandError, match=r"^x was not deleted\. Answer y, or add --yes\.$"):
        confirm("Delete x?", "x was not deleted")


def test_delete_without_a_terminal_says_to_add_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", no_terminal)
    context, _ = context_with()

    with pytest.raises(CommandError, match=r"was not deleted: there is no terminal to ask at\. Add --yes\."):
        definitions.delete(context, argparse.Namespace(pipeline="end-to-end", yes=False))
