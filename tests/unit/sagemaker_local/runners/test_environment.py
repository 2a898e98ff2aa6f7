from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.workspace import Workspace
from tests.fakes.credentials import FakeCredentials
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore

_ROLE = "arn:aws:iam::000000000000:role/job"


def _variables(tmp_path: Path, **requested: str) -> dict[str, str]:
    environment = RunnerEnvironment(
        tmp_path, FolderObjectStore(tmp_path), FakeLogWriter(), FakeCredentials(), "eu-west-1", isolate=False
    )
    workspace = Workspace(tmp_path / "1", isolated=False)
    return environment.variables(workspace, role_arn=_ROLE, job_name="job", requested=requested)


def test_variables_hold_nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONPATH", "/home/user/lib")

    variables = _variables(tmp_path)

    assert "AWS_PROFILE" not in variables
    assert "PYTHONPATH" not in variables
    assert variables["AWS_SESSION_TOKEN"] == f"{_ROLE}/job"
    assert "OMP_NUM_THREADS" not in variables


def test_variables_path_begins_with_the_endpoints_python(tmp_path: Path) -> None:
    assert _variables(tmp_path)["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_variables_request_cannot_leave_the_endpoint(tmp_path: Path) -> None:
    variables = _variables(tmp_path, AWS_ENDPOINT_URL="https://s3.amazonaws.com", AWS_ACCESS_KEY_ID="AKIAREAL")

    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4599"
    assert variables["AWS_ACCESS_KEY_ID"] == "ASIAFAKE"


def test_variables_request_chooses_its_own_region_and_threads(tmp_path: Path) -> None:
    variables = _variables(tmp_path, AWS_REGION="eu-central-1", OMP_NUM_THREADS="1")

    assert variables["AWS_REGION"] == "eu-central-1"
    assert variables["OMP_NUM_THREADS"] == "1"
