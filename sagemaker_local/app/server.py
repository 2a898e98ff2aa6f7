"""The one listener: uvicorn on 127.0.0.1, from the start until a signal or a request to stop."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from sagemaker_local.app.asgi import Gateway
from sagemaker_local.app.control import TOKEN_FILE
from sagemaker_local.app.listener import listen
from sagemaker_local.settings import Settings

# How long requests that run may take to end when the endpoint stops.
_GRACE_SECONDS = 2


def run(gateway: Gateway, settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT or a request to stop.

    Raises:
        PortInUse: another program listens on the port.
    """
    listener = listen(settings.port)
    config = uvicorn.Config(
        gateway,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    gateway.shutdown_token = _write_token(settings.root)
    gateway.request_shutdown = stop
    try:
        with _signals_survived(stop):
            server.run(sockets=[listener])
    finally:
        (settings.root / TOKEN_FILE).unlink(missing_ok=True)
        listener.close()


@contextmanager
def _signals_survived(stop: Callable[[], None]) -> Iterator[None]:
    """Stop at a signal and go on: before uvicorn listens to signals, and when it raises them again at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_token(root: Path) -> str:
    token = secrets.token_urlsafe(32)
    path = root / TOKEN_FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the mode is set by os.open
        file.write(token)
    return token
