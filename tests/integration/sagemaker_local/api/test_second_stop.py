from __future__ import annotations

from sagemaker_local.records.execution import ExecutionStatus
from tests.fakes.control_plane import ControlPlane
from tests.fakes.engine import wait_until
from tests.fakes.records import ROLE
from tests.fakes.scripted_runner import until_stopped
from tests.fakes.step_definitions import after, definition, processing


def test_stop_sent_again_is_no_second_stop(plane: ControlPlane) -> None:
    """The second stop ends what waits for a stopped step; a client that missed an answer must not end it."""
    plane.runner.behaviour = until_stopped
    text = definition(processing("Work"), processing("Tidy", DependsOn=[after("Work", "Stopped")]))
    plane.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinition=text)
    arn = plane.call("StartPipelineExecution", PipelineName="churn")["PipelineExecutionArn"]
    assert plane.runner.started.wait(5)
    for _ in range(3):
        plane.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="a" * 32)
    wait_until(lambda: len(plane.runner.jobs) == 2)
    between = plane.executions.wait(arn, 0.1).status

    plane.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="b" * 32)

    assert between is ExecutionStatus.STOPPING
    assert plane.executions.wait(arn, 10).status is ExecutionStatus.STOPPED
