"""Transform jobs for tests: a bucket, a model whose script a test writes, and the runner over them."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.records.model import ModelContainer
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.transform.runner import TransformRunner
from tests.fakes.credentials import FakeCredentials
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore

IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0-cpu-py3"
SHOUT = """
def model_fn(folder): return "!"
def input_fn(body, content_type): return body if isinstance(body, str) else body.decode()
def predict_fn(text, model): return [line + model for line in text.split("\\n")]
def output_fn(lines, accept): return "\\n".join(lines), accept
"""
"""A script that answers each line with itself and an exclamation mark."""
SCRIPT_MODE = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
LINES = {"ContentType": "text/csv", "SplitType": "Line"}
ASSEMBLED = {"Accept": "text/csv", "AssembleWith": "Line"}


def archive(**files: str) -> bytes:
    """A .tar.gz with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@dataclass
class Place:
    """Where a test's jobs run."""

    folder: Path
    isolate: bool = True
    objects: FolderObjectStore = field(init=False)
    logs: FakeLogWriter = field(init=False)
    environment: dict[str, str] = field(default_factory=lambda: dict(SCRIPT_MODE))
    control: JobControl = field(default_factory=JobControl)

    def __post_init__(self) -> None:
        (self.folder / "s3").mkdir()
        self.objects = FolderObjectStore(self.folder / "s3", "b")
        self.logs = FakeLogWriter()
        self.put_script(SHOUT)

    @property
    def runner(self) -> TransformRunner:
        surroundings = RunnerEnvironment(
            self.folder / "work",
            self.objects,
            self.logs,
            FakeCredentials(),
            "us-west-2",
            cores=2,
            isolate=self.isolate,
            stop_grace_seconds=2,
        )
        container = ModelContainer(IMAGE, "s3://b/model.tar.gz", self.environment)
        return TransformRunner(surroundings, lambda _name: container)

    def put_script(self, text: str, **files: str) -> None:
        """Make the model: its archive has this script, and further files."""
        self.objects.put("b", "model.tar.gz", archive(**{"code/inference.py": text}, **files))

    def put(self, **bodies: bytes | str) -> None:
        """Put objects below in/."""
        for key, body in bodies.items():
            self.objects.put("b", f"in/{key}", body if isinstance(body, bytes) else body.encode())

    def run(
        self, source: dict[str, Any] | None = None, sink: dict[str, Any] | None = None, **members: Any
    ) -> JobOutcome:
        """Run a job over in/; `source` and `sink` go into TransformInput and TransformOutput."""
        location = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}
        request = {
            "TransformJobName": "j",
            "ModelName": "m",
            "TransformInput": {"DataSource": {"S3DataSource": location}, **(source or {})},
            "TransformOutput": {"S3OutputPath": "s3://b/out/", **(sink or {})},
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
            **members,
        }
        runner = self.runner
        runner.check(request)
        now = datetime.now(UTC)
        return runner.run(Job(JobKind.TRANSFORM, "j", "arn", JobStatus.IN_PROGRESS, request, now, now), self.control)

    @property
    def stored(self) -> dict[str, bytes]:
        """The outputs by their keys below out/."""
        keys = self.objects.keys("b", "out/")
        return {key.removeprefix("out/"): self.objects.read("b", key) for key in keys}

    def log(self, *, data: bool = False) -> list[str]:
        """The lines of the container's log, or of the data log."""
        (lines,) = [
            lines
            for (group, stream), lines in self.logs.lines.items()
            if group == "/aws/sagemaker/TransformJobs" and stream.endswith("/data-log") == data
        ]
        return lines

    @property
    def leftovers(self) -> list[Path]:
        """What is left of working folders."""
        work = self.folder / "work"
        return list(work.iterdir()) if work.exists() else []
