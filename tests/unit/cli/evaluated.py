"""An execution that evaluated a batch, over fake clients."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from cli.context import Context
from tests.fakes.glue import error
from tests.fakes.s3 import FakeS3
from tests.unit.cli.fakes import FakeSageMaker, context_with, step

DOCUMENT = {
    "evaluated": True,
    "accuracy": 0.75,
    "precision": 0.5,
    "recall": 0.25,
    "f1_score": 1 / 3,
    "roc_auc": 0.84216,
    "rows": 5000,
    "labelled_rows": 4800,
    "unlabelled_rows": 200,
    "unknown_labels": 2,
    "empty_labels": 0,
    "model_package_arn": "arn:model/7",
    "execution_id": "exec1",
    "day": "2026-01-31",
}
UNLABELLED = {"evaluated": False, "reason": "none of the 5 rows has a label (churned).", "rows": 5}
PAGE = b"<!doctype html>\n<html>plots</html>\n"


class Store(FakeS3):
    """Reads, looks and takes uploads as well."""

    class exceptions:  # noqa: N801  # the name that boto3 clients have
        ClientError = type(error("", ""))

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[str] = []

    def get_object(self, **place: str) -> dict[str, Any]:
        if (place["Bucket"], place["Key"]) not in self.objects:
            raise error("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[place["Bucket"], place["Key"]])}

    def head_object(self, **place: str) -> None:
        if (place["Bucket"], place["Key"]) not in self.objects:
            raise error("404", "HeadObject")

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.uploads.append(key)
        self.objects[bucket, key] = Path(path).read_bytes()


class Service(FakeSageMaker):
    """Its processing job wrote to s3://bucket/evaluation/batch/e1."""

    def describe_processing_job(self, **request: Any) -> dict[str, Any]:
        assert request == {"ProcessingJobName": "pipelines-x-A-Q"}
        output = {"OutputName": "evaluation", "S3Output": {"S3Uri": "s3://bucket/evaluation/batch/e1/"}}
        return {"ProcessingOutputConfig": {"Outputs": [output]}}


def evaluating_step(name: str, status: str = "Succeeded") -> dict[str, Any]:
    """A step whose job evaluated."""
    return step(
        name, status, Metadata={"ProcessingJob": {"Arn": "arn:aws:sagemaker:r:a:processing-job/pipelines-x-a-q"}}
    )


def terminal(
    document: dict[str, Any] | None, *steps: dict[str, Any], state: str = "Succeeded", **clients: Any
) -> tuple[Context, io.StringIO, Store]:
    """A context whose execution has these steps, what it prints, and its bucket with the evaluation."""
    s3 = Store()
    if document is not None:
        s3.objects["bucket", "evaluation/batch/e1/evaluation.json"] = json.dumps(document).encode()
        s3.objects["bucket", "evaluation/batch/e1/report.html"] = PAGE
    context, printed = context_with(sagemaker=Service([state], [steps]), s3=s3, **clients)
    return context, printed, s3
