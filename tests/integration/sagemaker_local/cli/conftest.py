"""Endpoints in processes of their own, with services that only echo."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sagemaker_local.cli import endpoint
from sagemaker_local.cli.endpoint import ensure_up
from sagemaker_local.cli.main import main
from sagemaker_local.cli.process import stop
from sagemaker_local.settings import Settings
from tests.integration.sagemaker_local.conftest import free_port

COMMAND = (sys.executable, "-m", "tests.fakes.endpoint")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings for a fresh root; what runs on it is stopped afterwards."""
    made = Settings(root=tmp_path / "root", port=free_port(), region="eu-west-1")
    yield made
    stop(made.root)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an endpoint that runs already, for tests that leave it as it is."""
    made = Settings(root=tmp_path_factory.mktemp("shared"), port=free_port(), region="eu-west-1")
    ensure_up(made, COMMAND)
    yield made
    stop(made.root)


Run = Callable[..., int]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line on a fresh root."""
    return _run(settings, monkeypatch)


@pytest.fixture
def run_shared(shared: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line on the root whose endpoint runs."""
    return _run(shared, monkeypatch)


def _run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(endpoint, "ensure_up", lambda chosen: ensure_up(chosen, COMMAND))
    monkeypatch.setenv("SAGEMAKER_LOCAL_ROOT", str(settings.root))
    monkeypatch.setenv("SAGEMAKER_LOCAL_PORT", str(settings.port))
    monkeypatch.setenv("SAGEMAKER_LOCAL_REGION", settings.region)
    return lambda *arguments: main(arguments)
