from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform import lines
from sagemaker_local.runners.transform.lines import OversizedRecord

TEXTS = st.lists(st.text("ab,\r", max_size=12), max_size=40).map("\n".join).map(str.encode)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def contents(path: Path, target: int, limit: int | None = None) -> list[bytes]:
    body = path.read_bytes()
    return [body[chunk.offset : chunk.offset + chunk.length] for chunk in lines.chunks(path, target, limit)]


def unpacked(folder: Path, content: bytes, target: int, limit: int | None = None) -> list[bytes]:
    path = folder / "file.gz"
    path.write_bytes(gzip.compress(content))
    return [chunk.path.read_bytes() for chunk in lines.gzip_chunks(path, target, limit, folder)]


@given(content=TEXTS, target=st.integers(1, 60))
def test_chunks_follow_each_other_and_end_with_lines(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, target: int
) -> None:
    path = written(tmp_path_factory.mktemp("chunks"), content)

    found = contents(path, target)

    assert b"".join(found) == content
    assert all(piece.endswith(b"\n") for piece in found[:-1])
    assert all(len(piece.removesuffix(b"\n")) <= target or piece.count(b"\n") <= 1 for piece in found)


@given(content=TEXTS, target=st.integers(1, 60))
def test_gzip_chunks_are_those_of_the_plain_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, target: int
) -> None:
    folder = tmp_path_factory.mktemp("chunks")

    assert unpacked(folder, content, target) == contents(written(folder, content), target)


def test_chunks_fill_up_to_the_target(tmp_path: Path) -> None:
    path = written(tmp_path, b"aa\nbb\ncc\ndd\n")

    assert contents(path, 5) == [b"aa\nbb\n", b"cc\ndd\n"]


def test_file_without_bytes_has_no_chunk(tmp_path: Path) -> None:
    assert contents(written(tmp_path, b""), 5) == []


def test_line_as_long_as_the_limit_passes(tmp_path: Path) -> None:
    assert contents(written(tmp_path, b"aaaaa\nbbbbb"), 5, 5) == [b"aaaaa\n", b"bbbbb"]


def test_line_longer_than_the_target_is_a_chunk_of_its_own(tmp_path: Path) -> None:
    assert contents(written(tmp_path, b"a\nbbbbbbbb\nc"), 3, 8) == [b"a\n", b"bbbbbbbb\n", b"c"]


@pytest.mark.parametrize("cut", [contents, None])
def test_line_longer_than_the_limit_is_told_with_its_number_and_size(tmp_path: Path, cut: object) -> None:
    content = b"a\nb\n" + b"c" * 9 + b"\nd\n"

    with pytest.raises(OversizedRecord) as caught:
        contents(written(tmp_path, content), 5, 5) if cut else unpacked(tmp_path, content, 5, 5)

    assert (caught.value.index, caught.value.size) == (2, 9)


def test_gzip_chunks_know_how_many_lines_came_before(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"a\nb\nc\nd\ne"))

    firsts = [chunk.first_line for chunk in lines.gzip_chunks(path, 3, None, tmp_path)]

    assert firsts == [0, 2, 4]


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(b"abc" * 1000, mtime=0)[:-9]])
def test_gzip_that_is_none_or_torn_fails(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)

    with pytest.raises(JobFailed, match="CompressionType is 'Gzip', but the object is not a whole gzip file"):
        list(lines.gzip_chunks(path, 10, None, tmp_path))


def test_unpack_gives_the_whole_content(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"abc"))

    assert lines.unpack(path, 3) == b"abc"


def test_unpack_stops_at_the_limit(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"abc"))

    with pytest.raises(OversizedRecord):
        lines.unpack(path, 2)


def test_unpack_without_a_limit_takes_any_size(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"abc"))

    assert lines.unpack(path, 0) == b"abc"


def test_records_are_the_lines_that_hold_something() -> None:
    assert lines.records(b"a\n\nb\r\n\r\nc\n") == [b"a", b"b\r", b"c"]


@given(sizes=st.lists(st.integers(1, 20)), limit=st.integers(20, 60))
def test_payloads_cover_all_records_in_order_within_the_limit(sizes: list[int], limit: int) -> None:
    groups = list(lines.payloads(sizes, limit, is_single_record=False))

    assert [index for group in groups for index in group] == list(range(len(sizes)))
    assert all(sum(sizes[index] for index in group) + len(group) - 1 <= limit for group in groups)


def test_payloads_are_as_full_as_they_can_be() -> None:
    groups = list(lines.payloads([2, 2, 2], 5, is_single_record=False))

    assert groups == [range(2), range(2, 3)]


def test_single_record_payloads_hold_one_record_each() -> None:
    groups = list(lines.payloads([2, 2], 100, is_single_record=True))

    assert groups == [range(1), range(1, 2)]


def test_payload_of_one_record_over_the_limit_is_refused() -> None:
    with pytest.raises(OversizedRecord) as caught:
        list(lines.payloads([2, 9], 5, is_single_record=False))

    assert (caught.value.index, caught.value.size) == (1, 9)


def test_count_lines_counts_up_to_the_byte(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\nb\nc\n")

    assert [lines.count_lines(path, end) for end in (0, 2, 4, 6)] == [0, 1, 2, 3]
