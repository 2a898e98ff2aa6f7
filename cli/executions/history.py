"""Read executions and their steps, every page of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli.context import Context
from cli.errors import UnknownExecution

LATEST = "latest"
_PAGE = 100


def execution_id(arn: str) -> str:
    """The last part of an execution's ARN."""
    return arn.rsplit("/", 1)[-1]


def utc_text(moment: datetime) -> str:
    """`2026-01-31 02:00:05`, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def executions(client: Any, pipeline_name: str, *, limit: int | None = None) -> list[dict[str, Any]]:
    """Execution summaries of a pipeline, newest first."""
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {"PipelineName": pipeline_name, "SortBy": "CreationTime", "SortOrder": "Descending"}
    for page in _pages(client.list_pipeline_executions, arguments):
        found += page["PipelineExecutionSummaries"]
        if limit is not None and len(found) >= limit:
            return found[:limit]
    return found


def steps(client: Any, arn: str) -> list[dict[str, Any]]:
    """The steps of an execution that have at least started, oldest first."""
    pages = _pages(client.list_pipeline_execution_steps, {"PipelineExecutionArn": arn, "SortOrder": "Ascending"})
    return [step for page in pages for step in page["PipelineExecutionSteps"]]


def parameters(client: Any, arn: str) -> dict[str, str]:
    """The parameters of an execution."""
    pages = _pages(client.list_pipeline_parameters_for_execution, {"PipelineExecutionArn": arn})
    return {entry["Name"]: entry["Value"] for page in pages for entry in page["PipelineParameters"]}


def find_execution(context: Context, text: str) -> str:
    """The ARN for an ARN, an id or `latest`.

    Raises:
        UnknownExecution: none of this project's pipelines has it.
    """
    if text.startswith("arn:"):
        return text
    from pipelines import catalog

    client = context.client("sagemaker")
    names = [entry.sagemaker_name(context.config) for entry in catalog.entries()]
    found = [summary for name in names for summary in _executions_if_any(client, name)]
    if text == LATEST:
        if not found:
            raise UnknownExecution(
                f"there are no executions yet of {', '.join(names)}. "
                f"`python execute_pipeline.py end-to-end{context.options_text}` starts one and follows it."
            )
        newest: str = max(found, key=lambda summary: summary["StartTime"])["PipelineExecutionArn"]
        return newest
    for summary in found:
        arn: str = summary["PipelineExecutionArn"]
        if execution_id(arn) == text:
            return arn
    raise UnknownExecution(
        f"there is no execution {text!r} of {', '.join(names)}. "
        f"`python pipeline.py executions P{context.options_text}` lists them."
    )


def _executions_if_any(client: Any, name: str) -> list[dict[str, Any]]:
    try:
        return executions(client, name)
    except client.exceptions.ResourceNotFound:
        return []


def _pages(operation: Any, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        page = operation(**arguments, MaxResults=_PAGE, **({"NextToken": token} if token else {}))
        yield page
        token = page.get("NextToken")
        if not token:
            return
