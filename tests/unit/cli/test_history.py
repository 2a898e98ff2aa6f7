from __future__ import annotations

from cli import history
from tests.unit.cli.fakes import ARN, FakeSageMaker, step


def test_steps_over_several_pages_are_all_read_in_order() -> None:
    client = FakeSageMaker(["Succeeded"], [[step(name, "Succeeded") for name in "ABCDE"]])
    client.describe_pipeline_execution(PipelineExecutionArn=ARN)

    names = [entry["StepName"] for entry in history.steps(client, ARN)]

    assert names == ["A", "B", "C", "D", "E"]


def test_execution_id_is_the_last_part_of_the_arn() -> None:
    assert history.execution_id(ARN) == "abcdefghijkl"
