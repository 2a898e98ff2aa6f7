from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.errors import ValidationException
from sagemaker_local.runners.leftovers import clean
from sagemaker_local.runners.workspace import Workspace


def test_workspace_end_removes_the_folder_whatever_its_permissions(tmp_path: Path) -> None:
    with Workspace.create(tmp_path, "job", isolated=True) as workspace:
        locked = workspace.ml / "locked"
        (locked / "deep").mkdir(parents=True)
        (locked / "deep" / "file").write_text("x")
        (workspace.ml / "link").symlink_to("/etc")
        (locked / "deep").chmod(0)
        locked.chmod(0)

    assert list(tmp_path.iterdir()) == []
    assert Path("/etc/passwd").exists()


def test_inside_maps_paths_of_the_container(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, isolated=True)

    assert workspace.inside("/opt/ml/processing/input/raw/") == tmp_path / "ml/processing/input/raw"
    assert workspace.inside("/opt/ml") == tmp_path / "ml"


@pytest.mark.parametrize("path", ["/data", "/opt/mlx", "opt/ml/a", "/opt/ml/../../etc", ""])
def test_inside_path_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValidationException, match="is not below /opt/ml"):
        Workspace(tmp_path, isolated=True).inside(path)


def test_shown_depends_on_isolation(tmp_path: Path) -> None:
    assert Workspace(tmp_path, isolated=True).shown("/opt/ml/code") == "/opt/ml/code"
    assert Workspace(tmp_path, isolated=False).shown("/opt/ml/code") == str(tmp_path / "ml/code")


def test_clean_removes_what_a_killed_endpoint_left(tmp_path: Path) -> None:
    Workspace.create(tmp_path, "one", isolated=True)
    Workspace.create(tmp_path, "two", isolated=True)

    assert sorted(clean(tmp_path)) == ["one", "two"]
    assert list(tmp_path.iterdir()) == []


def test_clean_first_start_has_nothing_to_do(tmp_path: Path) -> None:
    assert clean(tmp_path / "never") == []
