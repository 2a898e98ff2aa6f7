"""The gateway without a socket: an ASGI call in, messages out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from sagemaker_local.app.asgi import Gateway
from sagemaker_local.app.control import SHUTDOWN_PATH
from sagemaker_local.ministack.service import Message
from sagemaker_local.settings import Settings
from tests.fakes.endpoint import EchoApi

_SETTINGS = Settings(root=Path("/nonexistent"), region="eu-west-1")


class FakeAws:
    """Stands for MiniStack: answers everything with 200, and remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def app(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            self.calls.append((await receive())["type"])
            return
        self.calls.append(scope["path"])
        headers = [(b"Access-Control-Allow-Origin", b"*"), (b"x-amzn-requestid", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ministack"})


def _call(gateway: Gateway, messages: Sequence[Message] | None = None, **scope: Any) -> list[Message]:
    given = iter(messages or [{"type": "http.request", "body": b"{}"}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(given)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), *scope.pop("headers", [])]
    asyncio.run(gateway({"type": "http", "method": "POST", "path": "/", "headers": headers, **scope}, receive, send))
    return sent


def test_other_services_are_left_to_ministack_without_its_invitations() -> None:
    aws = FakeAws()

    start, body = _call(Gateway(EchoApi(), aws, _SETTINGS), path="/bucket")

    assert aws.calls == ["/bucket"]
    assert start["headers"] == [(b"x-amzn-requestid", b"1")]
    assert body["body"] == b"ministack"


def test_body_in_pieces_reaches_the_api_whole() -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b'{"Name":', "more_body": True},
        {"type": "http.request", "body": b' "x"}', "more_body": False},
    ]

    _, body = _call(Gateway(EchoApi(), FakeAws(), _SETTINGS), pieces, headers=[(b"x-amz-target", b"SageMaker.AddTags")])

    assert json.loads(body["body"])["body"] == {"Name": "x"}


def test_client_that_leaves_while_it_sends_is_not_answered() -> None:
    pieces: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    sent = _call(Gateway(EchoApi(), FakeAws(), _SETTINGS), pieces, headers=[(b"x-amz-target", b"SageMaker.AddTags")])

    assert sent == []


def test_streamed_body_that_grows_too_large_is_refused() -> None:
    pieces: list[Message] = [{"type": "http.request", "body": b" " * (9 << 20), "more_body": True}] * 2

    start, _ = _call(
        Gateway(EchoApi(), FakeAws(), _SETTINGS), pieces, headers=[(b"x-amz-target", b"SageMaker.AddTags")]
    )

    assert start["status"] == 413


def test_shutdown_with_the_token_stops_the_server_once() -> None:
    stopped: list[bool] = []
    gateway = Gateway(EchoApi(), FakeAws(), _SETTINGS)
    gateway.shutdown_token = "secret"
    gateway.request_shutdown = lambda: stopped.append(True)

    start, _ = _call(gateway, path=SHUTDOWN_PATH, headers=[(b"x-sagemaker-local-token", b"secret")])

    assert start["status"] == 202
    assert stopped == [True]


def test_shutdown_of_a_gateway_without_a_token_is_refused() -> None:
    start, _ = _call(
        Gateway(EchoApi(), FakeAws(), _SETTINGS), path=SHUTDOWN_PATH, headers=[(b"x-sagemaker-local-token", b"")]
    )

    assert start["status"] == 403


def test_own_services_end_before_ministack_does() -> None:
    aws = FakeAws()
    gateway = Gateway(EchoApi(), aws, _SETTINGS, before_shutdown=[lambda: aws.calls.append("jobs ended")])

    _call(gateway, [{"type": "lifespan.shutdown"}], type="lifespan")

    assert aws.calls == ["jobs ended", "lifespan.shutdown"]


def test_service_that_fails_to_end_does_not_keep_ministack_from_saving() -> None:
    aws = FakeAws()

    def fail() -> None:
        raise RuntimeError("stuck")

    gateway = Gateway(EchoApi(), aws, _SETTINGS, before_shutdown=[fail, lambda: aws.calls.append("next")])

    _call(gateway, [{"type": "lifespan.shutdown"}], type="lifespan")

    assert aws.calls == ["next", "lifespan.shutdown"]


def test_web_socket_of_a_web_page_is_closed() -> None:
    aws = FakeAws()

    sent = _call(Gateway(EchoApi(), aws, _SETTINGS), type="websocket", headers=[(b"origin", b"https://evil.org")])

    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert aws.calls == []
