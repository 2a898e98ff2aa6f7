"""`kill -9` of the endpoint in the middle of an execution: nothing finished is lost, and a retry resumes."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import conftest
from tests.acceptance.conftest import Endpoint, deploy
from tests.acceptance.execution import (
    BUCKET,
    DAY,
    SCORED_IDS,
    TABLE_PREFIX,
    Execution,
    published,
    start,
    until,
    versions,
)
from tests.acceptance.probe import ROLE, processes_with, processing_request
from tests.fakes.step_definitions import definition

_WRITTEN = "PublishToAthena, its rows written"


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint with a day that is published once; tests kill it and start it again on the same port."""
    started = conftest.start(tmp_path_factory.mktemp("mortal"))
    try:
        deploy(started)
        assert start(started).wait() == "Succeeded"
        yield started
    finally:
        conftest.stop(started)


def kill(endpoint: Endpoint) -> None:
    """End the endpoint's process without a warning."""
    pid = conftest.start(endpoint.root, endpoint.port).running.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in processes_with(str(endpoint.root)), timeout=10)


@pytest.mark.parametrize("moment", ["Preprocess", "Train", "Transform", _WRITTEN])
def test_killed_endpoint_comes_back_with_all_that_had_finished(mortal: Endpoint, moment: str) -> None:
    step = moment.partition(",")[0]
    versions_before, day_before = len(versions(mortal)), _runs(mortal)
    execution = start(mortal)
    execution.wait_for_step(step)
    if moment == _WRITTEN:
        until(lambda: _written(mortal, execution), timeout=20)
    finished = {name: found for name, found in execution.steps().items() if found["StepStatus"] == "Succeeded"}

    kill(mortal)

    # A function lives on until its client gives the endpoint up, or until the next endpoint ends it.
    until(lambda: not processes_with(str(mortal.root / "work")), timeout=5)
    conftest.start(mortal.root, mortal.port)
    described, steps = execution.describe(), execution.steps()
    assert described["PipelineExecutionStatus"] == "Failed"
    assert f"python pipeline.py retry {execution.id} --local" in described["FailureReason"]
    assert f"python pipeline.py retry {execution.id} --local" in steps[step]["FailureReason"]
    assert {name: steps[name] for name in finished} == finished
    assert _runs(mortal) in (day_before, {execution.id})

    resumed = mortal.door("pipeline.py", "retry", execution.id, "--wait", "--local")

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    after = execution.steps()
    assert {name: after[name] for name in finished} == finished, "what had finished is not run again"
    assert _runs(mortal) == {execution.id}
    assert len(versions(mortal)) == versions_before + 1


def test_processes_that_a_killed_endpoints_job_started_are_gone_once_it_is_back(mortal: Endpoint) -> None:
    mark, name = f"mark-{uuid.uuid4().hex}", "orphans"
    script = (
        "import subprocess, sys, time\n"
        f"wait = [sys.executable, '-c', 'import time; time.sleep(600)', '{mark}']\n"
        "subprocess.Popen(wait)\n"
        "subprocess.Popen(wait, start_new_session=True)\n"
        "time.sleep(600)\n"
    )
    request = processing_request(mortal, name, script)
    mortal.client("sagemaker").create_pipeline(
        PipelineName=name,
        PipelineDefinition=definition({"Name": "Wait", "Type": "Processing", "Arguments": request}),
        RoleArn=ROLE,
        ClientRequestToken=uuid.uuid4().hex,
    )
    execution = start(mortal, name)
    until(lambda: len(processes_with(mark)) >= 2, timeout=20)

    kill(mortal)
    conftest.start(mortal.root, mortal.port)

    assert processes_with(mark) == {}
    assert execution.describe()["PipelineExecutionStatus"] == "Failed"
    jobs = mortal.client("sagemaker").list_processing_jobs(StatusEquals="InProgress")
    assert jobs["ProcessingJobSummaries"] == []
    assert list((mortal.root / "work").glob("*")) == []


def _runs(endpoint: Endpoint) -> set[str]:
    """The executions whose rows the day shows; it is whole."""
    rows = published(endpoint)
    assert sorted(row["customer_id"] for row in rows) == SCORED_IDS
    runs = {row["execution_id"] for row in rows}
    assert len(runs) == 1
    return runs


def _written(endpoint: Endpoint, execution: Execution) -> Any:
    prefix = f"{TABLE_PREFIX}dt={DAY}/run={execution.id}/"
    return endpoint.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents")
