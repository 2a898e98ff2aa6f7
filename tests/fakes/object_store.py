"""S3 as a folder: `<root>/<bucket>/<quoted key>`."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from sagemaker_local.errors import NoSuchBucket, NoSuchKey
from sagemaker_local.ports import ObjectInfo


class FolderObjectStore:
    """An ObjectStore over a temporary folder; replaces bodies by rename, as the real one does."""

    def __init__(self, root: Path, *buckets: str) -> None:
        self._root = root
        self.content_types: dict[str, str | None] = {}
        for bucket in buckets:
            self.make_bucket(bucket)

    def make_bucket(self, bucket: str) -> None:
        (self._root / bucket).mkdir(parents=True, exist_ok=True)

    def has_bucket(self, bucket: str) -> bool:
        return (self._root / bucket).is_dir()

    def list(self, bucket: str, prefix: str = "") -> list[ObjectInfo]:
        keys = sorted((unquote(path.name) for path in self._folder(bucket).iterdir()), key=str.encode)
        return [self._info(bucket, key) for key in keys if key.startswith(prefix)]

    def read(self, bucket: str, key: str) -> bytes:
        return self.local_path(bucket, key).read_bytes()

    def local_path(self, bucket: str, key: str) -> Path:
        path = self._path(bucket, key)
        if not path.is_file():
            raise NoSuchKey(f"The key {key!r} does not exist in the bucket {bucket!r}.")
        return path

    def put(self, bucket: str, key: str, body: bytes, content_type: str | None = None) -> None:
        self.content_types[key] = content_type
        fresh = self._fresh(bucket)
        fresh.write_bytes(body)
        fresh.replace(self._path(bucket, key))

    def put_file(self, bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        self.content_types[key] = content_type
        fresh = self._fresh(bucket)
        shutil.copyfile(path, fresh)
        fresh.replace(self._path(bucket, key))

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        for key in keys:
            self._path(bucket, key).unlink(missing_ok=True)

    def keys(self, bucket: str, prefix: str = "") -> Sequence[str]:
        """All keys, for assertions."""
        return [info.key for info in self.list(bucket, prefix)]

    def _info(self, bucket: str, key: str) -> ObjectInfo:
        path = self._path(bucket, key)
        status = path.stat()
        etag = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return ObjectInfo(key, status.st_size, etag, datetime.fromtimestamp(status.st_mtime, UTC))

    def _folder(self, bucket: str) -> Path:
        if not self.has_bucket(bucket):
            raise NoSuchBucket(f"The bucket {bucket!r} does not exist.")
        return self._root / bucket

    def _path(self, bucket: str, key: str) -> Path:
        return self._folder(bucket) / quote(key, safe="")

    def _fresh(self, bucket: str) -> Path:
        self._folder(bucket)
        return self._root / f".{os.urandom(8).hex()}"
