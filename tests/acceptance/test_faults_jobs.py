"""Scripts that never end, and scripts that raise."""

from __future__ import annotations

import re
import time
import uuid

from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import Execution, small_options, start, until
from tests.acceptance.probe import ROLE, processes_with, processing_request
from tests.fakes.step_definitions import definition

_NEVER_ENDS = """
import subprocess, sys, time
wait = [sys.executable, "-c", "import time; time.sleep(600)", MARK]
subprocess.Popen(wait)
subprocess.Popen(wait, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("waiting for something that never comes", flush=True)
time.sleep(600)
"""


def test_a_script_that_never_ends_is_stopped_at_its_limit_with_all_its_processes(deployed: Endpoint) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    script = _NEVER_ENDS.replace("MARK", repr(mark))
    request = processing_request(deployed, "never-ends", script, max_runtime_seconds=2)
    deployed.client("sagemaker").create_pipeline(
        PipelineName="never-ends",
        PipelineDefinition=definition({"Name": "Wait", "Type": "Processing", "Arguments": request}),
        RoleArn=ROLE,
        ClientRequestToken=uuid.uuid4().hex,
    )

    execution = start(deployed, "never-ends")
    until(lambda: len(processes_with(mark)) >= 2, timeout=20)
    begin = time.monotonic()

    assert execution.wait() == "Failed"
    assert time.monotonic() - begin < 20
    reason = execution.reason("Wait")
    assert "longer than its MaxRuntimeInSeconds of 2" in reason
    assert "Raise StoppingCondition.MaxRuntimeInSeconds" in reason
    assert processes_with(mark) == {}
    shown = deployed.door("pipeline.py", "status", execution.arn, "--local")
    assert "MaxRuntimeInSeconds of 2" in " ".join(shown.stdout.split())


def test_a_script_that_raises_is_shown_with_its_last_log_lines(deployed: Endpoint) -> None:
    done = deployed.door("pipeline.py", "start", "end-to-end", "--local", "--wait", *small_options(MaxDepth="-3"))

    assert done.returncode == 1
    log = [line for line in done.stdout.splitlines() if line.startswith("    | ")]
    assert any("max_depth" in line for line in log), done.stdout
    assert len(log) <= 20
    execution = Execution(deployed, re.search(r"Started (\S+)", done.stdout)[1])  # type: ignore[index]  # it started
    assert f"python pipeline.py retry {execution.id} --wait --local" in done.stdout
    states = execution.states()
    assert (states["Preprocess"], states["Train"]) == ("Succeeded", "Failed")
    assert "Evaluate" not in states
    logs = deployed.door("pipeline.py", "logs", execution.id, "Train", "--local")
    assert log[-1].removeprefix("    | ") in logs.stdout
