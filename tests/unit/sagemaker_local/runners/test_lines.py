from __future__ import annotations

import pytest

from sagemaker_local.runners.lines import LineSplitter


def test_feed_bytes_in_any_cut_gives_the_same_lines() -> None:
    text = "erste Zeile\nzweite: äöü €\n\nlast".encode()

    for cut in range(len(text)):
        splitter = LineSplitter()
        lines = [*splitter.feed(text[:cut]), *splitter.feed(text[cut:]), *splitter.finish()]
        assert lines == ["erste Zeile", "zweite: äöü €", "", "last"]


def test_finish_after_line_break_gives_nothing() -> None:
    splitter = LineSplitter()

    assert splitter.feed(b"whole\n") == ["whole"]
    assert splitter.finish() == []


def test_feed_invalid_utf8_replaces_only_what_is_invalid() -> None:
    assert LineSplitter().feed(b"a\xff\xfeb\n") == ["a\ufffd\ufffdb"]


def test_feed_carriage_return_at_the_end_is_dropped() -> None:
    assert LineSplitter().feed(b"windows\r\n") == ["windows"]


@pytest.mark.parametrize("unit", ["x", "é", "€", "😀"])
def test_feed_very_long_line_is_cut_between_characters(unit: str) -> None:
    splitter = LineSplitter(max_line_bytes=10)
    text = unit * 25

    lines = [*splitter.feed(text.encode()), *splitter.feed(b"\n")]

    assert "".join(lines) == text
    assert all(len(line.encode()) <= 10 for line in lines)


def test_feed_endless_line_keeps_little_in_memory() -> None:
    splitter = LineSplitter(max_line_bytes=100)

    pieces = [piece for _ in range(50) for piece in splitter.feed(b"y" * 99)]

    assert sum(map(len, pieces)) >= 50 * 99 - 100
