"""A step's log: find its job, then read the job's stream in CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli.context import Context
from cli.executions import tuning

_JOBS = {
    "ProcessingJob": ("list_processing_jobs", "ProcessingJobSummaries", "Processing"),
    "TrainingJob": ("list_training_jobs", "TrainingJobSummaries", "Training"),
    "TransformJob": ("list_transform_jobs", "TransformJobSummaries", "Transform"),
}
_AFTER_THE_END_MILLISECONDS = 1000


def last_lines(context: Context, step: dict[str, Any], count: int) -> list[str]:
    """The last lines of a step's log, oldest first; empty for a step that has no log."""
    lines = list(read(context, step))
    return lines[-count:]


def read(context: Context, step: dict[str, Any]) -> Iterator[str]:
    """All lines of a step's log in order of time."""
    function, job = _function(step), _job(context, step)
    if function is None and job is None:
        return
    logs = context.client("logs")
    try:
        yield from _job_lines(logs, *job) if job is not None else _function_lines(logs, str(function), step)
    except logs.exceptions.ResourceNotFoundException:
        return  # Nothing was logged: AWS makes the group with the first line.


def _function(step: dict[str, Any]) -> str | None:
    """The name of the function that a step called."""
    arn = step.get("Metadata", {}).get("Lambda", {}).get("Arn")
    return None if arn is None else str(arn.split(":")[6])


def _job(context: Context, step: dict[str, Any]) -> tuple[str, str] | None:
    """Log group of a step's job, and the beginning of its stream names."""
    metadata = step.get("Metadata", {})
    for member, (_, _, kind) in _JOBS.items():
        if member in metadata:
            name = job_name(context.client("sagemaker"), member, metadata[member]["Arn"])
            return f"/aws/sagemaker/{kind}Jobs", f"{name}/"
    if tuning.MEMBER in metadata:
        training_job = tuning.training_job(context.client("sagemaker"), metadata[tuning.MEMBER]["Arn"])
        return None if training_job is None else ("/aws/sagemaker/TrainingJobs", f"{training_job}/")
    return None


def _function_lines(logs: Any, function: str, step: dict[str, Any]) -> Iterator[str]:
    """What a function wrote while the step ran, whichever of its instances did: each has a stream, most are old."""
    now = datetime.now(UTC)
    request: dict[str, Any] = {
        "logGroupName": f"/aws/lambda/{function}",
        "startTime": _milliseconds(step.get("StartTime", now)),
        # The service's own last line comes after the function's end.
        "endTime": _milliseconds(step.get("EndTime", now)) + _AFTER_THE_END_MILLISECONDS,
    }
    while True:
        page = logs.filter_log_events(**request)
        for event in page["events"]:
            yield event["message"].rstrip("\n")
        # A page may be empty and have another one after it.
        if not page.get("nextToken"):
            return
        request["nextToken"] = page["nextToken"]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _job_lines(logs: Any, group: str, stream_prefix: str) -> Iterator[str]:
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream_prefix)["logStreams"]
    for stream in sorted(streams, key=lambda entry: entry["logStreamName"]):
        yield from _events(logs, group, stream["logStreamName"])


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


def _events(logs: Any, group: str, stream: str) -> Iterator[str]:
    token: str | None = None
    while True:
        page = logs.get_log_events(
            logGroupName=group,
            logStreamName=stream,
            startFromHead=True,
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
