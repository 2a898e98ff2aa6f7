from __future__ import annotations

import os
import tarfile
from pathlib import Path

from sagemaker_local.runners.archive import pack


def _model(folder: Path) -> Path:
    (folder / "code").mkdir(parents=True)
    (folder / "model.ubj").write_bytes(b"trees")
    (folder / "code" / "inference.py").write_text("pass")
    return folder


def test_pack_content_lies_at_the_root(tmp_path: Path) -> None:
    pack(_model(tmp_path / "model"), tmp_path / "model.tar.gz")

    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        assert tar.getnames() == ["code", "code/inference.py", "model.ubj"]


def test_pack_same_files_at_another_time_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = _model(tmp_path / "1"), _model(tmp_path / "2")
    os.utime(second / "model.ubj", (1, 1))
    (second / "model.ubj").chmod(0o600)

    pack(first, tmp_path / "1.tar.gz")
    pack(second, tmp_path / "2.tar.gz")

    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()


def test_pack_empty_folder_is_a_valid_archive(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    pack(tmp_path / "model", tmp_path / "model.tar.gz")

    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        assert tar.getnames() == []
