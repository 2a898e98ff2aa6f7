"""S3 reads touch only the bytes that were asked for: MiniStack reads a whole file for each range of it."""
# ruff: noqa: SLF001 - MiniStack has no public way to replace how bodies are read

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.threads import in_file_thread

_LOG = logging.getLogger(__name__)

# Bodies up to this size are answered as bytes: one read, and callers inside MiniStack get what they expect.
CHUNK_BYTES = 1 << 20

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Response = tuple[int, dict[str, str], Any]


class _OpenFile:
    """A file descriptor that is closed when nobody refers to it any more."""

    __slots__ = ("descriptor",)

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        # Not set when the file could not be opened.
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class FileSlice:
    """A part of an open file that has a length and can be sliced like bytes, but is read only when somebody asks."""

    __slots__ = ("_file", "_length", "_start")

    def __init__(self, file: _OpenFile, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length

    @classmethod
    def of(cls, path: str) -> FileSlice:
        """Open a file as one slice; it stays whole even when the file is replaced meanwhile."""
        file = _OpenFile(path)
        return cls(file, 0, os.fstat(file.descriptor).st_size)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> FileSlice:
        start, stop, _ = part.indices(self._length)
        return FileSlice(self._file, self._start + start, max(0, stop - start))

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """Read `length` bytes (all when None) from `offset` on."""
        wanted = self._length - offset if length is None else min(length, self._length - offset)
        return os.pread(self._file.descriptor, max(0, wanted), self._start + offset)

    async def stream(self, send: Send, receive: Receive) -> None:
        """Send the slice as ASGI body messages, one chunk at a time, until its end or until the client left."""
        left = asyncio.create_task(_client_left(receive))
        offset = 0
        try:
            while offset < self._length and not left.done():
                chunk = await in_file_thread(self.read, offset, CHUNK_BYTES)
                if not chunk:
                    raise OSError(f"a stored object ends {self._length - offset} bytes early")
                offset += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            left.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class LazyReads:
    """The replaced functions of MiniStack's S3; only GetObject reads lazily, everything else still gets bytes."""

    def __init__(self, ministack: Ministack) -> None:
        self._s3 = ministack.s3
        self._streaming = ministack.responses.StreamingResponse
        self._get_object = ministack.s3._get_object
        self._read_body = ministack.s3._read_body
        self._version_body = ministack.s3._version_body
        # GetObject runs through without awaiting, so a mark on its thread is enough.
        self._lazy = threading.local()

    def install(self) -> None:
        """Put these functions in the place of MiniStack's."""
        self._s3._get_object = self.get_object
        self._s3._read_body = self.read_body
        self._s3._version_body = self.version_body

    def read_body(self, bucket: str, key: str, record: dict[str, Any]) -> Any:
        """Give an object's body; in a GetObject as an unread slice of its file.

        Raises:
            OSError: the file is missing or not as long as its record says; MiniStack would answer other bytes with 200.
        """
        if record.get("body") is not None:
            return self._read_body(bucket, key, record)
        found = FileSlice.of(self._s3._object_disk_path(bucket, key))
        if len(found) != record["size"]:
            raise OSError(f"s3://{bucket}/{key} has {len(found)} bytes on disk, but {record['size']} were stored")
        return found if self._is_lazy() else found.read()

    def version_body(self, bucket: dict[str, Any], bucket_name: str, key: str, version: dict[str, Any]) -> Any:
        """Give the body of one version; in a GetObject as an unread slice of its file."""
        if self._is_lazy() and version.get("data") is None:
            path = self._s3._version_disk_path(bucket_name, key, version["version_id"])
            if path is not None and os.path.isfile(path):  # noqa: PTH113 - MiniStack's paths are strings
                return FileSlice.of(path)
        return self._version_body(bucket, bucket_name, key, version)

    def get_object(
        self, bucket: str, key: str, headers: dict[str, str], query_params: dict[str, Any] | None = None
    ) -> Response:
        """Answer GetObject: small bodies as bytes, larger ones streamed from the file."""
        self._lazy.on = True
        try:
            status, answered, body = self._get_object(bucket, key, headers, query_params)
        except OSError as error:
            _LOG.error("s3://%s/%s cannot be read: %s", bucket, key, error)
            lost: Response = self._s3._error(
                "InternalError", f"The stored body is lost: {error}", 500, f"/{bucket}/{key}"
            )
            return lost
        finally:
            self._lazy.on = False
        if not isinstance(body, FileSlice):
            return status, answered, body
        # A read of a version ignores Range in MiniStack.
        if status == 200 and headers.get("range"):
            status, answered, body = self._ranged(headers["range"], answered, body)
        answered["Content-Length"] = str(len(body))
        if len(body) <= CHUNK_BYTES:
            return status, answered, body.read()
        return status, answered, self._streaming(body.stream)

    def _ranged(self, wanted: str, headers: dict[str, str], body: FileSlice) -> tuple[int, dict[str, str], FileSlice]:
        bounds = self._s3._parse_range(wanted, len(body))
        if bounds is None:
            return 416, {"Content-Range": f"bytes */{len(body)}"}, body[0:0]
        start, end = bounds
        # The checksums are those of the whole body.
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("x-amz-checksum-")}
        headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
        return 206, headers, body[start : end + 1]

    def _is_lazy(self) -> bool:
        return getattr(self._lazy, "on", False)


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
