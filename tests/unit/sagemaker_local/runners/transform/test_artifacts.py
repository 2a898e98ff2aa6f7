from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.archive import unpack
from sagemaker_local.runners.transform import artifacts


def archive(path: Path, **files: str) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_archive_is_unpacked(tmp_path: Path) -> None:
    packed = archive(tmp_path / "m.tar.gz", **{"code/inference.py": "x"})

    unpack(packed, tmp_path / "model", "the model")

    assert (tmp_path / "model" / "code" / "inference.py").read_text() == "x"


def test_archive_that_leads_outside_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "m.tar.gz", **{"../evil.py": "x"})

    with pytest.raises(JobFailed, match=r"the model is not a usable .tar.gz archive: '../evil.py' would be extracted"):
        unpack(packed, tmp_path / "model", "the model")


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(b"no archive")

    with pytest.raises(JobFailed, match=r"the model is not a usable .tar.gz archive"):
        unpack(tmp_path / "m.tar.gz", tmp_path / "model", "the model")


def test_script_folder_is_copied_to_where_it_is_imported_from(tmp_path: Path) -> None:
    (tmp_path / "model" / "code").mkdir(parents=True)
    (tmp_path / "model" / "code" / "inference.py").write_text("x")
    (tmp_path / "code").mkdir()

    artifacts.place_script(tmp_path / "model" / "code", tmp_path / "code")

    assert (tmp_path / "code" / "inference.py").read_text() == "x"


def test_script_archive_is_unpacked_to_where_it_is_imported_from(tmp_path: Path) -> None:
    packed = archive(tmp_path / "sourcedir.tar.gz", **{"inference.py": "x"})

    artifacts.place_script(packed, tmp_path / "code")

    assert (tmp_path / "code" / "inference.py").read_text() == "x"


def test_script_that_lies_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "inference.py").write_text("x")

    artifacts.place_script(tmp_path, tmp_path)

    assert (tmp_path / "inference.py").read_text() == "x"


def test_script_folder_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=r"SAGEMAKER_SUBMIT_DIRECTORY is .*nowhere', which does not exist; pack"):
        artifacts.place_script(tmp_path / "nowhere", tmp_path / "code")


def test_script_whose_requirements_are_installed_passes(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n")

    artifacts.place_script(tmp_path, tmp_path)


def test_script_that_needs_an_installation_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\nnothing-like-this==1.0\n")

    with pytest.raises(JobFailed, match=r"requirements.txt asks for what is not installed: 'nothing-like-this==1.0'"):
        artifacts.place_script(tmp_path, tmp_path)
