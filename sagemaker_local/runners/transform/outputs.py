"""Stores what the agent finishes, while it goes on, and remembers what failed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sagemaker_local.errors import LocalError
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import transfer
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.transform.events import read_events
from sagemaker_local.runners.transform.plan import PlannedObject


class Outputs(threading.Thread):
    """Reads the agent's events to their end in a thread of its own."""

    def __init__(
        self,
        objects: ObjectStore,
        folder: Path,
        targets: Sequence[tuple[PlannedObject, S3Uri]],
        data_log: JobLog,
        descriptor: int,
    ) -> None:
        super().__init__(name="transform-outputs", daemon=True)
        self._objects = objects
        self._folder = folder
        self._targets = targets
        self._data_log = data_log
        self._descriptor = descriptor
        self.stored_count = 0
        self.failures: list[str] = []
        """One text for each object that failed, and at the end one for what went wrong with the job as a whole."""
        self.is_broken = False
        """The job as a whole went wrong."""

    def run(self) -> None:
        """Take events until the agent's end is closed."""
        for event in read_events(self._descriptor):
            try:
                self._take(event)
            except (LocalError, OSError) as error:
                # Reading goes on: an agent that cannot tell its events would wait for ever.
                self.failures.append(str(error))

    def note(self, text: str) -> None:
        """Write a line to the data log, in the form of AWS."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._data_log.write(f"{now}:[sagemaker logs]: {text}")

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "broken":
            self.is_broken = True
            self.failures.append(event["text"])
            return
        planned, target = self._targets[event["number"]]
        if event["event"] == "failed":
            self.note(f"{planned.name}: {event['blame']}: {event['text']}")
            self.failures.append(f"{event['blame']}: {planned.name}: {event['text']}")
            return
        path = planned.output_path(self._folder)
        transfer.upload_file(self._objects, path, target)
        path.unlink()
        self.stored_count += 1
