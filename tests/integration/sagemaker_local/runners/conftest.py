from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus, Runner
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.processing import ProcessingRunner
from sagemaker_local.runners.training import TrainingRunner
from tests.fakes.credentials import FakeCredentials
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore

_RUNNERS: dict[JobKind, Callable[[RunnerEnvironment], Runner]] = {
    JobKind.PROCESSING: ProcessingRunner,
    JobKind.TRAINING: TrainingRunner,
}
RunJob = Callable[..., JobOutcome]


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "s3", "b")


@pytest.fixture
def logs() -> FakeLogWriter:
    return FakeLogWriter()


@pytest.fixture
def environment(tmp_path: Path, objects: FolderObjectStore, logs: FakeLogWriter) -> RunnerEnvironment:
    return RunnerEnvironment(
        tmp_path / "work", objects, logs, FakeCredentials(), "us-west-2", cores=2, stop_grace_seconds=5.0
    )


@pytest.fixture
def run_job() -> RunJob:
    """Check and run a request as the engine does."""

    def run(
        environment: RunnerEnvironment, kind: JobKind, request: dict[str, Any], control: JobControl | None = None
    ) -> JobOutcome:
        now = datetime.now(UTC)
        name = request[kind.name_member]
        arn = f"arn:aws:sagemaker:us-west-2:000000000000:{kind.resource_type}/{name}"
        job = Job(kind, name, arn, JobStatus.IN_PROGRESS, request, created=now, modified=now)
        runner = _RUNNERS[kind](environment)
        runner.check(request)
        return runner.run(job, control or JobControl())

    return run
