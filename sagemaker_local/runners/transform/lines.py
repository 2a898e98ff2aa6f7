"""Cutting line-separated files into chunks of whole lines, and chunks into payloads."""

from __future__ import annotations

import gzip
import mmap
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.errors import JobFailed

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of whole lines of a file; the last line end may be missing."""

    path: Path
    offset: int
    length: int
    first_line: int | None = None
    """The number, from 0, of its first line; None when counting the lines before `offset` tells."""
    is_temporary: bool = False
    """The file holds this chunk only and is removed after its use."""


class OversizedRecord(Exception):
    """A single record does not fit into one request; `index` counts records from 0, `size` is in bytes."""

    def __init__(self, index: int, size: int) -> None:
        super().__init__(index, size)
        self.index = index
        self.size = size


def chunks(path: Path, target: int, limit: int | None) -> Iterator[Chunk]:
    """Cut a plain file into ranges of at most `target` bytes, or of one line that is longer.

    Args:
        path: the file.
        target: how many bytes a range holds at most, as long as it holds several lines.
        limit: the longest line allowed in bytes, without its line end; None for any.

    Raises:
        OversizedRecord: a line is longer than `limit`.
    """
    size = path.stat().st_size
    if size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        offset = 0
        while offset < size:
            end = _end_of_range(content, offset, size, target)
            length = end - offset - (content[end - 1 : end] == b"\n")
            if limit is not None and length > limit:
                raise OversizedRecord(count_lines(path, offset), length)
            yield Chunk(path, offset, end - offset)
            offset = end


def _end_of_range(content: mmap.mmap, offset: int, size: int, target: int) -> int:
    if offset + target >= size:
        return size
    last = content.rfind(b"\n", offset, offset + target + 1)
    if last < 0:
        last = content.find(b"\n", offset + target)
    return last + 1 if last >= 0 else size


def count_lines(path: Path, end: int) -> int:
    """How many lines end before the byte `end`."""
    count = 0
    with path.open("rb") as file:
        while end > 0 and (block := file.read(min(_READ_BYTES, end))):
            count += block.count(b"\n")
            end -= len(block)
    return count


def gzip_chunks(path: Path, target: int, limit: int | None, folder: Path) -> Iterator[Chunk]:
    """Cut a gzip file like `chunks`, each range unpacked into a temporary file below `folder`.

    Raises:
        OversizedRecord: a line is longer than `limit`.
        JobFailed: the file is not gzip, or ends early.
    """
    for number, (first, block) in enumerate(_line_blocks(_unpacked(path), target, limit)):
        length = len(block) - block.endswith(b"\n")
        if limit is not None and length > limit:
            raise OversizedRecord(first, length)
        piece = folder / f"{path.name}.{number}"
        piece.write_bytes(block)
        yield Chunk(piece, 0, len(block), first, is_temporary=True)


def _line_blocks(blocks: Iterable[bytes], target: int, limit: int | None) -> Iterator[tuple[int, bytes]]:
    """Regroup blocks into ranges of whole lines, each with the number of lines before it."""
    waiting, first = bytearray(), 0
    for block in blocks:
        waiting += block
        while len(waiting) > target:
            last = waiting.rfind(b"\n", 0, target + 1)
            if last < 0:
                last = waiting.find(b"\n", target)
            if last < 0:
                if limit is not None and len(waiting) > limit:
                    raise OversizedRecord(first, len(waiting))
                break
            yield first, bytes(waiting[: last + 1])
            first += waiting.count(b"\n", 0, last + 1)
            del waiting[: last + 1]
    if waiting:
        yield first, bytes(waiting)


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            while block := file.read(_READ_BYTES):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise JobFailed(f"CompressionType is 'Gzip', but the object is not a whole gzip file: {error}.") from error


def unpack(path: Path, limit: int) -> bytes:
    """The unpacked content of a gzip file.

    Args:
        path: the file.
        limit: how many bytes it may have; 0 for any.

    Raises:
        OversizedRecord: it has more; its size is then only the least that it has.
        JobFailed: the file is not gzip, or ends early.
    """
    content = bytearray()
    for block in _unpacked(path):
        content += block
        if limit and len(content) > limit:
            raise OversizedRecord(0, len(content))
    return bytes(content)


def records(block: bytes) -> list[bytes]:
    """The lines of a chunk without their line ends; empty lines are no records."""
    return [line for line in block.split(b"\n") if line not in {b"", b"\r"}]


def payloads(sizes: Iterable[int], limit: int, *, is_single_record: bool) -> Iterator[range]:
    """Group records into requests: one each, or as many as fit into `limit` bytes with line ends between them.

    Args:
        sizes: of the records in bytes, in order.
        limit: in bytes; 0 for none.
        is_single_record: one record a request.

    Raises:
        OversizedRecord: a record that does not fit alone.
    """
    start, total, count = 0, 0, 0
    for index, size in enumerate(sizes):
        if limit and size > limit:
            raise OversizedRecord(index, size)
        needed = size if index == start else total + 1 + size
        if index > start and (is_single_record or (limit and needed > limit)):
            yield range(start, index)
            start, needed = index, size
        total, count = needed, index + 1
    if count > start:
        yield range(start, count)
