"""The endpoint's process: started in the background, waited for, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sagemaker_local.cli.client import Health, ask_to_stop, health
from sagemaker_local.cli.state_lock import holder
from sagemaker_local.errors import EndpointError, PortInUse, StateLocked
from sagemaker_local.ministack.environment import is_of_the_user
from sagemaker_local.settings import Settings

COMMAND = (sys.executable, "-m", "sagemaker_local")
ADDRESS_FILE = "endpoint.json"

# How the background process tells its starter why it gave up.
EXIT_CODES: dict[type[EndpointError], int] = {PortInUse: 3, StateLocked: 4, EndpointError: 1}
ERROR_MARK = "error: "

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_TERMINATE_SECONDS = 5.0
_POLL_SECONDS = 0.05


def write_address(settings: Settings) -> None:
    """Leave word in the root where its endpoint listens; called by the endpoint that holds the root's lock."""
    path = settings.root / ADDRESS_FILE
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps({"pid": os.getpid(), "port": settings.port}), encoding="utf-8")
    fresh.replace(path)


def running(root: Path) -> Health | None:
    """Give the endpoint that works on this root and answers, None when there is none."""
    try:
        port = int(json.loads((root / ADDRESS_FILE).read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError):
        return None
    found = health(port)
    return found if found is not None and found.root == root else None


def start(settings: Settings, command: Sequence[str] = COMMAND) -> Health:
    """Start an endpoint in a session of its own and wait until it answers.

    Raises:
        PortInUse, StateLocked, EndpointError: it ended instead; the text is its own.
    """
    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What a job could read of its parent's environment must not hold the user's credentials.
    environment = {name: value for name, value in os.environ.items() if not is_of_the_user(name)}
    arguments = ["up", "--foreground", "--root", str(settings.root), "--port", str(settings.port)]
    with settings.log_path.open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            [*command, *arguments, "--region", settings.region],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    found = _wait(lambda: running(settings.root), _START_SECONDS, lambda: process.poll() is not None)
    if found is not None:
        # It outlives this process, or this one outlives it: then somebody must take note of its end.
        threading.Thread(target=process.wait, name="endpoint-end", daemon=True).start()
        return found
    if process.poll() is None:
        process.kill()
        process.wait()
        raise EndpointError(
            f"The endpoint did not answer within {_START_SECONDS:.0f} seconds. Its log is '{settings.log_path}'."
        )
    raise _why_it_ended(process.returncode, settings.log_path, begin)


def stop(root: Path) -> bool:
    """Stop the root's endpoint and wait for its end; whether there was one.

    It is asked first; only a process that holds the root's lock is ever sent a signal.

    Raises:
        EndpointError: it does not end.
    """
    pid = holder(root)
    if pid is None:
        return False
    found = running(root)
    asked = found is not None and ask_to_stop(root, int(found.url.rpartition(":")[2]))
    if asked and _is_gone(root, _STOP_SECONDS):
        return True
    for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _TERMINATE_SECONDS)):
        if pid > 0 and holder(root) == pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if _is_gone(root, patience):
            return True
    raise EndpointError(f"The endpoint's process {pid} does not end. Stop it yourself, then try again.")


def wait_for_other(root: Path) -> Health | None:
    """Wait for an endpoint that somebody else is starting on this root; None when there is none."""
    return _wait(lambda: running(root), _START_SECONDS, lambda: holder(root) is None)


def _wait(look: Callable[[], Health | None], seconds: float, is_over: Callable[[], bool]) -> Health | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # In this order: what ended after the look must be looked at once more.
        over = is_over()
        found = look()
        if found is not None or over:
            return found
        time.sleep(_POLL_SECONDS)
    return None


def _is_gone(root: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while holder(root) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _why_it_ended(code: int, log_path: Path, begin: int) -> EndpointError:
    with log_path.open("rb") as log:
        log.seek(begin)
        lines = log.read().decode(errors="replace").splitlines()
    reasons = [line.removeprefix(ERROR_MARK) for line in lines if line.startswith(ERROR_MARK)]
    kind = next((kind for kind, number in EXIT_CODES.items() if number == code), EndpointError)
    if reasons:
        return kind(reasons[-1])
    last = lines[-1] if lines else "it wrote nothing"
    return kind(f"The endpoint ended with code {code}: {last}. Its log is '{log_path}'.")
