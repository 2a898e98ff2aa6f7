"""The function that tells of a failure, called on a started endpoint as a pipeline's step calls it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import BUCKET, Execution, put_input, start

FUNCTION = "churn-notify-failure"
TOPIC = "arn:aws:sns:us-west-2:000000000000:churn-alarms"
"""As configured below, in the endpoint's own account."""
CONFIG = """
sns_topic_arn: arn:aws:sns:us-west-2:ACCOUNT_ID:churn-alarms
notification_email: team@example.com
"""


@pytest.fixture(scope="module")
def failed(deployed: Endpoint) -> Execution:
    """An execution whose Preprocess refuses its input."""
    address = put_input(deployed, "notifications", b"customer_id\nCUST_000001\n", "customers.csv")
    execution = start(deployed, InputDataUri=address)
    assert execution.wait() == "CompletedWithFailures"
    return execution


@pytest.fixture
def mailbox(deployed: Endpoint, tmp_path: Path) -> Iterator[str]:
    """A queue that gets what the configured topic sends; a command with --local makes the topic."""
    config = tmp_path / "topic.yaml"
    config.write_text(CONFIG)
    done = deployed.door(
        *("pipeline.py", "models", "--local", "--config", "configs/pipeline_config.yaml", "--config", str(config))
    )
    assert done.returncode == 0, done.stderr
    sqs, sns = deployed.client("sqs"), deployed.client("sns")
    url = sqs.create_queue(QueueName=f"mail-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)
    yield url
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def call(endpoint: Endpoint, execution: Execution, step: str = "Preprocess", **more: str) -> dict[str, Any]:
    event = {
        "TopicArn": TOPIC,
        "StepName": step,
        "PipelineName": "churn-end-to-end",
        "PipelineExecutionArn": execution.arn,
        "ErrorsUri": f"s3://{BUCKET}/tests/errors/{uuid.uuid4().hex}",
        "GitCommit": "0123abc",
        **more,
    }
    answer = endpoint.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return found


def mails(endpoint: Endpoint, url: str) -> list[dict[str, Any]]:
    found = endpoint.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [json.loads(item["Body"]) for item in found.get("Messages", [])]


def test_failed_step_is_told_with_its_log_and_the_last_good_run(
    deployed: Endpoint, failed: Execution, mailbox: str
) -> None:
    answer = call(deployed, failed)

    (mail,) = mails(deployed, mailbox)
    assert answer["Published"] == "true"
    assert mail["Subject"] == "[SageMaker Pipeline Failed] Preprocess"
    stream = mail["Message"].partition("Log stream:    ")[2].partition("\n")[0]
    events = deployed.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName=stream, startFromHead=True
    )
    assert "missing columns" in answer["Reason"]
    assert f"Reason:        {answer['Reason']}\n" in mail["Message"]
    assert any("missing columns" in event["message"] for event in events["events"])
    assert f"python pipeline.py retry {failed.arn} --wait --local" in mail["Message"]
    assert "Last good run: " in mail["Message"]


def test_two_steps_at_once_send_one_message(deployed: Endpoint, failed: Execution, mailbox: str) -> None:
    errors = f"s3://{BUCKET}/tests/errors/{uuid.uuid4().hex}"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: call(deployed, failed, ErrorsUri=errors), range(4)))

    assert sorted(answer["Published"] for answer in answers) == ["false", "false", "false", "true"]
    assert len(mails(deployed, mailbox)) == 1


def test_topic_that_is_gone_fails_the_step_and_leaves_no_claim(deployed: Endpoint, failed: Execution) -> None:
    errors = f"s3://{BUCKET}/tests/errors/{uuid.uuid4().hex}"

    with pytest.raises(AssertionError, match=r"could not be sent to .*:nobody: "):
        call(deployed, failed, ErrorsUri=errors, TopicArn="arn:aws:sns:us-west-2:000000000000:nobody")

    assert call(deployed, failed, ErrorsUri=errors)["Published"] == "true"


def test_command_with_local_makes_the_configured_topic_and_its_subscription(deployed: Endpoint, mailbox: str) -> None:
    listed = deployed.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]

    assert [item["Endpoint"] for item in listed if item["Protocol"] == "email"] == ["team@example.com"]
