"""E-mails of SNS go to a file, where a person can read them: MiniStack drops what a topic sends to an address."""
# ruff: noqa: SLF001 - MiniStack has no public way to see what a topic sends

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sagemaker_local.errors import StateNotSaved
from sagemaker_local.ministack.appending import append_line
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.records.mail import Mail

_LOG = logging.getLogger(__name__)

# Older ones are dropped at the next start, so that the file does not grow for ever.
KEPT_MAILS = 10_000

_PROTOCOLS = ("email", "email-json")
# What AWS writes when the message has no subject.
_NO_SUBJECT = "AWS Notification Message"


class Outbox:
    """The file `outbox.jsonl`: one line for each mail, oldest first."""

    def __init__(self, ministack: Ministack, folder: Path) -> None:
        self._sns = ministack.sns
        self._path = _path(folder)
        self._fanout = ministack.sns._fanout
        self._handle_request = ministack.sns.handle_request
        # Alarms and the functions of a queue publish from threads of their own.
        self._lock = threading.Lock()

    def install(self) -> None:
        """Put these functions in the place of MiniStack's, and tidy up what an earlier process left."""
        self._tidy()
        self._sns._fanout = self.deliver
        self._sns.handle_request = self.handle_request

    async def handle_request(self, *request: Any) -> tuple[int, dict[str, str], bytes]:
        """Answer a request; when a mail cannot be kept, with an error that clients of SNS can read."""
        try:
            answer: tuple[int, dict[str, str], bytes] = await self._handle_request(*request)
        except StateNotSaved as error:
            _LOG.exception("A message was not published.")
            answer = self._sns._error("InternalFailure", str(error), 500)
        return answer

    def deliver(
        self,
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Send a message to all of a topic's subscribers; the mails are in the file before anyone else has it.

        Raises:
            StateNotSaved: nobody got the message, and whoever sent it may send it again.
        """
        attributes = message_attributes or {}
        for subscription in self._subscriptions(topic_arn):
            protocol = subscription["protocol"]
            text = self._sns._resolve_message_for_protocol(message, message_structure, protocol)
            if self._sns._matches_filter_policy(subscription, attributes, text):
                if protocol == "email-json":
                    text = self._sns._build_envelope(topic_arn, msg_id, text, subject, attributes, raw=False)
                self._keep(Mail(_now(), subscription["endpoint"], topic_arn, subject or _NO_SUBJECT, text))
        self._fanout(topic_arn, msg_id, message, subject, message_structure, message_attributes, **more)

    def _subscriptions(self, topic_arn: str) -> list[Mapping[str, Any]]:
        topic = self._sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": ()}
        return [item for item in topic["subscriptions"] if item["protocol"] in _PROTOCOLS and item["confirmed"]]

    def _keep(self, mail: Mail) -> None:
        try:
            with self._lock:
                append_line(self._path, f"{mail.dump()}\n".encode())
        except OSError as error:
            reason = error.strerror or error
            raise StateNotSaved(
                f"The message was not published: its mail cannot be written ({reason}). Free some space and try again."
            ) from error

    def _tidy(self) -> None:
        lines = list(_lines(self._path))
        if not self._path.exists() or (len(lines) <= KEPT_MAILS and self._path.read_bytes().endswith(b"\n")):
            return
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text("".join(lines[-KEPT_MAILS:]), encoding="utf-8")
        fresh.replace(self._path)


def read_mails(folder: Path) -> list[Mail]:
    """Read the mails in MiniStack's state folder, oldest first, whether the endpoint runs or not."""
    return [Mail.load(line) for line in _lines(_path(folder))]


def _path(folder: Path) -> Path:
    return folder / "outbox.jsonl"


def _lines(path: Path) -> Iterator[str]:
    """Every whole line; the last one may be cut: by a kill, or because it is being written right now."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from (line for line in file if line.endswith("\n"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
