from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sagemaker_local.errors import JobFailed
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import transfer
from tests.fakes.object_store import FolderObjectStore


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "s3", "b")


def _fill(objects: FolderObjectStore, *keys: str) -> None:
    for key in keys:
        objects.put("b", key, key.encode())


def _bring(objects: FolderObjectStore, uri: str, folder: Path, *, link: bool = False) -> list[str]:
    transfer.bring(objects, transfer.list_input(objects, uri), folder, link=link)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("prefix", "key", "expected"),
    [
        ("data/", "data/a.csv", "a.csv"),
        ("data/", "data/2024/a.csv", "2024/a.csv"),
        ("data", "data/a.csv", "a.csv"),
        ("data", "data/2024/a.csv", "2024/a.csv"),
        ("data/tr", "data/train.csv", "train.csv"),
        ("data/tr", "data/tr2/a.csv", "tr2/a.csv"),
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("", "data/a.csv", "data/a.csv"),
        ("a.csv", "a.csv", "a.csv"),
    ],
)
def test_relative_path_follows_the_service(prefix: str, key: str, expected: str) -> None:
    assert transfer.relative_path(prefix, key) == expected


def test_bring_prefix_gives_the_tree_below_it(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/a.csv", "raw/deep/er/b.csv", "raw2/c.csv", "other/d.csv")

    assert _bring(objects, "s3://b/raw/", tmp_path / "in") == ["a.csv", "deep/er/b.csv"]


def test_bring_string_prefix_matches_more_than_a_folder(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/a.csv", "raw2/c.csv")

    assert _bring(objects, "s3://b/raw", tmp_path / "in") == ["a.csv", "raw2/c.csv"]


def test_bring_single_object_lands_under_its_name(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "code/x/preprocess.py")

    assert _bring(objects, "s3://b/code/x/preprocess.py", tmp_path / "in") == ["preprocess.py"]
    assert (tmp_path / "in" / "preprocess.py").read_bytes() == b"code/x/preprocess.py"


def test_bring_folder_markers_are_skipped(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/", "raw/sub/", "raw/sub/a.csv")

    assert _bring(objects, "s3://b/raw/", tmp_path / "in") == ["sub/a.csv"]


def test_bring_copy_written_to_leaves_the_object_alone(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/a.csv")
    _bring(objects, "s3://b/raw/", tmp_path / "in")

    with (tmp_path / "in" / "a.csv").open("ab") as file:
        file.write(b"more")

    assert objects.read("b", "raw/a.csv") == b"raw/a.csv"


def test_bring_link_shares_the_body(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/a.csv")

    _bring(objects, "s3://b/raw/", tmp_path / "in", link=True)

    assert (tmp_path / "in" / "a.csv").samefile(objects.local_path("b", "raw/a.csv"))


def test_copy_file_refused_by_the_kernel_is_copied_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    (tmp_path / "a").write_bytes(b"content")

    transfer.copy_file(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == b"content"


def test_list_input_nothing_there_names_the_address(objects: FolderObjectStore) -> None:
    with pytest.raises(JobFailed, match='No S3 objects found under S3 URL "s3://b/raw/"'):
        transfer.list_input(objects, "s3://b/raw/")


def test_list_input_only_markers_counts_as_nothing(objects: FolderObjectStore) -> None:
    _fill(objects, "raw/")

    with pytest.raises(JobFailed, match="No S3 objects found"):
        transfer.list_input(objects, "s3://b/raw/")


def test_list_input_missing_bucket_names_it(objects: FolderObjectStore) -> None:
    with pytest.raises(JobFailed, match="bucket 'nowhere' of s3://nowhere/raw/ does not exist"):
        transfer.list_input(objects, "s3://nowhere/raw/")


@pytest.mark.parametrize("key", ["raw/../../etc/passwd", "raw/./a", "raw//a", "raw/.."])
def test_list_input_key_that_leaves_the_folder_is_refused(objects: FolderObjectStore, key: str) -> None:
    _fill(objects, key)

    with pytest.raises(JobFailed, match="cannot be a file below the input's folder"):
        transfer.list_input(objects, "s3://b/raw/")


def test_bring_object_that_is_file_and_folder_names_it(objects: FolderObjectStore, tmp_path: Path) -> None:
    _fill(objects, "raw/a", "raw/a/b")

    with pytest.raises(JobFailed, match="s3://b/raw/a/b lands on 'a/b', where another object"):
        _bring(objects, "s3://b/raw/", tmp_path / "in")


def test_bring_name_too_long_for_a_file_fails_the_job(objects: FolderObjectStore, tmp_path: Path) -> None:
    objects.put("b", "raw/" + "n" * 240, b"")
    item = transfer.InputObject("b", "raw/" + "n" * 240, "n" * 300)

    with pytest.raises(JobFailed, match="cannot bring s3://b/raw/nnn"):
        transfer.bring(objects, [item], tmp_path / "in")


def test_list_input_manifest_keeps_order_and_relative_paths(objects: FolderObjectStore) -> None:
    _fill(objects, "data/x/1.csv", "data/2.csv", "data/3.csv")
    objects.put("b", "m.manifest", json.dumps([{"prefix": "s3://b/data/"}, "x/1.csv", "2.csv"]).encode())

    found = transfer.list_input(objects, "s3://b/m.manifest", transfer.MANIFEST_FILE)

    assert [(item.key, item.relative_path) for item in found] == [("data/x/1.csv", "x/1.csv"), ("data/2.csv", "2.csv")]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"not json", "is not JSON"),
        (b'{"prefix": "s3://b/"}', "does not read"),
        (b'["a"]', "does not read"),
        (b'[{"prefix": "s3://b/"}, 3]', "does not read"),
        (b'[{"prefix": "/tmp"}, "a"]', "does not read"),
        (b'[{"prefix": "s3://b/data/"}, "gone.csv"]', "s3://b/data/gone.csv, named in the manifest"),
    ],
)
def test_list_input_unusable_manifest_fails_the_job(objects: FolderObjectStore, manifest: bytes, message: str) -> None:
    objects.put("b", "m", manifest)

    with pytest.raises(JobFailed, match=message):
        transfer.list_input(objects, "s3://b/m", transfer.MANIFEST_FILE)


def test_upload_folder_keeps_the_tree_and_no_symbolic_links(objects: FolderObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    (folder / "deep" / "b.csv").write_text("2")
    (folder / "link.csv").symlink_to(folder / "a.csv")
    (folder / "deep" / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    notes: list[str] = []

    count = transfer.upload_folder(objects, folder, S3Uri.parse("s3://b/out/run"), note=notes.append)

    assert objects.keys("b") == ["out/run/a.csv", "out/run/deep/b.csv"]
    assert count == 2
    assert len(notes) == 3


def test_upload_folder_missing_folder_uploads_nothing(objects: FolderObjectStore, tmp_path: Path) -> None:
    assert transfer.upload_folder(objects, tmp_path / "gone", S3Uri.parse("s3://b/out")) == 0


def test_upload_folder_missing_bucket_names_it(objects: FolderObjectStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")

    with pytest.raises(JobFailed, match="bucket 'nowhere' of the output s3://nowhere/out/"):
        transfer.upload_file(objects, tmp_path / "a", S3Uri.parse("s3://nowhere/out/a"))


def test_upload_file_name_that_is_not_utf8_fails_the_job(objects: FolderObjectStore, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9")
    path.write_text("1")

    with pytest.raises(JobFailed, match="is not UTF-8"):
        transfer.upload_folder(objects, tmp_path, S3Uri.parse("s3://b/out"))
