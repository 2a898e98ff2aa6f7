from __future__ import annotations

import re

import pytest

from sagemaker_local.records.patterns import matcher


def test_pattern_with_unicode_categories_matches_letters_of_any_script() -> None:
    tag = matcher(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")

    assert tag.fullmatch("Größe 東京 ٣_:/=+-@.")


@pytest.mark.parametrize("text", ["a!b", "tab\tbed", "smile 😀"])
def test_pattern_with_unicode_categories_refuses_other_characters(text: str) -> None:
    assert matcher(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)").fullmatch(text) is None


def test_pattern_with_surrogate_pairs_matches_characters_beyond_the_basic_plane() -> None:
    text = matcher(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*")

    assert text.fullmatch("smile 😀\ttab")
    assert text.fullmatch("line\nfeed") is None


def test_pattern_with_posix_class_matches_ascii_only() -> None:
    function = matcher(r"arn:[\p{Alnum}\-]+:lambda:[\p{Alnum}\-]+:[0-9]{12}:function:.*")

    assert function.fullmatch("arn:aws:lambda:us-west-2:000000000000:function:f")
    assert function.fullmatch("arn:äws:lambda:us-west-2:000000000000:function:f") is None


def test_pattern_with_repeated_end_compiles() -> None:
    assert matcher(r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}").fullmatch("key")


def test_pattern_digits_are_ascii_as_in_java() -> None:
    assert matcher(r"\d{1,4}").fullmatch("٣") is None


def test_definition_pattern_takes_a_megabyte_with_line_feeds_at_once() -> None:
    text = '{"a b": "\u2028"}\n' * 60_000

    assert matcher(r".*(?:[ \r\n\t].*)*").fullmatch(text)


def test_matcher_for_the_same_pattern_is_compiled_once() -> None:
    assert matcher("[a-z]+") is matcher("[a-z]+")
    assert isinstance(matcher("[a-z]+"), re.Pattern)
