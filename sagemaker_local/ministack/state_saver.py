"""Saves what a request changed before it is answered: MiniStack saves only at an orderly end of its process."""
# ruff: noqa: SLF001 - MiniStack saves through private functions only

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.loop import Loop
from sagemaker_local.ministack.threads import in_file_thread

_LOG = logging.getLogger(__name__)

# A service whose state takes longer than this to save is saved right after its answers, not before them: a kill in
# between loses them. So it is long; hundreds of functions with their code need it.
_PROMPT_SECONDS = 0.5
_CHEAP_SECONDS = 0.05
_LATER_SECONDS = 0.2
# What one service does to another in the background (a message from a topic to a queue) is found by looking.
_SWEEP_SECONDS = 5.0
_SWEPT = ("sqs", "stepfunctions", "cloudwatch", "scheduler", "eventbridge")
_KEPT_EVENTS = 1000

_READS = re.compile(
    r"(Get|List|Describe|Head|BatchGet|Search|Query|Scan|Select|Lookup|Simulate|Decrypt|Encrypt|GenerateDataKey|Receive"
    r"|AssumeRole|PutLogEvents|FilterLogEvents|StartQuery|Invoke)"
)
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
# Services whose calls change other services' state too; None is every loaded service.
_ALSO: Mapping[str, tuple[str, ...] | None] = {
    "sns": ("sns", "sqs"),
    "events": ("eventbridge", "sqs"),
    "lambda": ("lambda", "cloudwatch_logs"),
    "cloudformation": None,
    "cloudcontrol": None,
}

Handler = Callable[..., Awaitable[tuple[int, dict[str, str], Any]]]


class StateSaver:
    """Knows which services changed since they were saved last, and writes their `<service>.json`."""

    def __init__(self, ministack: Ministack, folder: Path, loop: Loop) -> None:
        self._ministack = ministack
        self._folder = folder
        self._loop = loop
        self._changed: set[str] = set()
        self._cost_seconds: dict[str, float] = {}
        self._swept: dict[str, int] = {}
        self._saving = threading.Lock()
        self._marking = threading.Lock()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._save_later, name="state-saver", daemon=True)

    def install(self) -> None:
        """Wrap every service's handler, and begin to save in the background."""
        handlers = self._ministack.app.SERVICE_HANDLERS
        for service, handler in list(handlers.items()):
            if service != "s3":
                handlers[service] = self._saving_handler(service, handler)
        # Requests with the bucket in the host name reach S3 past the table of handlers.
        self._ministack.s3.handle_request = self._saving_handler("s3", self._ministack.s3.handle_request)
        self._thread.start()

    def close(self) -> None:
        """Save what is left and end the background thread."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self.save()

    def mark(self, keys: Iterable[str]) -> None:
        """Remember that these services changed; they are saved in the background unless somebody saves earlier."""
        with self._marking:
            self._changed.update(keys)
        self._wake.set()

    def save(self) -> None:
        """Save all that changed until now; when this returns, it is on disk.

        Raises:
            OSError: a file could not be written; the service stays marked and is tried again.
        """
        with self._saving:
            with self._marking:
                keys, self._changed = self._changed, set()
            sources = self._ministack.app._build_persistence_save_dict()
            try:
                while keys:
                    key = next(iter(keys))
                    if key in sources:
                        self._save_one(key, sources[key])
                    keys.remove(key)
            except OSError:
                self.mark(keys)
                raise

    def _saving_handler(self, service: str, handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], **more: Any
        ) -> tuple[int, dict[str, str], Any]:
            answer = await handler(method, path, headers, body, query, **more)
            if answer[0] < 400 and is_change(service, method, path, headers, body, query):
                keys = self._keys(service)
                self.mark(keys)
                if sum(self._cost_seconds.get(key, 0.0) for key in keys) <= _PROMPT_SECONDS:
                    try:
                        await in_file_thread(self.save)
                    except OSError as error:
                        _LOG.exception("A change of %s could not be saved; it is tried again.", service)
                        return _not_saved(service, error, is_form=bool(_action(body, query)))
            return answer

        return handle

    def _keys(self, service: str) -> list[str]:
        also = _ALSO.get(service, ())
        if also is None:
            return list(self._ministack.app._build_persistence_save_dict())
        if also:
            return list(also)
        entry = self._ministack.app.SERVICE_REGISTRY[service]
        return [entry.get("state_key", entry["module"]), *entry.get("sub_modules", ())]

    def _save_one(self, key: str, get_state: Callable[[], Any]) -> None:
        began = time.monotonic()
        state = self._copy(get_state)
        if state is not None:
            text = self._encode(key, state)
            fresh = self._folder / f"{key}.json.tmp"
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self._folder / f"{key}.json")
            self._swept[key] = hash(text)
        self._cost_seconds[key] = time.monotonic() - began

    def _encode(self, key: str, state: Any) -> str:
        persistence = self._ministack.persistence
        document = {"__ministack_format__": persistence._state_format_version(key), "payload": state}
        return json.dumps(document, default=persistence._json_default)

    def _copy(self, get_state: Callable[[], Any]) -> Any:
        for _ in range(3):
            try:
                return get_state()
            except RuntimeError:  # a dictionary changed while it was copied
                time.sleep(0.001)
        return self._loop.call(get_state)

    def _save_later(self) -> None:
        while not self._closed.is_set():
            woken = self._wake.wait(_SWEEP_SECONDS)
            self._wake.clear()
            if woken:
                self._closed.wait(_LATER_SECONDS)
            try:
                if not woken:
                    self._sweep()
                self.save()
            except Exception:  # noqa: BLE001 - the thread must live; what was not saved stays marked
                _LOG.exception("State could not be saved; it is tried again.")
                self._closed.wait(1.0)

    def _sweep(self) -> None:
        sources = self._ministack.app._build_persistence_save_dict()
        for key in _SWEPT:
            if key in sources and self._cost_seconds.get(key, 0.0) <= _CHEAP_SECONDS:
                state = self._copy(sources[key])
                if state is not None and hash(self._encode(key, state)) != self._swept.get(key):
                    self.mark([key])
        events = self._ministack.app._loaded_modules.get("eventbridge")
        if events is not None:
            # MiniStack remembers every event for ever and never reads them.
            for remembered in list(events._events_log._data.values()):
                del remembered[:-_KEPT_EVENTS]


def is_change(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> bool:
    """Whether a successful request may have changed what its service saves in its JSON file."""
    if service == "s3":
        # Objects lie in files of their own; only what concerns a whole bucket is in the JSON file.
        return method in {"PUT", "DELETE"} and "/" not in path.strip("/")
    if service == "lambda" and path.endswith(("/invocations", "/response-streaming-invocations")):
        return False
    operation = headers.get("x-amz-target", "").rpartition(".")[2] or _action(body, query)
    if operation:
        return _READS.match(operation) is None
    return method not in {"GET", "HEAD", "OPTIONS"}


def _not_saved(service: str, error: OSError, *, is_form: bool) -> tuple[int, dict[str, str], bytes]:
    reason = f"The change was made but could not be saved: {error.strerror or error}. Free some space and try again."
    if service != "s3" and not is_form:
        document = json.dumps({"__type": "InternalFailure", "message": reason})
        return 500, {"Content-Type": "application/x-amz-json-1.1"}, document.encode()
    document = f"<Error><Code>InternalFailure</Code><Message>{escape(reason)}</Message></Error>"
    if service != "s3":
        document = f"<ErrorResponse>{document}</ErrorResponse>"
    return 500, {"Content-Type": "text/xml"}, document.encode()


def _action(body: bytes, query: Mapping[str, Any]) -> str:
    found = _ACTION.search(body[:4096])
    if found is not None:
        return found.group(1).decode()
    return str(next(iter(query.get("Action", ())), ""))
