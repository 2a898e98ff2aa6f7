"""A killed endpoint comes back with all that it answered for."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.cli.process import start, stop
from sagemaker_local.cli.state_lock import holder
from sagemaker_local.ministack.outbox import read_mails
from sagemaker_local.settings import Settings
from tests.integration.sagemaker_local.conftest import client, free_port

_COMMAND = (sys.executable, "-m", "tests.fakes.endpoint")
_ROLE = "arn:aws:iam::000000000000:role/worker"

Client = Callable[[str], Any]
Kill = Callable[[], None]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = Settings(root=tmp_path_factory.mktemp("killed"), port=free_port(), region="eu-west-1")
    start(made, _COMMAND)
    yield made
    stop(made.root)


@pytest.fixture
def aws(settings: Settings) -> Client:
    return lambda service: client(service, settings.url)


@pytest.fixture
def kill(settings: Settings) -> Kill:
    """Kill the endpoint at once, as the last answer arrives, and start it again."""

    def kill_and_start() -> None:
        os.kill(holder(settings.root) or 0, signal.SIGKILL)
        while holder(settings.root) is not None:
            time.sleep(0.005)
        start(settings, _COMMAND)

    return kill_and_start


def test_bucket_with_its_configuration_survives(aws: Client, kill: Kill) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="survivor", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="survivor", VersioningConfiguration={"Status": "Enabled"})

    kill()

    assert s3.get_bucket_versioning(Bucket="survivor")["Status"] == "Enabled"
    assert s3.get_bucket_location(Bucket="survivor")["LocationConstraint"] == "eu-west-1"


def test_deleted_bucket_stays_deleted(aws: Client, kill: Kill) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="short-lived", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.delete_bucket(Bucket="short-lived")

    kill()

    assert "short-lived" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_role_topic_queue_and_function_survive(aws: Client, kill: Kill) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("work.py", "def handler(event, context):\n    print('worked')\n    return 42\n")
    aws("iam").create_role(RoleName="worker", AssumeRolePolicyDocument="{}")
    aws("sns").create_topic(Name="news")
    aws("sqs").create_queue(QueueName="mail")
    aws("lambda").create_function(
        FunctionName="work",
        Runtime="python3.12",
        Role=_ROLE,
        Handler="work.handler",
        Code={"ZipFile": packed.getvalue()},
    )

    kill()

    assert aws("iam").get_role(RoleName="worker")["Role"]["Arn"] == _ROLE
    assert len(aws("sns").list_topics()["Topics"]) == 1
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 1
    assert aws("lambda").invoke(FunctionName="work")["Payload"].read() == b"42"


def test_log_events_survive_and_deleted_streams_stay_deleted(aws: Client, kill: Kill) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="group")
    for stream in ("kept", "deleted"):
        logs.create_log_stream(logGroupName="group", logStreamName=stream)
        events = [{"timestamp": int(time.time() * 1000), "message": f"{stream} {number}"} for number in range(3)]
        logs.put_log_events(logGroupName="group", logStreamName=stream, logEvents=events)
    logs.delete_log_stream(logGroupName="group", logStreamName="deleted")

    kill()

    found = logs.filter_log_events(logGroupName="group")["events"]
    assert [event["message"] for event in found] == ["kept 0", "kept 1", "kept 2"]
    kill()
    assert len(logs.filter_log_events(logGroupName="group")["events"]) == 3


def test_objects_written_under_fire_are_whole(aws: Client, kill: Kill, settings: Settings) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="fire", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for number in range(20):
        s3.put_object(Bucket="fire", Key=f"{number}/part", Body=bytes([number]) * 50_000)

    kill()

    bodies = [s3.get_object(Bucket="fire", Key=f"{number}/part")["Body"].read() for number in range(20)]
    assert bodies == [bytes([number]) * 50_000 for number in range(20)]
    assert not list(Path(settings.s3_path).rglob("*.tmp"))


def test_write_cut_between_its_two_renames_is_completed(aws: Client, kill: Kill, settings: Settings) -> None:
    """The body has its name already, its description not yet: the start must not serve the new body as the old one."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="cut", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    folder = settings.s3_path / "000000000000" / "cut"
    s3.put_object(Bucket="cut", Key="object", Body=b"the new and longer body")
    described = (folder / "object.meta.json").read_bytes()
    s3.put_object(Bucket="cut", Key="object", Body=b"old")
    (folder / "object").write_bytes(b"the new and longer body")
    (folder / "object.meta.json.tmp").write_bytes(described)

    kill()

    assert s3.get_object(Bucket="cut", Key="object")["Body"].read() == b"the new and longer body"


def test_mails_survive_each_answered_publish_and_a_restart(aws: Client, kill: Kill, settings: Settings) -> None:
    topic = aws("sns").create_topic(Name="alerts")["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    for number in range(3):
        aws("sns").publish(TopicArn=topic, Message=f"mail {number}")

    kill()
    aws("sns").publish(TopicArn=topic, Message="mail 3")

    assert [mail.body for mail in read_mails(settings.ministack_path)] == [f"mail {number}" for number in range(4)]
