"""Keeps an S3 location equal to a folder while a job writes to it (Continuous outputs, checkpoints)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sagemaker_local.errors import JobFailed
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import transfer

DEFAULT_INTERVAL_SECONDS = 1.0
_Fingerprint = tuple[int, int, int]


class Mirror:
    """Uploads files that changed, at intervals in a thread of its own and once more at the end.

    While the job runs, a file goes up only when it looks as it did an interval before: not in the middle of a write.
    """

    def __init__(
        self,
        objects: ObjectStore,
        folder: Path,
        target: S3Uri,
        *,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        note: Callable[[str], None] = transfer.say_nothing,
    ) -> None:
        self._objects = objects
        self._folder = folder
        self._target = target
        self._interval = interval_seconds
        self._note = note
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"mirror {target}", daemon=True)
        self._seen: dict[str, _Fingerprint] = self._scan()
        self._uploaded = dict(self._seen)
        """What is there at the start came from S3 and need not go back."""

    def finish(self) -> None:
        """End the thread and upload what is not uploaded yet.

        Raises:
            JobFailed: as transfer.upload_file.
        """
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        for path, name in transfer.walk(self._folder, self._note):
            self._upload(path, name)

    def _follow(self) -> None:
        while not self._ended.wait(self._interval):
            # What fails now is tried again, and reported, at the end.
            with suppress(JobFailed, OSError):
                self._upload_settled()

    def _upload_settled(self) -> None:
        before, self._seen = self._seen, self._scan()
        for name, fingerprint in self._seen.items():
            if before.get(name) == fingerprint:
                self._upload(self._folder / name, name)

    def _upload(self, path: Path, name: str) -> None:
        with suppress(FileNotFoundError):
            # Taken before the upload: a change meanwhile makes the file differ, so that it goes up again.
            fingerprint = _fingerprint(path)
            if self._uploaded.get(name) != fingerprint:
                transfer.upload_file(self._objects, path, self._target.join(name))
                self._uploaded[name] = fingerprint

    def _scan(self) -> dict[str, _Fingerprint]:
        found = {}
        for path, name in transfer.walk(self._folder):
            with suppress(FileNotFoundError):
                found[name] = _fingerprint(path)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Only end the thread: the caller finishes, and reports, while the job still can fail."""
        self._ended.set()
        self._thread.join()


def _fingerprint(path: Path) -> _Fingerprint:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
