"""A SageMaker client and a Logs client that answer from lists, a page at a time."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from cli.context import Context

BEGIN = datetime(2026, 1, 31, 2, 0, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-west-2:000000000000:pipeline/p/execution/abcdefghijkl"


class FakeSageMaker:
    """Gives one state of the execution after another; every list is cut into pages of two."""

    class exceptions:  # noqa: N801 - the name that boto3 clients have
        class ResourceNotFound(Exception):
            pass

    def __init__(self, states: Sequence[str], steps: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self._states = list(states)
        self._steps = list(steps)
        self.described = 0

    def describe_pipeline_execution(self, **_: Any) -> dict[str, Any]:
        state = self._states[min(self.described, len(self._states) - 1)]
        self.described += 1
        reason = {"FailureReason": "Step failure: One or multiple steps failed."} if state == "Failed" else {}
        return {
            "PipelineExecutionStatus": state,
            "CreationTime": BEGIN,
            "LastModifiedTime": BEGIN + timedelta(seconds=7.5),
            **reason,
        }

    def list_pipeline_execution_steps(self, **request: Any) -> dict[str, Any]:
        steps = self._steps[min(self.described, len(self._steps)) - 1]
        first = int(request.get("NextToken", 0))
        more = {"NextToken": str(first + 2)} if len(steps) > first + 2 else {}
        return {"PipelineExecutionSteps": list(steps[first : first + 2]), **more}

    def list_processing_jobs(self, **_: Any) -> dict[str, Any]:
        return {"ProcessingJobSummaries": []}

    def get_paginator(self, _: str) -> Any:
        class OnePage:
            def paginate(self, **_: Any) -> list[dict[str, Any]]:
                return [
                    {
                        "ProcessingJobSummaries": [
                            {
                                "ProcessingJobArn": "arn:aws:sagemaker:r:a:processing-job/pipelines-x-a-q",
                                "ProcessingJobName": "pipelines-x-A-Q",
                            }
                        ]
                    }
                ]

        return OnePage()


class FakeLogs:
    """One stream for one job."""

    class exceptions:  # noqa: N801 - the name that boto3 clients have
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, lines: Mapping[str, Sequence[str]]) -> None:
        self._lines = lines

    def describe_log_streams(self, **request: Any) -> dict[str, Any]:
        prefix = request.get("logStreamNamePrefix", "")
        return {"logStreams": [{"logStreamName": name} for name in self._lines if name.startswith(prefix)]}

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        if request.get("nextToken") == "end":
            return {"events": [], "nextForwardToken": "end"}
        lines = self._lines[request["logStreamName"]]
        return {"events": [{"message": line} for line in lines], "nextForwardToken": "end"}


def step(name: str, status: str, **more: Any) -> dict[str, Any]:
    """One step as ListPipelineExecutionSteps shows it."""
    ended = {"EndTime": BEGIN + timedelta(seconds=2)} if status in {"Succeeded", "Failed", "Stopped"} else {}
    return {"StepName": name, "StepStatus": status, "StartTime": BEGIN, "AttemptCount": 1, **ended, **more}


def context_with(**clients: Any) -> tuple[Context, io.StringIO]:
    """A context over fake clients, and what it prints."""
    printed = io.StringIO()
    context = Context(is_local=True, console=Console(file=printed, width=200, highlight=False, soft_wrap=True))
    context.__dict__["_clients"] = clients
    context.__dict__["session"] = _NoSession()
    return context, printed


class _NoSession:
    """In the place of a session, which would start an endpoint."""

    def client(self, service: str) -> Any:
        raise AssertionError(f"a client of {service} was asked for, and the test gives none")
