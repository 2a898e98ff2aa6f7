from __future__ import annotations

from typing import Any

import pytest

from cli.errors import UnknownExecution
from cli.executions import history
from tests.unit.cli.fakes import ARN, FakeSageMaker, context_with, step


def test_steps_over_several_pages_are_all_read_in_order() -> None:
    client = FakeSageMaker(["Succeeded"], [[step(name, "Succeeded") for name in "ABCDE"]])
    client.describe_pipeline_execution(PipelineExecutionArn=ARN)

    names = [entry["StepName"] for entry in history.steps(client, ARN)]

    assert names == ["A", "B", "C", "D", "E"]


def test_execution_id_is_the_last_part_of_the_arn() -> None:
    assert history.execution_id(ARN) == "abcdefghijkl"


class NothingRan(FakeSageMaker):
    """No pipeline was upserted yet."""

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        raise self.exceptions.ResourceNotFound


def test_the_latest_of_no_executions_is_told_with_the_command_that_starts_one() -> None:
    context, _ = context_with(sagemaker=NothingRan([], []))

    with pytest.raises(
        UnknownExecution, match=r"no executions yet of .*`python execute_pipeline\.py end-to-end --local`"
    ):
        history.find_execution(context, history.LATEST)


def test_an_unknown_id_is_told_with_the_command_that_lists_them() -> None:
    context, _ = context_with(sagemaker=NothingRan([], []))

    with pytest.raises(
        UnknownExecution, match=r"there is no execution 'nobody' of .*pipeline\.py executions P --local"
    ):
        history.find_execution(context, "nobody")
