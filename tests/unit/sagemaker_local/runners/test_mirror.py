from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.mirror import Mirror
from tests.fakes.object_store import FolderObjectStore


def _wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def _mirror(objects: FolderObjectStore, folder: Path) -> Mirror:
    return Mirror(objects, folder, S3Uri.parse("s3://b/cp"), interval_seconds=0.01)


def test_mirror_settled_file_is_uploaded_while_the_job_runs(tmp_path: Path) -> None:
    objects, folder = FolderObjectStore(tmp_path / "s3", "b"), tmp_path / "cp"
    folder.mkdir()

    with _mirror(objects, folder):
        (folder / "epoch-1").write_text("weights")
        arrived = _wait_for(lambda: objects.keys("b") == ["cp/epoch-1"])

    assert arrived


def test_mirror_finish_uploads_what_changed_last(tmp_path: Path) -> None:
    objects, folder = FolderObjectStore(tmp_path / "s3", "b"), tmp_path / "cp"
    folder.mkdir()

    with _mirror(objects, folder) as mirror:
        (folder / "state").write_text("1")
        _wait_for(lambda: bool(objects.keys("b")))
        (folder / "state").write_text("final")
        mirror.finish()

    assert objects.read("b", "cp/state") == b"final"


def test_mirror_file_that_was_there_before_is_not_sent_back(tmp_path: Path) -> None:
    objects, folder = FolderObjectStore(tmp_path / "s3", "b"), tmp_path / "cp"
    folder.mkdir()
    (folder / "old").write_text("from S3")

    with _mirror(objects, folder) as mirror:
        mirror.finish()

    assert objects.keys("b") == []
