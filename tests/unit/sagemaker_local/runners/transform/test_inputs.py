from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.errors import JobFailed
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.transform.inputs import find_inputs
from tests.fakes.object_store import FolderObjectStore


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    tmp_path.joinpath("s3").mkdir()
    return FolderObjectStore(tmp_path / "s3", "b")


def outputs(objects: FolderObjectStore, source: str, *, is_manifest: bool = False) -> list[str]:
    found = find_inputs(objects, S3Uri.parse(source), is_manifest=is_manifest)
    return [item.output_key(S3Uri("b", "out/")) for item in found]


@pytest.mark.parametrize(
    ("source", "key", "output"),
    [
        ("s3://b/in/", "in/data.csv", "out/data.csv.out"),
        ("s3://b/in/", "in/dataset01/data.csv", "out/dataset01/data.csv.out"),
        ("s3://b/in/data.csv", "in/data.csv", "out/data.csv.out"),
        ("s3://b/in/da", "in/data.csv", "out/data.csv.out"),
        ("s3://b/in", "in/data.csv", "out/in/data.csv.out"),
        ("s3://b", "data.csv", "out/data.csv.out"),
        ("s3://b/", "x/data.csv", "out/x/data.csv.out"),
        ("s3://b/data.csv", "data.csv", "out/data.csv.out"),
    ],
)
def test_output_keeps_its_place_below_the_prefixs_folder(
    objects: FolderObjectStore, source: str, key: str, output: str
) -> None:
    objects.put("b", key, b"x")

    assert outputs(objects, source) == [output]


def test_output_path_without_a_prefix_puts_outputs_at_the_root(objects: FolderObjectStore) -> None:
    objects.put("b", "in/data.csv", b"x")

    (found,) = find_inputs(objects, S3Uri.parse("s3://b/in/"), is_manifest=False)

    assert found.output_key(S3Uri("other", "")) == "data.csv.out"


def test_objects_that_stand_for_folders_are_left_out(objects: FolderObjectStore) -> None:
    for key in ("in/", "in/sub/", "in/a.csv"):
        objects.put("b", key, b"")

    assert outputs(objects, "s3://b/in/") == ["out/a.csv.out"]


def test_empty_input_fails_with_its_address(objects: FolderObjectStore) -> None:
    objects.put("b", "elsewhere/a.csv", b"x")

    with pytest.raises(JobFailed, match="no S3 objects found under S3Uri 's3://b/in/'"):
        find_inputs(objects, S3Uri.parse("s3://b/in/"), is_manifest=False)


def test_missing_bucket_fails_with_its_address(objects: FolderObjectStore) -> None:
    with pytest.raises(JobFailed, match=r"the input s3://nowhere/in/ cannot be read: .*'nowhere' does not exist"):
        find_inputs(objects, S3Uri.parse("s3://nowhere/in/"), is_manifest=False)


def test_manifest_lists_objects_below_its_prefix_in_its_own_order(objects: FolderObjectStore) -> None:
    for key in ("data/a.csv", "data/x/b.csv", "data/c.csv"):
        objects.put("b", key, b"x")
    objects.put("b", "m.json", b'[{"prefix": "s3://b/data/"}, "x/b.csv", "a.csv"]')

    assert outputs(objects, "s3://b/m.json", is_manifest=True) == ["out/x/b.csv.out", "out/a.csv.out"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b'[{"prefix": "s3://b/data/"}, "no.csv"]', "names 's3://b/data/no.csv', which does not exist"),
        (b'[{"prefix": "s3://b/data/"}, "a.csv", "a.csv"]', "names 'a.csv' twice"),
        (b'[{"prefix": "s3://b/data/"}]', "no S3 objects found"),
        (b"not json", "is not a manifest; write it as"),
        (b"[]", "is not a manifest"),
        (b'["a.csv"]', "is not a manifest"),
        (b'[{"prefix": "b/data/"}, "a.csv"]', "is not a manifest"),
        (b'[{"prefix": 5}, "a.csv"]', "is not a manifest"),
        (b'[{"prefix": "s3://b/data/"}, 5]', "is not a manifest"),
        (b'{"prefix": "s3://b/data/"}', "is not a manifest"),
    ],
)
def test_manifest_that_cannot_be_followed_fails(objects: FolderObjectStore, manifest: bytes, message: str) -> None:
    objects.put("b", "data/a.csv", b"x")
    objects.put("b", "m.json", manifest)

    with pytest.raises(JobFailed, match=message):
        find_inputs(objects, S3Uri.parse("s3://b/m.json"), is_manifest=True)


def test_manifest_that_is_not_there_fails_with_its_address(objects: FolderObjectStore) -> None:
    with pytest.raises(JobFailed, match=r"the input s3://b/m.json cannot be read"):
        find_inputs(objects, S3Uri.parse("s3://b/m.json"), is_manifest=True)
