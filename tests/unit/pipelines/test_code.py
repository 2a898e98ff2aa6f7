"""Files named by their content, packed to the same bytes everywhere."""

import gzip
import io
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from pipelines.code import Artifacts, digest, read_scripts, tar_gz, zip_archive
from pipelines.errors import MissingScript

FILES = {"b.py": b"import a\n", "a.py": b"x = 1\n"}


def test_digest_ignores_order() -> None:
    assert digest(FILES) == digest(dict(reversed(FILES.items())))


@pytest.mark.parametrize(
    "other",
    [
        {"a.py": b"x = 2\n", "b.py": b"import a\n"},
        {"c.py": b"x = 1\n", "b.py": b"import a\n"},
        {"a.py": b"x = 1\n"},
        {"a.py": b"x = 1\nb.py\0import a\n"},
    ],
)
def test_digest_differs_with_names_and_bytes(other: dict[str, bytes]) -> None:
    assert digest(other) != digest(FILES)


def test_tar_gz_at_another_time_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = tar_gz(FILES)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)

    assert tar_gz(dict(reversed(FILES.items()))) == first


def test_tar_gz_holds_the_files_side_by_side() -> None:
    with tarfile.open(fileobj=io.BytesIO(tar_gz(FILES))) as archive:
        members = archive.getmembers()

    assert [member.name for member in members] == ["a.py", "b.py"]
    assert {(member.mtime, member.uid, member.uname, member.mode) for member in members} == {(0, 0, "", 0o644)}


def test_tar_gz_names_no_file_and_no_time_in_its_header() -> None:
    with gzip.GzipFile(fileobj=io.BytesIO(tar_gz(FILES))) as archive:
        archive.read()

        assert archive.mtime == 0


def test_zip_archive_gives_the_same_bytes_and_readable_files() -> None:
    packed = zip_archive(FILES)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("a.py") == b"x = 1\n"
        assert {item.external_attr >> 16 for item in archive.infolist()} == {0o644}
    assert zip_archive(dict(reversed(FILES.items()))) == packed


def test_artifacts_folder_is_named_by_its_content() -> None:
    artifacts = Artifacts("s3://bucket/p/code")

    folder = artifacts.add_folder(FILES)

    assert folder == f"s3://bucket/p/code/{digest(FILES)}/"
    assert artifacts.collected() == {f"{folder}a.py": b"x = 1\n", f"{folder}b.py": b"import a\n"}


def test_artifacts_archive_and_file_return_the_address_of_the_object() -> None:
    artifacts = Artifacts("s3://bucket/p/code")

    archive, file = artifacts.add_archive(FILES), artifacts.add_file("schema.json", b"{}")

    assert archive == f"s3://bucket/p/code/{digest(FILES)}/sourcedir.tar.gz"
    assert set(artifacts.collected()) == {archive, file}


def test_read_scripts_lays_files_of_subfolders_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "lambdas" / "find.py").write_bytes(b"pass\n")

    assert read_scripts(["lambdas/find.py"], tmp_path) == {"find.py": b"pass\n"}


def test_read_scripts_missing_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MissingScript, match=r"'nowhere.py' is not in .*Restore the file"):
        read_scripts(["nowhere.py"], tmp_path)
