from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.script_mode import Program
from sagemaker_local.runners.source_code import place_code
from sagemaker_local.runners.workspace import Workspace
from tests.fakes.object_store import FolderObjectStore

_URI = "s3://b/sourcedir.tar.gz"


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "s3", "b")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "work", "job", isolated=True)


def _archive(**files: str) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "."))
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return body.getvalue()


def test_place_code_archive_lands_in_the_code_folder(objects: FolderObjectStore, workspace: Workspace) -> None:
    objects.put("b", "sourcedir.tar.gz", _archive(train__py="1", signature__py="2"))

    place_code(objects, Program("train.py", _URI), workspace)

    assert (workspace.ml / "code" / "signature.py").read_text() == "2"


def test_place_code_from_a_channel_takes_the_folder(objects: FolderObjectStore, workspace: Workspace) -> None:
    channel = workspace.ml / "input/data/code"
    channel.mkdir(parents=True)
    (channel / "train.py").write_text("1")

    place_code(objects, Program("train.py", "/opt/ml/input/data/code"), workspace)

    assert (workspace.ml / "code" / "train.py").read_text() == "1"


def test_place_code_missing_archive_names_it(objects: FolderObjectStore, workspace: Workspace) -> None:
    with pytest.raises(JobFailed, match=r"sagemaker_submit_directory s3://b/sourcedir.tar.gz cannot be read"):
        place_code(objects, Program("train.py", _URI), workspace)


def test_place_code_no_archive_at_all_names_it(objects: FolderObjectStore, workspace: Workspace) -> None:
    objects.put("b", "sourcedir.tar.gz", b"plain text")

    with pytest.raises(JobFailed, match=r"is not a usable \.tar\.gz archive"):
        place_code(objects, Program("train.py", _URI), workspace)


def test_place_code_entry_that_leaves_the_folder_is_refused(objects: FolderObjectStore, workspace: Workspace) -> None:
    objects.put("b", "sourcedir.tar.gz", _archive(**{"../../evil": "x", "train.py": "1"}))

    with pytest.raises(JobFailed, match=r"is not a usable \.tar\.gz archive"):
        place_code(objects, Program("train.py", _URI), workspace)
    assert not (workspace.path / "evil").exists()


def test_place_code_without_the_program_says_what_is_there(objects: FolderObjectStore, workspace: Workspace) -> None:
    objects.put("b", "sourcedir.tar.gz", _archive(trian__py="1"))

    with pytest.raises(JobFailed, match=r"'train.py' is not at the top of .*; there: trian.py"):
        place_code(objects, Program("train.py", _URI), workspace)


def test_place_code_requirements_that_are_met_pass(objects: FolderObjectStore, workspace: Workspace) -> None:
    text = "# libraries\nxgboost>=3  # trees\nnumpy\n\nnothing-like-this; python_version < '3'\n"
    objects.put("b", "sourcedir.tar.gz", _archive(train__py="1", requirements__txt=text))

    place_code(objects, Program("train.py", _URI), workspace)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no-such-package==1.0", r"'no-such-package==1.0' \(installed: none\)"),
        ("numpy<1.0", r"'numpy<1.0' \(installed: \d"),
        ("-r other.txt", "only names with versions can be checked"),
        ("numpy @ https://example.com/numpy.whl", "numpy @ https"),
    ],
)
def test_place_code_requirements_that_are_not_met_are_named(
    objects: FolderObjectStore, workspace: Workspace, line: str, message: str
) -> None:
    objects.put("b", "sourcedir.tar.gz", _archive(train__py="1", requirements__txt=line))

    with pytest.raises(JobFailed, match=f"requirements.txt asks for what is not installed: .*{message}"):
        place_code(objects, Program("train.py", _URI), workspace)


def test_place_code_setup_py_is_refused_by_name(objects: FolderObjectStore, workspace: Workspace) -> None:
    objects.put("b", "sourcedir.tar.gz", _archive(train__py="1", setup__py="x"))

    with pytest.raises(JobFailed, match=r"setup\.py in the code is not supported"):
        place_code(objects, Program("train.py", _URI), workspace)
