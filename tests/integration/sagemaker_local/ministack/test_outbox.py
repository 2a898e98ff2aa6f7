"""What a topic sends to e-mail addresses is kept, and everyone else goes on getting it."""

from __future__ import annotations

import errno
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagemaker_local.ministack import outbox
from sagemaker_local.ministack.outbox import Outbox, read_mails
from sagemaker_local.records.mail import Mail
from tests.integration.sagemaker_local.conftest import Served

FILTER = json.dumps({"severity": ["high"]})
HIGH = {"severity": {"DataType": "String", "StringValue": "high"}}
LOW = {"severity": {"DataType": "String", "StringValue": "low"}}


@pytest.fixture
def topic(served: Served, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh topic."""
    name = f"t-{abs(hash(request.node.nodeid))}"
    arn: str = served.client("sns").create_topic(Name=name)["TopicArn"]
    yield arn
    served.client("sns").delete_topic(TopicArn=arn)


def subscribe(served: Served, topic: str, address: str, protocol: str = "email", **attributes: str) -> None:
    served.client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=address, Attributes=attributes, ReturnSubscriptionArn=True
    )


def mails_of(served: Served, topic: str) -> list[Mail]:
    return [mail for mail in read_mails(served.settings.ministack_path) if mail.topic == topic]


def test_mail_is_kept_when_publish_answers(served: Served, topic: str) -> None:
    subscribe(served, topic, "ops@example.com")
    before = datetime.now(UTC)

    served.client("sns").publish(TopicArn=topic, Subject="[Failed] Train", Message="Grüße\nzwei Zeilen")

    (mail,) = mails_of(served, topic)
    assert (mail.to, mail.subject, mail.body) == ("ops@example.com", "[Failed] Train", "Grüße\nzwei Zeilen")
    assert abs((datetime.fromisoformat(mail.time) - before).total_seconds()) < 5


def test_each_address_of_the_topic_gets_its_own_mail_and_no_other_subscriber_one(served: Served, topic: str) -> None:
    for address in ("a@example.com", "b@example.com"):
        subscribe(served, topic, address)
    subscribe(served, topic, "+15550100", "sms")

    served.client("sns").publish(TopicArn=topic, Message="hello")

    mails = mails_of(served, topic)
    assert [mail.to for mail in mails] == ["a@example.com", "b@example.com"]
    assert {mail.subject for mail in mails} == {"AWS Notification Message"}


def test_address_that_was_taken_off_the_topic_gets_none(served: Served, topic: str) -> None:
    subscribe(served, topic, "gone@example.com")
    (subscription,) = served.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    served.client("sns").unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])

    served.client("sns").publish(TopicArn=topic, Message="hello")

    assert mails_of(served, topic) == []


def test_address_that_has_not_confirmed_gets_none(served: Served, topic: str) -> None:
    subscribe(served, topic, "pending@example.com")
    _, _, _, region, account, _ = topic.split(":")
    served.aws.outbox._sns._topics.get_scoped(account, region, topic)["subscriptions"][0]["confirmed"] = False

    served.client("sns").publish(TopicArn=topic, Message="hello")

    assert mails_of(served, topic) == []


def test_filter_policy_decides_who_gets_a_mail(served: Served, topic: str) -> None:
    subscribe(served, topic, "all@example.com")
    subscribe(served, topic, "high@example.com", FilterPolicy=FILTER)

    for number, attributes in enumerate((LOW, HIGH)):
        served.client("sns").publish(TopicArn=topic, Message=str(number), MessageAttributes=attributes)

    assert [(mail.to, mail.body) for mail in mails_of(served, topic)] == [
        ("all@example.com", "0"),
        ("all@example.com", "1"),
        ("high@example.com", "1"),
    ]


def test_message_for_each_protocol_gives_mails_their_own_text(served: Served, topic: str) -> None:
    subscribe(served, topic, "text@example.com")
    subscribe(served, topic, "json@example.com", "email-json")
    message = json.dumps({"default": "for all", "email": "for people"})

    served.client("sns").publish(TopicArn=topic, Subject="s", Message=message, MessageStructure="json")

    text, envelope = mails_of(served, topic)
    assert text.body == "for people"
    document = json.loads(envelope.body)
    assert (document["Type"], document["Subject"], document["Message"]) == ("Notification", "s", "for all")


def test_batch_and_function_of_another_service_send_mails(served: Served, topic: str) -> None:
    """An alarm publishes past the API."""
    subscribe(served, topic, "ops@example.com")
    entries = [{"Id": str(number), "Message": f"batch {number}"} for number in range(2)]
    served.client("cloudwatch").put_metric_alarm(
        AlarmName=topic.rpartition(":")[2],
        Namespace="n",
        MetricName=topic.rpartition(":")[2],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )

    served.client("sns").publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    served.client("cloudwatch").put_metric_data(
        Namespace="n", MetricData=[{"MetricName": topic.rpartition(":")[2], "Value": 5.0}]
    )

    bodies = [mail.body for mail in mails_of(served, topic)]
    assert bodies[:2] == ["batch 0", "batch 1"]
    assert json.loads(bodies[2])["NewStateValue"] == "ALARM"


def test_queue_of_the_topic_still_gets_the_message(served: Served, topic: str) -> None:
    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName=topic.rpartition(":")[2])["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscribe(served, topic, "ops@example.com")
    subscribe(served, topic, arn, "sqs", RawMessageDelivery="true")

    served.client("sns").publish(TopicArn=topic, Message="to both")

    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "to both"
    assert [mail.body for mail in mails_of(served, topic)] == ["to both"]


def test_function_of_the_topic_still_gets_the_message(served: Served, topic: str) -> None:
    name = topic.rpartition(":")[2]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("told.py", "def handler(event, context):\n    print(event['Records'][0]['Sns']['Message'])\n")
    function = served.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/worker",
        Handler="told.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    subscribe(served, topic, function["FunctionArn"], "lambda")

    served.client("sns").publish(TopicArn=topic, Message="to a function")

    until(lambda: "to a function" in log_of(served, name))


def log_of(served: Served, function: str) -> list[str]:
    logs = served.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"].strip() for event in events]


def test_address_of_the_web_still_gets_the_message(served: Served, topic: str) -> None:
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subscribe(served, topic, f"http://127.0.0.1:{server.server_port}/", "http")
        until(lambda: len(received) == 1)
        served.client("sns").confirm_subscription(TopicArn=topic, Token=received[0]["Token"])

        served.client("sns").publish(TopicArn=topic, Message="to the web")

        until(lambda: len(received) == 2)
        server.shutdown()
    assert (received[1]["Type"], received[1]["Message"]) == ("Notification", "to the web")


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_mail_that_cannot_be_kept_fails_the_publish_and_nobody_gets_it(
    served: Served, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName=topic.rpartition(":")[2])["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscribe(served, topic, arn, "sqs")
    subscribe(served, topic, "ops@example.com")

    with monkeypatch.context() as full:
        full.setattr(outbox, "append_line", no_space)
        with pytest.raises(ClientError, match=r"InternalFailure.*mail cannot be written \(No space left on device\)"):
            served.client("sns").publish(TopicArn=topic, Message="lost")

    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert mails_of(served, topic) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with three mails and a fourth that a kill has cut."""
    lines = [Mail("2026-01-31T02:00:00.000Z", "a@example.com", "arn", "s", f"body {n}").dump() for n in range(4)]
    (tmp_path / "outbox.jsonl").write_text("\n".join(lines)[:-5])
    return tmp_path


def bodies(folder: Path) -> list[str]:
    return [mail.body for mail in read_mails(folder)]


def test_mail_that_was_not_written_to_its_end_is_no_mail(folder: Path) -> None:
    assert bodies(folder) == ["body 0", "body 1", "body 2"]


def test_start_leaves_no_cut_line_for_the_next_mail_to_join(served: Served, folder: Path) -> None:
    box = Outbox(_ministack_of(served), folder)

    box._tidy()
    box._keep(Mail("2026-01-31T02:00:01.000Z", "a@example.com", "arn", "s", "next"))

    assert bodies(folder) == ["body 0", "body 1", "body 2", "next"]


def test_start_drops_the_oldest_mails(served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT_MAILS", 2)

    Outbox(_ministack_of(served), folder)._tidy()

    assert bodies(folder) == ["body 1", "body 2"]


def test_start_leaves_a_whole_file_as_it_is(served: Served, folder: Path) -> None:
    Outbox(_ministack_of(served), folder)._tidy()
    written = (folder / "outbox.jsonl").stat()

    Outbox(_ministack_of(served), folder)._tidy()

    assert (folder / "outbox.jsonl").stat() == written


def test_no_outbox_is_no_mails(tmp_path: Path) -> None:
    assert read_mails(tmp_path) == []


def _ministack_of(served: Served) -> Any:
    return SimpleNamespace(sns=served.aws.outbox._sns)
