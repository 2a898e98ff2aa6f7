from __future__ import annotations

from typing import Any

from cli.commands import executions
from cli.main import build_parser
from tests.unit.cli.fakes import ARN, FakeSageMaker, context_with


class Parameterized(FakeSageMaker):
    """An execution that was given a parameter."""

    def __init__(self, state: str, value: str) -> None:
        super().__init__([state], [[]])
        self._value = value

    def list_pipeline_parameters_for_execution(self, **_: Any) -> dict[str, Any]:
        return {"PipelineParameters": [{"Name": "InputDataUri", "Value": self._value}]}


def test_status_shows_parameters_as_they_are_whatever_brackets_they_have() -> None:
    context, printed = context_with(sagemaker=Parameterized("Executing", "s3://bucket/[red]/[/x]/"))

    executions.status(context, build_parser().parse_args(["status", ARN]))

    assert "parameters: InputDataUri=s3://bucket/[red]/[/x]/" in printed.getvalue()
