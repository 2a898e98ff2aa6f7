"""A Lambda function: publishes what it is told to a topic."""

from __future__ import annotations

from typing import Any

import boto3


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Publish the message; its id shows in the step."""
    answer = boto3.client("sns").publish(TopicArn=event["TopicArn"], Subject=event["Subject"], Message=event["Message"])
    return {"MessageId": answer["MessageId"]}
