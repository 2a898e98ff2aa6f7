"""State is on disk before a change is answered, and a state that cannot be saved is not passed over."""

from __future__ import annotations

import errno
import json
import os
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker_local.conftest import Served

_EUROPE = {"LocationConstraint": "eu-west-1"}


def _saved(served: Served, service: str) -> str:
    return (served.settings.ministack_path / f"{service}.json").read_text()


def _wait_until_saved(served: Served, service: str, text: str) -> None:
    path = served.settings.ministack_path / f"{service}.json"
    deadline = time.monotonic() + 10
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < deadline, f"'{text}' was not saved in {path.name}"
        time.sleep(0.02)


def test_change_is_on_disk_when_it_is_answered(served: Served) -> None:
    served.client("iam").create_role(RoleName="saved-at-once", AssumeRolePolicyDocument="{}")

    assert "saved-at-once" in _saved(served, "iam")


def test_change_of_a_bucket_is_on_disk_when_it_is_answered(served: Served, bucket: str) -> None:
    tags = {"TagSet": [{"Key": "colour", "Value": f"green {bucket}"}]}
    served.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)

    assert f"green {bucket}" in _saved(served, "s3")


def test_saved_state_is_what_ministack_would_save_itself(served: Served) -> None:
    served.client("iam").create_role(RoleName="same-format", AssumeRolePolicyDocument="{}")

    document = json.loads(_saved(served, "iam"))
    assert document.keys() == {"__ministack_format__", "payload"}
    assert "roles" in document["payload"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sns", "create_topic", {"Name": "saved-later"}),
        ("ssm", "put_parameter", {"Name": "saved-later", "Value": "1", "Type": "String"}),
        ("s3", "create_bucket", {"Bucket": "saved-later", "CreateBucketConfiguration": _EUROPE}),
    ],
)
def test_change_that_cannot_be_saved_is_an_error_and_is_saved_later(
    served: Served, monkeypatch: pytest.MonkeyPatch, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    def no_space(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(served.aws._saver, "_save_one", no_space)
        with pytest.raises(ClientError, match=r"InternalFailure.*could not be saved: No space left on device"):
            getattr(served.client(service), operation)(**arguments)

    _wait_until_saved(served, service, "saved-later")


def test_slow_service_is_saved_right_after_its_answer(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(served.aws._saver._cost_seconds, "ssm", 60.0)

    served.client("ssm").put_parameter(Name="later", Value="2", Type="String")

    _wait_until_saved(served, "ssm", "later")


def test_message_that_a_topic_puts_into_a_queue_is_found_by_looking(served: Served) -> None:
    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName="swept")["QueueUrl"]
    served.aws._saver.save()
    sqs.send_message(QueueUrl=queue, MessageBody="in the background")
    with served.aws._saver._marking:
        served.aws._saver._changed.clear()

    served.aws._saver._sweep()
    served.aws._saver.save()

    assert "in the background" in _saved(served, "sqs")
