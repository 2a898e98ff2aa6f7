from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.records.job import JobKind
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.transform.outputs import Outputs
from sagemaker_local.runners.transform.plan import PlannedObject
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore


class Surroundings:
    """Two planned objects whose outputs the agent has written."""

    def __init__(self, folder: Path, bucket: str = "b") -> None:
        (folder / "s3").mkdir()
        (folder / "output").mkdir()
        self.folder = folder
        self.store = FolderObjectStore(folder / "s3", "b")
        self.logs = FakeLogWriter()
        self.targets = [(PlannedObject(n, f"b/in/{n}"), S3Uri(bucket, f"out/{n}.out")) for n in range(2)]
        for planned, _ in self.targets:
            planned.output_path(folder).write_text(str(planned.number))

    def after(self, *events: dict[str, Any]) -> Outputs:
        """What is known after these events and the agent's end."""
        reading, writing = os.pipe()
        for event in events:
            os.write(writing, json.dumps(event).encode() + b"\n")
        os.close(writing)
        with JobLog(self.logs, JobKind.TRANSFORM, "j", stream="j/data-log") as log:
            outputs = Outputs(self.store, self.folder, self.targets, log, reading)
            outputs.run()
        return outputs


def test_finished_object_is_stored_and_its_file_removed(tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path)

    outputs = surroundings.after({"event": "finished", "number": 1})

    assert surroundings.store.read("b", "out/1.out") == b"1"
    assert [path.name for path in (tmp_path / "output").iterdir()] == ["0"]
    assert (outputs.stored_count, outputs.failures) == (1, [])


def test_failed_object_is_in_the_data_log_and_among_the_failures(tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path)

    outputs = surroundings.after({"event": "failed", "number": 0, "blame": "ClientError", "text": "record 3: no"})

    assert outputs.failures == ["ClientError: b/in/0: record 3: no"]
    assert surroundings.logs.of("j")[0].endswith(":[sagemaker logs]: b/in/0: ClientError: record 3: no")
    assert surroundings.store.keys("b") == []


def test_output_that_cannot_be_stored_is_a_failure_and_the_others_go_on(tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path, bucket="nowhere")

    outputs = surroundings.after({"event": "finished", "number": 0}, {"event": "finished", "number": 1})

    assert outputs.stored_count == 0
    assert len(outputs.failures) == 2
    with pytest.raises(
        AssertionError, match=r"the bucket 'nowhere' of the output s3://nowhere/out/0.out does not exist"
    ):
        raise AssertionError(outputs.failures[0])


def test_broken_job_says_why(tmp_path: Path) -> None:
    outputs = Surroundings(tmp_path).after({"event": "broken", "text": "no model"})

    assert (outputs.is_broken, outputs.failures) == (True, ["no model"])
