"""boto3 clients whose requests go to the API in the same process: no socket, no server."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from sagemaker_local.api.dispatch import Api


def client_of(api: Api, service: str = "sagemaker") -> Any:
    """A real boto3 client; only the sending is replaced."""
    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-west-2")
    # One attempt: our own failures shall show at once.
    once = Config(retries={"total_max_attempts": 1})
    client = session.client(service, endpoint_url="http://127.0.0.1:9", config=once)

    def send(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rsplit(".", 1)[-1]
        status, body = api.handle(service, operation, request.body)
        response = AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.1"}, None)
        response._content = body
        return response

    client.meta.events.register(f"before-send.{service}", send)
    return client
