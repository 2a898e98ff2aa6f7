"""An upload's way with real clients: S3's event, as a rule delivers it, to a pinned copy and one start."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from lambdas.start_on_upload import Settings, start

from tests.integration.sagemaker_local.conftest import Served

INPUT = "team/batch-inference/input/"


@dataclass
class Starts:
    """SageMaker, as far as a start goes: one execution for each token."""

    tokens: list[str] = field(default_factory=list)

    def start_pipeline_execution(self, *, ClientRequestToken: str, **_: Any) -> dict[str, str]:  # noqa: N803
        if ClientRequestToken not in self.tokens:
            self.tokens.append(ClientRequestToken)
        return {"PipelineExecutionArn": "arn"}


@dataclass
class Watched:
    """A bucket whose events are put into a queue."""

    served: Served
    bucket: str
    queue: str
    starts: Starts = field(default_factory=Starts)

    def put(self, key: str, body: bytes) -> dict[str, Any]:
        """Upload, and return the event."""
        self.served.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        sqs, deadline = self.served.client("sqs"), time.monotonic() + 10
        while time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                event: dict[str, Any] = json.loads(message["Body"])
                return event
        raise AssertionError(f"no event for {key}")

    def send(self, event: dict[str, Any]) -> dict[str, Any]:
        root = f"s3://{self.bucket}/team"
        settings = Settings.load(
            {"PIPELINE_NAME": "p", "UPLOADS_URI": f"{root}/data/uploads", "INPUT_URI": f"s3://{self.bucket}/{INPUT}"}
        )
        return start(settings, self.served.client("s3"), self.starts, event)

    def pinned(self, answer: dict[str, Any]) -> list[tuple[str, bytes]]:
        """Name and body of what an execution would read."""
        s3, prefix = self.served.client("s3"), answer["input"].removeprefix(f"s3://{self.bucket}/")
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]]
        bodies = [s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys]
        return list(zip((key.removeprefix(prefix) for key in keys), bodies, strict=True))


@pytest.fixture
def watched(served: Served, bucket: str) -> Watched:
    events, sqs, name = served.client("events"), served.client("sqs"), f"uploads-{bucket}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": INPUT}]}},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    served.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return Watched(served, bucket, queue)


@pytest.mark.parametrize("name", ["plain.csv", "märz 2026 + (1).csv", "a%20b&c=d?.csv"])
def test_upload_of_any_name_is_pinned_and_starts_once(watched: Watched, name: str) -> None:
    event = watched.put(f"{INPUT}{name}", b"C1,1.5\n")

    answers = [watched.send(event) for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(watched.starts.tokens) == 1
    assert [body for _, body in watched.pinned(answers[0])] == [b"C1,1.5\n"]


def test_upload_that_was_replaced_before_its_event_is_left_to_the_newer_one(watched: Watched) -> None:
    first = watched.put(f"{INPUT}a.csv", b"first\n")
    second = watched.put(f"{INPUT}a.csv", b"second\n")

    answers = [watched.send(first), watched.send(second)]

    assert "was replaced by a newer upload" in answers[0]["reason"]
    assert watched.pinned(answers[1]) == [("a.csv", b"second\n")]
    assert len(watched.starts.tokens) == 1


def test_each_version_of_a_versioned_bucket_is_pinned_as_it_was(watched: Watched) -> None:
    watched.served.client("s3").put_bucket_versioning(
        Bucket=watched.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    events = [watched.put(f"{INPUT}a.csv", body) for body in (b"first\n", b"second\n")]

    answers = [watched.send(event) for event in events]

    assert [watched.pinned(answer) for answer in answers] == [[("a.csv", b"first\n")], [("a.csv", b"second\n")]]
    assert len(watched.starts.tokens) == 2


def test_event_names_the_version_only_where_there_are_versions(watched: Watched) -> None:
    s3 = watched.served.client("s3")
    plain = watched.put(f"{INPUT}a.csv", b"first\n")

    s3.put_bucket_versioning(Bucket=watched.bucket, VersioningConfiguration={"Status": "Enabled"})
    versioned = watched.put(f"{INPUT}a.csv", b"second\n")

    assert "version-id" not in plain["detail"]["object"]
    newest = s3.head_object(Bucket=watched.bucket, Key=f"{INPUT}a.csv")["VersionId"]
    assert versioned["detail"]["object"]["version-id"] == newest
