"""A step's log: find its job, then read the job's stream in CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli import tuning
from cli.context import Context

_JOBS = {
    "ProcessingJob": ("list_processing_jobs", "ProcessingJobSummaries", "Processing"),
    "TrainingJob": ("list_training_jobs", "TrainingJobSummaries", "Training"),
    "TransformJob": ("list_transform_jobs", "TransformJobSummaries", "Transform"),
}


def last_lines(context: Context, step: dict[str, Any], count: int) -> list[str]:
    """The last lines of a step's log, oldest first; empty for a step that has no log."""
    lines = list(read(context, step))
    return lines[-count:]


def read(context: Context, step: dict[str, Any]) -> Iterator[str]:
    """All lines of a step's log in order of time."""
    location = _location(context, step)
    if location is None:
        return
    group, stream_prefix, start = location
    logs = context.client("logs")
    try:
        streams = logs.describe_log_streams(logGroupName=group, **_prefix(stream_prefix))["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return  # Nothing was logged: AWS makes the group with the first line.
    for stream in sorted(streams, key=lambda entry: entry["logStreamName"]):
        yield from _events(logs, group, stream["logStreamName"], start)


def _prefix(stream_prefix: str) -> dict[str, str]:
    return {"logStreamNamePrefix": stream_prefix} if stream_prefix else {}


def _location(context: Context, step: dict[str, Any]) -> tuple[str, str, int] | None:
    """Log group, beginning of the stream names, and the earliest time in epoch milliseconds."""
    metadata = step.get("Metadata", {})
    start = int(step.get("StartTime", datetime.now(UTC)).timestamp() * 1000)
    for member, (_, _, kind) in _JOBS.items():
        if member in metadata:
            name = job_name(context.client("sagemaker"), member, metadata[member]["Arn"])
            return f"/aws/sagemaker/{kind}Jobs", f"{name}/", 0
    if tuning.MEMBER in metadata:
        training_job = tuning.training_job(context.client("sagemaker"), metadata[tuning.MEMBER]["Arn"])
        return None if training_job is None else ("/aws/sagemaker/TrainingJobs", f"{training_job}/", 0)
    if "Lambda" in metadata and "Arn" in metadata["Lambda"]:
        return f"/aws/lambda/{metadata['Lambda']['Arn'].split(':')[6]}", "", start
    return None


def job_name(client: Any, member: str, arn: str) -> str:
    """The name of a job (of a member of a step's metadata): the ARN has it in lower case, the log stream has not."""
    operation, summaries, kind = _JOBS[member]
    lowered = arn.rsplit("/", 1)[-1]
    # pipelines-<12 characters of the execution id>: narrows the search to one execution's jobs.
    beginning = "-".join(lowered.split("-")[:2])
    pages = client.get_paginator(operation).paginate(NameContains=beginning)
    for page in pages:
        for summary in page[summaries]:
            if summary[f"{kind}JobArn"] == arn:
                name: str = summary[f"{kind}JobName"]
                return name
    return lowered


def _events(logs: Any, group: str, stream: str, start: int) -> Iterator[str]:
    token: str | None = None
    while True:
        page = logs.get_log_events(
            logGroupName=group,
            logStreamName=stream,
            startFromHead=True,
            startTime=start,
            **({"nextToken": token} if token else {}),
        )
        for event in page["events"]:
            yield event["message"].rstrip("\n")
        # The service answers the same token again at the end of the stream.
        if not page["events"] or page.get("nextForwardToken") == token:
            return
        token = page.get("nextForwardToken")
        if token is None:
            return
