"""S3 writes are either whole on disk or refused: MiniStack only logs a failed write and answers 200."""
# ruff: noqa: SLF001 - MiniStack has no public way to replace how bodies are written

from __future__ import annotations

import copy
import json
import logging
import threading
from pathlib import Path
from typing import Any

from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.s3_files import StagedBody, write_object

_LOG = logging.getLogger(__name__)

Response = tuple[int, dict[str, str], Any]


class StoreFailed(OSError):
    """An object's files could not be written."""


class SafeWrites:
    """The replaced functions of MiniStack's S3."""

    def __init__(self, ministack: Ministack) -> None:
        self._s3 = ministack.s3
        self._dispatch = ministack.s3._dispatch
        self._md5_hash = ministack.s3.md5_hash
        self._version_entry = ministack.s3._version_entry_from_record
        self._notify = ministack.s3._fire_s3_event_async
        # A request runs through on one thread; its notifications wait here until its write is whole.
        self._waiting = threading.local()
        self._persist_displaced = ministack.s3._persist_displaced_version

    def install(self) -> None:
        """Put these functions in the place of MiniStack's."""
        self._s3._dispatch = self.dispatch
        self._s3.md5_hash = self.md5_hash
        self._s3._persist_object = self.persist_object
        self._s3._fire_s3_event_async = self.notify
        self._s3._persist_displaced_version = self.persist_displaced_version
        self._s3._version_entry_from_record = self.version_entry

    def dispatch(
        self, method: str, bucket: str, key: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        """Answer one S3 request; a write that failed leaves the object as it was and answers 500."""
        if method not in {"PUT", "POST", "DELETE"}:
            return self._answer(method, bucket, key, headers, body, query)
        before = _Before(self._s3, bucket, key)
        try:
            return self._answer(method, bucket, key, headers, body, query)
        except StoreFailed as error:
            before.restore()
            _LOG.error("s3://%s/%s was not stored: %s", bucket, key, error)
            reason = (
                f"We encountered an internal error: {error}. The object is unchanged; free some space and try again."
            )
            refused: Response = self._s3._error("InternalError", reason, 500, f"/{bucket}/{key}")
            return refused

    def notify(self, *event: Any, **more: Any) -> None:
        """Tell a bucket's subscribers of a change; one that is being written, when it is written."""
        waiting = getattr(self._waiting, "events", None)
        if waiting is None:
            self._notify(*event, **more)
        else:
            waiting.append((event, more))

    def _answer(self, *request: Any) -> Response:
        self._waiting.events = []
        try:
            answer: Response = self._dispatch(*request)
            events = self._waiting.events
        finally:
            self._waiting.events = None
        for event, more in events:
            self._notify(*event, **more)
        return answer

    def md5_hash(self, data: bytes | StagedBody) -> str:
        """Give the MD5 of a body; a staged one was hashed when it was written."""
        if isinstance(data, StagedBody):
            return data.md5
        digest: str = self._md5_hash(data)
        return digest

    def persist_object(self, bucket: str, key: str, record: Any) -> None:
        """Write an object's body and its sidecar; both are complete before the first one is renamed into place.

        Raises:
            StoreFailed: nothing was changed on disk.
        """
        path = Path(self._s3._object_disk_path(bucket, key))
        meta = {**self._s3._object_meta_from_record(record), **self._s3._key_history_meta(bucket, key), "key": key}
        try:
            write_object(path, record.get("body"), json.dumps(meta).encode())
        except OSError as error:
            raise StoreFailed(f"cannot write '{path}': {error.strerror or error}") from error
        record["body"] = None
        root = str(Path(self._s3.DATA_DIR) / self._s3.get_account_id() / bucket)
        self._s3._remove_key_files(self._s3._other_key_disk_path(root, key, str(path)))

    def persist_displaced_version(self, bucket: str, key: str, prior: dict[str, Any] | None, versioning: str) -> None:
        """Keep the body of the version that is about to be replaced.

        Raises:
            StoreFailed: it could not be kept, so it must not be replaced.
        """
        self._persist_displaced(bucket, key, prior, versioning)
        version = None if prior is None else prior.get("version_id") or "null"
        if version is None or (versioning == "Suspended" and version == "null"):
            return
        path = self._s3._version_disk_path(bucket, key, version)
        if path is not None and not Path(path).is_file():
            raise StoreFailed(f"cannot keep the replaced version '{version}' at '{path}'")

    def version_entry(self, record: dict[str, Any], version_id: str, _data: object) -> dict[str, Any]:
        """Describe one version without its body: that lies on disk, and would stay in memory for good."""
        entry: dict[str, Any] = self._version_entry(record, version_id, None)
        return entry


class _Before:
    """One key's records as they were before a write, to be put back when it fails."""

    def __init__(self, s3: Any, bucket: str, key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        objects = self._objects()
        self._record = objects.get(key) if objects is not None else None
        self._versions = copy.copy(s3._object_versions.get((bucket, key)))

    def restore(self) -> None:
        objects = self._objects()
        if objects is None:
            return
        if self._record is None:
            objects.pop(self._key, None)
        else:
            objects[self._key] = self._record
        if self._versions is None:
            self._s3._object_versions.pop((self._bucket, self._key), None)
            return
        for version in self._versions:
            version["is_latest"] = version is self._versions[-1]
        self._s3._object_versions[self._bucket, self._key] = self._versions

    def _objects(self) -> dict[str, Any] | None:
        bucket = self._s3._buckets.get(self._bucket)
        return None if bucket is None else bucket["objects"]
