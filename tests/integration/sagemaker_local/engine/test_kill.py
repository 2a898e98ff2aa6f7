"""The endpoint's process is killed in the middle of an execution."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sagemaker_local.records.execution import ExecutionStatus, StepStatus
from sagemaker_local.records.job import JobKind, JobStatus
from tests.fakes.engine import build

_ROOT = Path(__file__).parents[4]


def test_kill_in_the_middle_loses_nothing_that_had_finished_and_retry_resumes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.doomed_engine", str(tmp_path)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        arn = doomed.stdout.readline().strip()
        doomed.kill()

    engine = build(tmp_path)
    engine.jobs.recover()
    engine.executions.recover()
    killed = engine.store.executions.get(arn)
    before = engine.steps(killed)
    job = engine.store.jobs.all(JobKind.TRAINING)[0]
    engine.executions.retry(arn)
    ended = engine.executions.wait(arn, timeout=10)
    after = engine.steps(killed)
    engine.close()

    assert (killed.status, job.status) == (ExecutionStatus.FAILED, JobStatus.FAILED)
    assert {name: step.status for name, step in before.items()} == {
        "Prepare": StepStatus.SUCCEEDED,
        "Train": StepStatus.FAILED,
    }
    assert f"python pipeline.py retry {killed.execution_id} --local" in (killed.failure_reason or "")
    assert ended.status is ExecutionStatus.SUCCEEDED
    assert after["Prepare"] == before["Prepare"]
    assert [job.kind for job in engine.runner.jobs] == [JobKind.TRAINING, JobKind.PROCESSING]
