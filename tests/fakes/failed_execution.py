"""A failed execution and the services that its notification asks: SageMaker, CloudWatch Logs, S3 and SNS."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from lambdas.notify_failure import Clients, notify

ARN = "arn:aws:sagemaker:us-west-2:000000000000:pipeline/churn-training/execution/abcdefghijkl"
ERRORS = "s3://lake/mlops/errors/abcdefghijkl"
URI = f"{ERRORS}/failure.json"
TOPIC = "arn:aws:sns:us-west-2:000000000000:alarms"
BEGIN = datetime(2026, 1, 31, 2, 0, tzinfo=UTC)
EVENT = {
    "TopicArn": TOPIC,
    "StepName": "Train",
    "PipelineName": "churn-training",
    "PipelineExecutionArn": ARN,
    "ErrorsUri": ERRORS,
    "GitCommit": "0123abc",
}


def refusal(code: str, operation: str = "Call") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} in the fake"}}, operation)


class FakeSageMaker:
    """An execution with steps and the executions before it; every list is cut into pages of one."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.executions: list[tuple[str, str]] = [("abcdefghijkl", "Executing")]
        self.definition: dict[str, Any] = {"Steps": []}
        self.exit_messages: dict[str, str] = {}
        self.refuses: dict[str, str] = {}

    def fail(self, name: str, reason: str = "ClientError: no", metadata: Mapping[str, Any] | None = None) -> None:
        self.steps.append(
            {
                "StepName": name,
                "StepStatus": "Failed",
                "StartTime": BEGIN,
                "EndTime": BEGIN + timedelta(seconds=9),
                "FailureReason": reason,
                "Metadata": metadata or {},
            }
        )

    def list_pipeline_execution_steps(self, **request: Any) -> dict[str, Any]:
        self._refuse("list_pipeline_execution_steps")
        assert request["PipelineExecutionArn"] == ARN
        assert request["SortOrder"] == "Ascending"
        return page("PipelineExecutionSteps", self.steps, request)

    def list_pipeline_executions(self, **request: Any) -> dict[str, Any]:
        self._refuse("list_pipeline_executions")
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        summaries = [
            {
                "PipelineExecutionArn": ARN.replace("abcdefghijkl", identity),
                "PipelineExecutionStatus": state,
                "StartTime": BEGIN - timedelta(days=place),
            }
            for place, (identity, state) in enumerate(self.executions)
        ]
        return page("PipelineExecutionSummaries", summaries, request)

    def describe_pipeline_definition_for_execution(self, **_: Any) -> dict[str, Any]:
        self._refuse("describe_pipeline_definition_for_execution")
        return {"PipelineDefinition": json.dumps(self.definition)}

    def describe_processing_job(self, *, ProcessingJobName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        if ProcessingJobName not in self.exit_messages:
            raise refusal("ValidationException", "DescribeProcessingJob")
        return {"ExitMessage": self.exit_messages[ProcessingJobName]}

    def _refuse(self, operation: str) -> None:
        if operation in self.refuses:
            raise refusal(self.refuses[operation], operation)


class FakeLogs:
    """Log groups with their streams; a page holds one."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}

    def add(self, group: str, name: str, last: int = 0, created: datetime = BEGIN) -> None:
        stream = {
            "logStreamName": name,
            "lastEventTimestamp": last,
            "creationTime": int(created.timestamp() * 1000),
        }
        self.groups.setdefault(group, []).append(stream)

    def describe_log_streams(self, **request: Any) -> dict[str, Any]:
        assert not {"orderBy", "logStreamNamePrefix"} <= request.keys(), "AWS refuses both at once"
        if request["logGroupName"] not in self.groups:
            raise refusal("ResourceNotFoundException", "DescribeLogStreams")
        streams = self.groups[request["logGroupName"]]
        if request.get("orderBy") == "LastEventTime":
            newest = sorted(streams, key=lambda item: int(item["lastEventTimestamp"]), reverse=request["descending"])
            return {"logStreams": newest}
        found = [item for item in streams if item["logStreamName"].startswith(request["logStreamNamePrefix"])]
        return page("logStreams", found, request, "nextToken")


class FakeS3:
    """Objects by bucket and key; a conditional write is atomic."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.conflicts = 0
        self.keeps = False
        self._lock = threading.Lock()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str, ContentType: str) -> None:  # noqa: N803
        assert (IfNoneMatch, ContentType) == ("*", "application/json")
        with self._lock:
            if self.conflicts:
                self.conflicts -= 1
                raise refusal("ConditionalRequestConflict", "PutObject")
            if (Bucket, Key) in self.objects:
                raise refusal("PreconditionFailed", "PutObject")
            self.objects[Bucket, Key] = Body

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  # boto3's own spelling
        if self.keeps:
            raise refusal("AccessDenied", "DeleteObject")
        del self.objects[Bucket, Key]


class FakeTopic:
    """What was published; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refusals: list[Exception] = []

    def publish(self, **request: Any) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.messages.append(request)


class World:
    """All four services, and the function."""

    def __init__(self) -> None:
        self.sagemaker, self.logs, self.s3, self.topic = FakeSageMaker(), FakeLogs(), FakeS3(), FakeTopic()

    def notify(self, endpoint_url: str = "", **event: str) -> dict[str, str]:
        clients = Clients(self.sagemaker, self.logs, self.s3, self.topic)
        return notify(clients, {**EVENT, **event}, endpoint_url, BEGIN + timedelta(minutes=1))

    @property
    def file(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.s3.objects["lake", "mlops/errors/abcdefghijkl/failure.json"])
        return found

    @property
    def text(self) -> str:
        (sent,) = self.topic.messages
        return str(sent["Message"])


def page(member: str, items: list[Any], request: dict[str, Any], following: str = "NextToken") -> dict[str, Any]:
    first = int(request.get(following, 0))
    return {member: items[first : first + 1]} | ({following: str(first + 1)} if first + 1 < len(items) else {})


def job(kind: str, name: str) -> dict[str, Any]:
    return {f"{kind}Job": {"Arn": f"arn:aws:sagemaker:us-west-2:000000000000:{kind.lower()}-job/{name.lower()}"}}
