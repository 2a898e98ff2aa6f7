from __future__ import annotations

import pytest

from cli.errors import CommandError
from cli.registry import texts


@pytest.mark.parametrize("note", ["", "Größe 3 : a/b=c+d-e@f_g.h", "x" * 256])
def test_note_that_a_tag_can_hold_stays_as_it_is(note: str) -> None:
    assert texts.tag(note) == note


@pytest.mark.parametrize(
    ("note", "why"), [("a,b", "',' is in it"), ("a\tb", r"'\\t' is in it"), ("x" * 257, "it has 257")]
)
def test_note_that_a_tag_cannot_hold_is_refused(note: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        texts.tag(note)


def test_note_of_a_decision_may_have_any_character_of_one_line() -> None:
    assert texts.description("auc > 0.9, at last!") == "auc > 0.9, at last!"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("arn:aws:iam::123456789012:user/anna", "arn:aws:iam::123456789012:user/anna"),
        ("arn:aws:iam::123456789012:user/a,b", "arn:aws:iam::123456789012:user/a-b"),
        ("x" * 300 + "end", "x" * 253 + "end"),
    ],
)
def test_text_is_made_fit_for_metadata(text: str, kept: str) -> None:
    assert texts.metadata(text) == kept
