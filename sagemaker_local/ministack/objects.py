"""S3 for code in the endpoint's own process: MiniStack's state and its files on disk, without HTTP."""
# ruff: noqa: SLF001 - MiniStack has no public way into its state

from __future__ import annotations

import hashlib
import mimetypes
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sagemaker_local.errors import InternalFailure, NoSuchBucket, NoSuchKey
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.loop import Loop
from sagemaker_local.ministack.s3_files import StagedBody
from sagemaker_local.ports import ObjectInfo
from sagemaker_local.settings import Settings

T = TypeVar("T")

_COPY_BYTES = 1 << 20


class LocalObjects:
    """The ObjectStore of this endpoint."""

    def __init__(self, ministack: Ministack, settings: Settings, loop: Loop) -> None:
        self._s3 = ministack.s3
        self._responses = ministack.responses
        self._account = settings.account_id
        self._region = settings.region
        self._loop = loop
        # On the file system of the objects, so that storing a staged body is a rename.
        self._staging = settings.root / "s3-staging"
        shutil.rmtree(self._staging, ignore_errors=True)
        self._staging.mkdir(mode=0o700, parents=True)

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket exists."""
        with self._scope():
            return bucket in self._s3._buckets

    def list(self, bucket: str, prefix: str = "") -> list[ObjectInfo]:
        """All current objects whose key starts with `prefix`, in UTF-8 order of the key."""
        # Copying a dict is one step of the interpreter: no other thread changes it meanwhile.
        records = self._objects(bucket).copy()
        return [_info(key, records[key]) for key in sorted(key for key in records if key.startswith(prefix))]

    def read(self, bucket: str, key: str) -> bytes:
        """The whole body."""
        return self.local_path(bucket, key).read_bytes()

    def local_path(self, bucket: str, key: str) -> Path:
        """The plain file that holds the body."""
        if key not in self._objects(bucket):
            raise NoSuchKey(f"There is no object 's3://{bucket}/{key}'. List its prefix to see what is there.")
        return Path(self._s3._object_disk_path(bucket, key, self._account))

    def put(self, bucket: str, key: str, body: bytes, content_type: str | None = None) -> None:
        """Store `body`."""
        self._put(bucket, key, body, content_type)

    def put_file(self, bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        """Store the file's content; it is copied, so the file may change or go afterwards."""
        self._objects(bucket)
        body = self._stage(path)
        try:
            self._put(bucket, key, body, content_type)
        finally:
            body.path.unlink(missing_ok=True)

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects; a missing one is no error."""
        self._objects(bucket)
        for key in keys:
            self._answer(partial(self._s3._dispatch, "DELETE", bucket, key, {}, b"", {}))

    def _put(self, bucket: str, key: str, body: bytes | StagedBody, content_type: str | None) -> None:
        self._objects(bucket)
        kind = content_type or mimetypes.guess_type(key)[0] or "application/octet-stream"
        self._answer(partial(self._s3._dispatch, "PUT", bucket, key, {"content-type": kind}, body, {}))

    def _answer(self, request: Callable[[], tuple[int, dict[str, str], Any]]) -> None:
        def scoped() -> tuple[int, dict[str, str], Any]:
            with self._scope():
                return request()

        status, _, body = self._loop.call(scoped)
        if status >= 400:
            raise InternalFailure(f"S3 refused the change with status {status}: {bytes(body).decode(errors='replace')}")

    def _objects(self, bucket: str) -> dict[str, dict[str, Any]]:
        with self._scope():
            found = self._s3._buckets.get(bucket)
        if found is None:
            raise NoSuchBucket(f"There is no bucket '{bucket}'. Create it, for example `aws s3 mb s3://{bucket}`.")
        return cast("dict[str, dict[str, Any]]", found["objects"])

    def _stage(self, path: Path) -> StagedBody:
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        with path.open("rb") as source, tempfile.NamedTemporaryFile(dir=self._staging, delete=False) as staged:
            target = Path(staged.name)
            try:
                while chunk := source.read(_COPY_BYTES):
                    digest.update(chunk)
                    staged.write(chunk)
                    size += len(chunk)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
        return StagedBody(target, digest.hexdigest(), size)

    def _scope(self) -> AbstractContextManager[None]:
        return cast("AbstractContextManager[None]", self._responses.request_scope(self._account, self._region))


def _info(key: str, record: dict[str, Any]) -> ObjectInfo:
    modified = datetime.fromisoformat(record["last_modified"]).astimezone(UTC)
    return ObjectInfo(key=key, size=record["size"], etag=record["etag"].strip('"'), modified=modified)
