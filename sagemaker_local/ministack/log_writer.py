"""CloudWatch Logs for code in the endpoint's own process."""
# ruff: noqa: SLF001 - MiniStack has no public way into its logs

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sagemaker_local.errors import InternalFailure
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.loop import Loop
from sagemaker_local.settings import Settings


class LocalLogs:
    """The LogWriter of this endpoint."""

    def __init__(self, ministack: Ministack, settings: Settings, loop: Loop, save: Callable[[], None]) -> None:
        self._logs = ministack.logs
        self._responses = ministack.responses
        self._account = settings.account_id
        self._region = settings.region
        self._loop = loop
        self._save = save

    def write(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
        """Append (epoch milliseconds, text) lines; group and stream are made when missing."""
        is_new = self._loop.call(lambda: self._append(group, stream, lines))
        if is_new:
            # The events are on disk already; the stream that owns them must be, too.
            self._save()

    def _append(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> bool:
        with self._responses.request_scope(self._account, self._region):
            is_new = self._make(group, stream)
            events = [{"timestamp": milliseconds, "message": text} for milliseconds, text in lines]
            name = {"logGroupName": group, "logStreamName": stream}
            _check(self._logs._put_log_events({**name, "logEvents": events}))
        return is_new

    def _make(self, group: str, stream: str) -> bool:
        name = {"logGroupName": group, "logStreamName": stream}
        if group not in self._logs._log_groups:
            _check(self._logs._create_log_group(name))
        if stream in self._logs._log_groups[group]["streams"]:
            return False
        _check(self._logs._create_log_stream(name))
        return True


def _check(answer: tuple[int, Any, Any]) -> None:
    status, _, body = answer
    if status >= 400:
        raise InternalFailure(f"The log line was refused: {json.loads(body).get('message', body)}")
