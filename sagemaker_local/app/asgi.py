"""The gateway: one ASGI application that answers SageMaker, Athena and Glue, and leaves the rest to MiniStack."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import threading
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Protocol

from sagemaker_local.app.control import HEALTH_PATH, SHUTDOWN_PATH, TOKEN_HEADER
from sagemaker_local.app.guard import Headers, refusal
from sagemaker_local.app.routes import Route, route
from sagemaker_local.errors import UnknownOperationException
from sagemaker_local.ministack.service import AsgiApp, Message
from sagemaker_local.records.rest import document as with_members
from sagemaker_local.settings import Settings

VERSION = "0.1.0"

_LOG = logging.getLogger(__name__)
_JSON_1_1 = b"application/x-amz-json-1.1"
_JSON = b"application/json"
# A pipeline definition has at most 1 MB on AWS, an Athena query 256 KB; nothing that we answer is larger.
_MAX_BODY_BYTES = 16 << 20
# Calls wait for SQLite or a Lambda function, seldom for the processor.
_API_THREADS = 32

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Api(Protocol):
    """Our own services; called from several threads at once."""

    def handle(self, service: str, operation: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request: the HTTP status and the JSON document."""


class Aws(Protocol):
    """Every other service, as one ASGI application."""

    @property
    def app(self) -> AsgiApp:
        """The application; its lifespan runs with the gateway's."""


class Gateway:
    """The whole endpoint as one ASGI application."""

    def __init__(
        self,
        api: Api,
        aws: Aws,
        settings: Settings,
        before_shutdown: Sequence[Callable[[], object]] = (),
    ) -> None:
        """Compose the gateway.

        Args:
            api: answers SageMaker, Athena and Glue.
            aws: answers every other service.
            settings: what the endpoint was started with.
            before_shutdown: called in order, in a thread, when the endpoint stops and MiniStack still answers.
        """
        self._api = api
        self._ministack: AsgiApp = aws.app
        self._settings = settings
        self._before_shutdown = before_shutdown
        self._threads = ThreadPoolExecutor(_API_THREADS, thread_name_prefix="api")
        self.shutdown_token: str | None = None
        """What a request to stop the endpoint must carry; without one no request stops it."""
        self.request_shutdown: Callable[[], None] = _nothing
        """Called once when such a request came."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or run through the life of the application."""
        if scope["type"] == "lifespan":
            await self._ministack(scope, self._closing(receive), send)
        elif scope["type"] == "http":
            await self._request(scope, receive, _without_cors(send))
        elif refusal(scope["path"], _headers(scope)) is None:
            await self._ministack(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Message, receive: Receive, send: Send) -> None:
        path, headers = scope["path"], _headers(scope)
        refused = refusal(path, headers)
        if refused is not None:
            status, reason = refused
            await _answer(send, status, _error("AccessDenied" if status == 403 else "NotFound", reason))
        elif path == HEALTH_PATH and scope["method"] == "GET":
            await _answer(send, 200, json.dumps(self.health()).encode())
        elif path == SHUTDOWN_PATH and scope["method"] == "POST":
            await self._shutdown(headers, send)
        elif (ours := _route(scope, headers)) is not None:
            await self._operation(ours, headers, receive, send)
        else:
            await self._ministack(scope, receive, send)

    def health(self) -> dict[str, Any]:
        """Say who this endpoint is."""
        return {
            "status": "running",
            "pid": os.getpid(),
            "version": VERSION,
            "root": str(self._settings.root),
            "region": self._settings.region,
            "account": self._settings.account_id,
            "url": self._settings.url,
        }

    async def _operation(self, ours: Route, headers: Headers, receive: Receive, send: Send) -> None:
        if ours.service is None:
            reason = (
                f"The operation '{ours.operation}' is not answered by this endpoint; "
                "docs/fidelity.md lists what is. Real-time endpoints exist on AWS only."
            )
            await _answer(send, UnknownOperationException.http_status, _error(UnknownOperationException.code, reason))
            return
        try:
            body = await _body(headers, receive)
        except _TooLarge as error:
            await _answer(
                send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error("RequestEntityTooLargeException", str(error))
            )
            return
        except _Disconnected:
            return
        loop = asyncio.get_running_loop()
        try:
            status, document = await loop.run_in_executor(
                self._threads, self._api.handle, ours.service, ours.operation, with_members(body, ours.members)
            )
        except Exception:  # noqa: BLE001 - the last door: a client gets an answer, the log the reason
            _LOG.exception("%s.%s failed", ours.service, ours.operation)
            status, document = 500, _error("InternalFailure", f"'{ours.operation}' failed; see the endpoint's log.")
        await _answer(send, status, document, _JSON if ours.is_rest else _JSON_1_1)

    async def _shutdown(self, headers: Headers, send: Send) -> None:
        given = headers.get(TOKEN_HEADER.encode(), b"")
        expected = (self.shutdown_token or "").encode()
        if not expected or not hmac.compare_digest(given, expected):
            reason = f"The header {TOKEN_HEADER} is missing or wrong. Stop it with `python -m sagemaker_local down`."
            await _answer(send, 403, _error("AccessDenied", reason))
            return
        await _answer(send, 202, json.dumps({"status": "stopping"}).encode())
        self.request_shutdown()

    def _closing(self, receive: Receive) -> Receive:
        async def closing() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for call in self._before_shutdown:
                    await _end(call)
                self._threads.shutdown(wait=False)
            return message

        return closing


class _TooLarge(Exception):
    pass


class _Disconnected(Exception):
    pass


async def _end(call: Callable[[], object]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - the rest must end, too, and MiniStack must save
            _LOG.exception("A part of the endpoint did not end in order.")
        finally:
            loop.call_soon_threadsafe(ended.set)

    # A thread of its own: those of the loop may all wait for functions that this call is to end.
    threading.Thread(target=run, name="ending", daemon=True).start()
    await ended.wait()


async def _body(headers: Headers, receive: Receive) -> bytes:
    limit = f"The request has more than the allowed {_MAX_BODY_BYTES} bytes. Put large data into S3."
    if int(headers.get(b"content-length", b"0")) > _MAX_BODY_BYTES:
        raise _TooLarge(limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        body += message.get("body", b"")
        if len(body) > _MAX_BODY_BYTES:
            raise _TooLarge(limit)
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, status: int, document: bytes, content_type: bytes = _JSON_1_1) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(document)).encode()),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": document})


def _error(code: str, reason: str) -> bytes:
    return json.dumps({"__type": code, "message": reason}).encode()


def _route(scope: Message, headers: Headers) -> Route | None:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return route(scope["path"], headers, scope["method"], raw_path, scope.get("query_string", b""))


def _headers(scope: Message) -> Headers:
    return dict(scope["headers"])


def _without_cors(send: Send) -> Send:
    async def stripped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return stripped


def _nothing() -> None:
    """Stand for a server that cannot be stopped by a request."""
