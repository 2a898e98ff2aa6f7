"""Events of objects name their version: MiniStack knows it, and leaves it out of what it sends to EventBridge."""
# ruff: noqa: SLF001 - MiniStack has no public way to change an event

from __future__ import annotations

import json
import threading
from typing import Any

from sagemaker_local.ministack.boot import Ministack


class VersionedEvents:
    """The replaced functions of MiniStack's S3 and EventBridge."""

    def __init__(self, ministack: Ministack) -> None:
        self._s3 = ministack.s3
        self._events = ministack.events
        self._fire = ministack.s3._fire_s3_event
        self._dispatch = ministack.events._dispatch_event
        # An event is made and sent on one thread.
        self._current = threading.local()

    def install(self) -> None:
        """Put these functions in the place of MiniStack's."""
        self._s3._fire_s3_event = self.fire
        self._events._dispatch_event = self.dispatch

    def fire(self, *event: Any, version_id: str | None = None, **more: Any) -> None:
        """Make an event and send it to all who listen."""
        self._current.version_id = version_id
        try:
            self._fire(*event, version_id=version_id, **more)
        finally:
            self._current.version_id = None

    def dispatch(self, event: dict[str, Any], *more: Any, **named: Any) -> Any:
        """Send an event to the rules that match; one of an object gets its `version-id` first."""
        version_id = getattr(self._current, "version_id", None)
        if version_id is not None and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
        return self._dispatch(event, *more, **named)
