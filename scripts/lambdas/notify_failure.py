"""The Lambda that tells of a failed execution: a file in S3 and one message to an SNS topic, whatever else fails."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

ARGUMENTS = ("TopicArn", "StepName", "PipelineName", "PipelineExecutionArn", "ErrorsUri", "GitCommit")
NO_TOPIC = "none"
FILE_NAME = "failure.json"
SUBJECT_CHARACTERS = 100
"""What SNS allows."""
OUTPUT_CHARACTERS = 1024
"""What an output of a step may have."""
LOOK_BACK = 1000
"""So many executions are looked through for the last good one."""
CLAIM_ATTEMPTS = 5
LOG_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
    "TuningJob": "/aws/sagemaker/TrainingJobs",  # a tuning job writes nothing itself, its training jobs do
}
"""By the member that a step's metadata has for its job."""
SILENT = ("Condition", "Fail", "Model", "RegisterModel")
"""Steps that start nothing which could write."""


class EventRefused(Exception):
    """The step does not say what the message needs."""


class NotPublished(Exception):
    """The topic did not take the message."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The services that are asked."""

    sagemaker: Any
    logs: Any
    s3: Any
    sns: Any


@dataclass(frozen=True, slots=True)
class Log:
    """Where a step's script wrote; without a group or a stream, the note says why."""

    group: str | None = None
    stream: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LastGood:
    """The newest execution before this one that succeeded; without one, the note says why."""

    execution_id: str | None = None
    started: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told; failure.json has these members."""

    pipeline: str
    execution_id: str
    pipeline_execution_arn: str
    step: str
    reason: str
    other_failed_steps: dict[str, str]
    """Their reasons, by name."""
    log: Log
    last_good_run: LastGood
    git_commit: str
    retry: str
    """The command that takes the execution up again."""
    noticed: str


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, str]:
    """Return Published ("true" or "false"), FailureUri and Reason, all text."""
    missing = [name for name in ARGUMENTS if not event.get(name)]
    if missing:
        raise EventRefused(f"The step gives no {', '.join(missing)}; its arguments must be {', '.join(ARGUMENTS)}.")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    topic = str(event["TopicArn"])
    clients = Clients(
        sagemaker=boto3.client("sagemaker", region_name=region),
        logs=boto3.client("logs", region_name=region),
        s3=boto3.client("s3", region_name=region),
        sns=boto3.client("sns", region_name=region if topic == NO_TOPIC else topic.split(":")[3]),
    )
    return notify(clients, event, os.environ.get("AWS_ENDPOINT_URL", ""), datetime.now(UTC))


def notify(clients: Clients, event: Mapping[str, Any], endpoint_url: str, now: datetime) -> dict[str, str]:
    """Write the file, and publish when this is the first of the execution's failed steps to do so.

    Raises:
        NotPublished: the topic refused; the claim is taken back, so that a retry of the execution tells.
    """
    failure = describe(clients, event, endpoint_url, now)
    topic, uri = str(event["TopicArn"]), f"{str(event['ErrorsUri']).rstrip('/')}/{FILE_NAME}"
    if not claim(clients.s3, uri, failure):
        return _outputs(uri, f"Nothing was sent: {uri} is there, so the failure of this execution has been told.")
    if topic == NO_TOPIC:
        return _outputs(uri, f"Nothing was sent: sns_topic_arn is not configured. {failure.reason}")
    try:
        _publish(clients.sns, topic, failure, uri)
    except (ClientError, BotoCoreError) as error:
        _take_back(clients.s3, uri)
        raise NotPublished(
            f"The failure of step {failure.step!r} could not be sent to {topic}: {error}. Correct sns_topic_arn, or "
            f"allow sns:Publish on it to the function's role; then resume the execution: {failure.retry}"
        ) from error
    return _outputs(uri, failure.reason, published=True)


def describe(clients: Clients, event: Mapping[str, Any], endpoint_url: str, now: datetime) -> Failure:
    """Collect what is told; what cannot be found out is told as such, because the message must go out."""
    arn, name = str(event["PipelineExecutionArn"]), str(event["StepName"])
    execution = arn.rpartition("/")[2]
    failed, trouble = _or_why(lambda: failed_steps(clients.sagemaker, arn), {})
    step = failed.get(name)
    log, log_trouble = _or_why(lambda: find_log(clients, arn, name, step), Log())
    last, last_trouble = _or_why(lambda: last_good(clients.sagemaker, str(event["PipelineName"]), arn), LastGood())
    local = " --local" if urlsplit(endpoint_url).hostname == "127.0.0.1" else ""
    return Failure(
        pipeline=str(event["PipelineName"]),
        execution_id=execution,
        pipeline_execution_arn=arn,
        step=name,
        reason=trouble or _reason(clients.sagemaker, name, step, log),
        other_failed_steps={other: _text(item) for other, item in failed.items() if other != name},
        log=Log(note=log_trouble) if log_trouble else log,
        last_good_run=LastGood(note=last_trouble) if last_trouble else last,
        git_commit=str(event["GitCommit"]),
        # By its ARN, which any configuration's doors find: the function knows none.
        retry=f"python pipeline.py retry {arn} --wait{local}",
        noticed=now.isoformat(timespec="seconds"),
    )


def failed_steps(client: Any, arn: str) -> dict[str, dict[str, Any]]:
    """Give the steps of an execution that have failed, by name, in the order in which they started."""
    pages = _pages(client.list_pipeline_execution_steps, PipelineExecutionArn=arn, SortOrder="Ascending")
    steps = [step for page in pages for step in page["PipelineExecutionSteps"]]
    return {step["StepName"]: step for step in steps if step["StepStatus"] == "Failed"}


def last_good(client: Any, pipeline: str, arn: str) -> LastGood:
    """Find the newest execution before `arn` that succeeded."""
    is_before = False
    seen = 0
    for page in _pages(
        client.list_pipeline_executions,
        PipelineName=pipeline,
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
    ):
        for summary in page["PipelineExecutionSummaries"]:
            if is_before and summary["PipelineExecutionStatus"] == "Succeeded":
                identity = summary["PipelineExecutionArn"].rpartition("/")[2]
                return LastGood(identity, _time(summary["StartTime"]))
            is_before = is_before or summary["PipelineExecutionArn"] == arn
            seen += 1
        if seen >= LOOK_BACK:
            return LastGood(note=f"none among the last {seen} executions")
    return LastGood(note="none: no execution before this one has succeeded")


def find_log(clients: Clients, arn: str, name: str, step: Mapping[str, Any] | None) -> Log:
    """Find the log group and the stream of a failed step."""
    metadata = (step or {}).get("Metadata", {})
    for member, group in LOG_GROUPS.items():
        if member in metadata:
            job = metadata[member]["Arn"].rpartition("/")[2]
            return _log_of_job(clients.logs, group, job, arn.rpartition("/")[2], is_tuning=member == "TuningJob")
    for kind in SILENT:
        if kind in metadata:
            return Log(note=f"a step of type {kind} writes no log")
    kind, function = _defined(clients.sagemaker, arn, name)
    function = metadata.get("Lambda", {}).get("Arn") or function
    if kind == "Lambda" and function:
        return _log_of_function(clients.logs, function.split(":")[6], (step or {}).get("EndTime"))
    return Log(note=f"the step, of type {kind}, failed before anything was started that writes a log")


def claim(client: Any, uri: str, failure: Failure) -> bool:
    """Write the file unless it is there; of several at once, one gets True."""
    place = urlsplit(uri)
    body = json.dumps(asdict(failure), indent=2, ensure_ascii=False) + "\n"
    for attempt in range(1, CLAIM_ATTEMPTS + 1):
        try:
            client.put_object(
                Bucket=place.netloc,
                Key=place.path.lstrip("/"),
                Body=body.encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
            return True
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"PreconditionFailed", "412"}:
                return False
            # Another write of the key is under way, and S3 does not say how it ends.
            if code != "ConditionalRequestConflict" or attempt == CLAIM_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def subject(step: str) -> str:
    """Return the subject, in the characters that SNS takes."""
    text = f"[SageMaker Pipeline Failed] {' '.join(step.split())}"
    return text.encode("ascii", "replace").decode()[:SUBJECT_CHARACTERS]


def message(failure: Failure, uri: str) -> str:
    """Return the mail's text."""
    log, last = failure.log, failure.last_good_run
    lines = [
        f"The step {failure.step} of the pipeline {failure.pipeline} failed.",
        "",
        f"Pipeline:      {failure.pipeline}",
        f"Execution:     {failure.execution_id}",
        f"Step:          {failure.step}",
        f"Reason:        {failure.reason}",
        *(f"Failed, too:   {name}: {reason}" for name, reason in failure.other_failed_steps.items()),
        f"Log group:     {log.group or f'none ({log.note})'}",
        f"Log stream:    {log.stream or f'none ({log.note})'}",
        f"Last good run: {last.note or f'{last.execution_id}, started {last.started}'}",
        f"Git commit:    {failure.git_commit}",
        "",
        "Correct the cause, then resume the execution:",
        f"  {failure.retry}",
        "",
        f"The same as JSON: {uri}",
    ]
    return "\n".join(lines) + "\n"


def _publish(client: Any, topic: str, failure: Failure, uri: str) -> None:
    identity = failure.execution_id
    order = {"MessageGroupId": identity, "MessageDeduplicationId": identity} if topic.endswith(".fifo") else {}
    client.publish(TopicArn=topic, Subject=subject(failure.step), Message=message(failure, uri), **order)
    print(f"Told {topic} of the failure of {failure.step} in {identity}.")


def _take_back(client: Any, uri: str) -> None:
    place = urlsplit(uri)
    try:
        client.delete_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    except (ClientError, BotoCoreError) as error:
        print(f"{uri} could not be removed ({error}): remove it by hand, or no other step of the execution is told of.")


def _reason(client: Any, name: str, step: Mapping[str, Any] | None, log: Log) -> str:
    if step is None:
        return f"no step {name!r} is listed as failed"
    said = _exit_message(client, step, log)
    reason = _text(step)
    return f"{reason} ({said})" if said and said not in reason else reason


def _exit_message(client: Any, step: Mapping[str, Any], log: Log) -> str:
    """Return what the script of a processing job left: on AWS, the step's reason has the exit code only."""
    found = step.get("Metadata", {}).get("ProcessingJob")
    if found is None:
        return ""
    # The stream has the name as it was given, the ARN may have it in lower case.
    name = (log.stream or found["Arn"].rpartition("/")[2]).partition("/")[0]
    described, trouble = _or_why(lambda: client.describe_processing_job(ProcessingJobName=name), {})
    return trouble or str(described.get("ExitMessage", ""))


def _defined(client: Any, arn: str, name: str) -> tuple[str, str | None]:
    """Give a step's type and its function out of the execution's definition: a failed step may list neither."""
    described = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    for step in _flat(json.loads(described["PipelineDefinition"])["Steps"]):
        if step["Name"] == name:
            function = step.get("FunctionArn")
            return step["Type"], function if isinstance(function, str) else None
    return "unknown", None


def _flat(steps: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        if step["Type"] == "Condition":
            yield from _flat([*step["Arguments"]["IfSteps"], *step["Arguments"]["ElseSteps"]])


def _log_of_job(client: Any, group: str, job: str, execution: str, *, is_tuning: bool) -> Log:
    # Streams keep the job's name as it was given, ARNs may have it in lower case: up to the execution's id both agree.
    shared = job[: job.lower().index(execution) + len(execution)] if execution in job.lower() else job
    wanted = f"{job}{'-' if is_tuning else '/'}".lower()
    streams = [
        stream
        for page in _log_pages(client, logGroupName=group, logStreamNamePrefix=shared)
        for stream in page["logStreams"]
        # A transform job has a second stream with the records that failed.
        if stream["logStreamName"].lower().startswith(wanted) and not stream["logStreamName"].endswith("/data-log")
    ]
    if not streams:
        return Log(group=group, note=f"the job {job} wrote nothing")
    newest = max(streams, key=lambda stream: (stream.get("lastEventTimestamp", 0), stream["logStreamName"]))
    return Log(group=group, stream=newest["logStreamName"])


def _log_of_function(client: Any, function: str, ended: datetime | None) -> Log:
    group = f"/aws/lambda/{function}"
    latest = float("inf") if ended is None else ended.timestamp() * 1000
    for page in _log_pages(client, logGroupName=group, orderBy="LastEventTime", descending=True):
        for stream in page["logStreams"]:
            if stream.get("creationTime", 0) <= latest:
                return Log(group=group, stream=stream["logStreamName"])
    return Log(group=group, note=f"the function {function} wrote nothing")


def _log_pages(client: Any, **request: Any) -> Iterator[dict[str, Any]]:
    try:
        yield from _pages(client.describe_log_streams, following="nextToken", **request)
    except ClientError as error:
        # The first line makes the group.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _pages(
    operation: Callable[..., dict[str, Any]], following: str = "NextToken", **request: Any
) -> Iterator[dict[str, Any]]:
    while True:
        page = operation(**request)
        yield page
        if not page.get(following):
            return
        request[following] = page[following]


def _or_why(read: Callable[[], Any], otherwise: Any) -> tuple[Any, str]:
    """Return what is read and "", or `otherwise` and why it could not be read."""
    try:
        return read(), ""
    except (ClientError, BotoCoreError) as error:
        print(f"Warning: {error}")
        return otherwise, f"not found out: {error}"


def _outputs(uri: str, reason: str, *, published: bool = False) -> dict[str, str]:
    text = " ".join(reason.split())
    print(text)
    return {"Published": str(published).lower(), "FailureUri": uri, "Reason": text[:OUTPUT_CHARACTERS]}


def _text(step: Mapping[str, Any]) -> str:
    return " ".join(str(step.get("FailureReason") or "the service gives no reason").split())


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
