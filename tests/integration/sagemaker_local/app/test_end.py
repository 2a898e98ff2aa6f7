"""The whole endpoint in a process of its own: how it ends, and what the next one finds."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.cli.endpoint import ensure_up
from sagemaker_local.cli.process import stop
from sagemaker_local.settings import PROCESS_MARK, Settings
from tests.integration.sagemaker_local.conftest import client, free_port

_ROLE = "arn:aws:iam::000000000000:role/job"
_IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
_STUBBORN = "trap '' TERM; (trap '' TERM; sleep 500) & while true; do sleep 0.1; done"
_SLOW = "import time\ndef handler(event, context):\n    time.sleep(100)\n"


def _function(url: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("slow.py", _SLOW)
    made = client("lambda", url).create_function(
        FunctionName="slow",
        Runtime="python3.11",
        Role=_ROLE,
        Handler="slow.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=200,
    )
    arn: str = made["FunctionArn"]
    return arn


def _definition(function_arn: str) -> str:
    job = {
        "AppSpecification": {"ImageUri": _IMAGE, "ContainerEntrypoint": ["bash", "-c", _STUBBORN]},
        "RoleArn": _ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
    }
    steps = [
        {"Name": "Stubborn", "Type": "Processing", "Arguments": job},
        {"Name": "Slow", "Type": "Lambda", "FunctionArn": function_arn, "Arguments": {}, "OutputParameters": []},
    ]
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": steps})


def _started(url: str) -> str:
    sagemaker = client("sagemaker", url)
    sagemaker.create_pipeline(
        PipelineName="p", PipelineDefinition=_definition(_function(url)), RoleArn=_ROLE, ClientRequestToken="t" * 32
    )
    started = sagemaker.start_pipeline_execution(PipelineName="p", ClientRequestToken="s" * 32)
    arn: str = started["PipelineExecutionArn"]
    return arn


def _workers(root: Path) -> list[int]:
    """The processes that run users' code for the endpoint of this root."""
    mark = f"{PROCESS_MARK}={root}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it ended, or is somebody else's
            continue
    return found


def _wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


def _ended_by_command(settings: Settings, pid: int) -> None:
    begun = time.monotonic()
    stop(settings.root)
    assert time.monotonic() - begun < 8  # 1.4 s on an idle machine
    assert not _workers(settings.root)


def _killed(settings: Settings, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("end", [_ended_by_command, _killed])
def test_endpoint_that_ends_while_things_run_leaves_no_process_and_resumable_state(
    tmp_path: Path, end: Callable[[Settings, int], None]
) -> None:
    settings = Settings(root=tmp_path / "root", port=free_port(), region="eu-west-1")
    endpoint = ensure_up(settings)
    try:
        arn = _started(endpoint.url)
        # The shell, its child, and the function's worker.
        _wait_for(lambda: len(_workers(settings.root)) >= 3)

        end(settings, endpoint.pid)

        endpoint = ensure_up(settings)
        assert not _workers(settings.root)
        sagemaker = client("sagemaker", endpoint.url)
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        assert execution["PipelineExecutionStatus"] == "Failed"
        assert {step["StepName"] for step in steps} == {"Stubborn", "Slow"}
        assert all("The endpoint stopped before this ended" in step["FailureReason"] for step in steps)
        _assert_private(settings.root)
    finally:
        stop(settings.root)


def _assert_private(root: Path) -> None:
    """Nobody else may read what lies in a root, also when the root itself is open."""
    harmless = {"endpoint.json", "endpoint.lock", "endpoint.starting"}
    open_entries = [
        entry.name
        for entry in root.iterdir()
        if entry.name not in harmless and stat.S_IMODE(entry.stat().st_mode) & 0o077
    ]
    assert open_entries == []
