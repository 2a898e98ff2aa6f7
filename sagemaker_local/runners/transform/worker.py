"""The process that holds a model and answers requests; the agent starts several of them."""

from __future__ import annotations

import gc
import logging
import os
import resource
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform import lines
from sagemaker_local.runners.transform.exchange import Exchange, RecordFailed
from sagemaker_local.runners.transform.light_import import import_xgboost
from sagemaker_local.runners.transform.messages import Channel, Failure, Work, say
from sagemaker_local.runners.transform.model_server import ModelServer
from sagemaker_local.runners.transform.plan import Plan
from sagemaker_local.runners.transform.refusals import UnsupportedFormat

_BEAT_SECONDS = 0.5


class ModelFailed(Exception):
    """The model's script raised on every attempt; the text is in its own words."""


class Worker:
    """One model and its rules, between a channel and files."""

    def __init__(self, plan: Plan, server: ModelServer, beat: Callable[[], None]) -> None:
        self._plan = plan
        self._server = server
        self._beat = beat
        self._beaten = 0.0
        self._exchange = Exchange(plan, self._ask)

    def perform(self, path: Path, offset: int, length: int, output: Path) -> Failure | None:
        """Transform a range of a file into a file of its own."""
        self._beaten = time.monotonic()
        try:
            with output.open("wb") as sink:
                sink.writelines(self._exchange.run(self._read(path, offset, length)))
        except lines.OversizedRecord as error:
            index = error.index if self._plan.splits_lines else None
            return Failure("ClientError", self._plan.oversized(error.size), index)
        except RecordFailed as error:
            return Failure("ClientError", str(error), error.index)
        except JobFailed as error:
            return Failure("ClientError", str(error))
        except (ModelFailed, UnsupportedFormat) as error:
            return Failure("AlgorithmError", str(error))
        return None

    def _read(self, path: Path, offset: int, length: int) -> bytes:
        if self._plan.is_gzip and not self._plan.splits_lines:
            return lines.unpack(path, self._plan.payload_bytes)
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _ask(self, body: bytes) -> bytes:
        if time.monotonic() - self._beaten > _BEAT_SECONDS:
            self._beat()
            self._beaten = time.monotonic()
        attempts = self._plan.max_retries + 1
        for attempt in range(1, attempts):
            try:
                return self._server.answer(body, self._plan.content_type, self._plan.accept)
            except UnsupportedFormat:
                raise
            except Exception as error:  # noqa: BLE001  # whatever a script raises is a failed invocation
                say(f"Invocation failed, attempt {attempt} of {attempts}: {_said(error)}")
        try:
            return self._server.answer(body, self._plan.content_type, self._plan.accept)
        except UnsupportedFormat:
            raise
        except Exception as error:
            traceback.print_exc()
            raise ModelFailed(_said(error)) from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _loaded(channel: Channel, arguments: dict[str, Any]) -> ModelServer | None:
    """Load the model, or tell the agent why not."""
    # Libraries make many objects and no garbage: looking for it takes a sixth of the time to import them.
    gc.disable()
    try:
        import_xgboost(Path(arguments["code"]))
        return ModelServer.load(arguments["program"], Path(arguments["code"]), Path(arguments["model"]))
    except JobFailed as error:
        channel.send("not-loaded", text=str(error))
    except Exception as error:  # noqa: BLE001  # a script may raise anything while it is imported
        traceback.print_exc()
        channel.send("not-loaded", text=f"AlgorithmError: the model cannot be loaded: {_said(error)}")
    finally:
        gc.enable()
    return None


def peak_memory_mb() -> int:
    """The most memory that this process has held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the agent held when it started this process
        return next(int(line.split()[1]) >> 10 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20


def _leave(last_words: str) -> NoReturn:
    """End at once: taking down the model's libraries in order would take half a second of the job."""
    logging.shutdown()
    say(last_words)
    sys.stderr.flush()
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Serve the agent until it hangs up: DESCRIPTOR FOLDER."""
    channel = Channel(socket.socket(fileno=int(arguments[0])))
    channel.connection.set_inheritable(False)
    plan = Plan.load(Path(arguments[1]))
    worker: Worker | None = None
    for message in channel.messages():
        if message["is"] == "load":
            server = _loaded(channel, message)
            if server is None:
                return
            worker = Worker(plan, server, lambda: channel.send("beat"))
            channel.send("ready")
        elif worker is not None:
            work = Work(**message["work"])
            failure = worker.perform(Path(work.path), work.offset, work.length, Path(work.output))
            channel.send("done", failure=None if failure is None else asdict(failure))
    _leave(f"Model worker ends; it held at most {peak_memory_mb()} MiB.")
