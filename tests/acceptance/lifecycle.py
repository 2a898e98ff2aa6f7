"""An endpoint on which both lifecycles are deployed and one version is approved."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from generate_customers import customers

from tests.acceptance.conftest import FROM_S3, Endpoint
from tests.acceptance.execution import BUCKET, Execution

LEARNERS = 1500
"""Customers 1 to so many are learnt from; those after them are scored."""
SCORED_IDS = [f"CUST_{number:06d}" for number in range(LEARNERS + 1, LEARNERS + 201)]
WHOM = {"BatchIdStart": str(LEARNERS + 1), "BatchIdEnd": str(LEARNERS + len(SCORED_IDS))}
GOOD = {"NumRound": "8", "MaxDepth": "2"}
LEARN = {
    "TrainIdEnd": str(LEARNERS),
    "MetricThreshold": "0.6",
    "ModelApprovalStatus": "PendingManualApproval",
    **GOOD,
}
APPROVED = {"ModelApprovalStatus": "Approved"}
ROOT = "mlops/churn"


@dataclass(frozen=True)
class Lifecycle:
    """What a person does with an endpoint in a month."""

    endpoint: Endpoint
    options: tuple[str, ...] = ("--local", *FROM_S3)
    """Of every command."""

    @classmethod
    def deploy(cls, endpoint: Endpoint, *pipelines: str, configs: Sequence[Path] = ()) -> Lifecycle:
        """Upsert pipelines and upload the customers: enough to tell a good model from a bad one, and no more."""
        more = tuple(word for path in configs for word in ("--config", str(path)))
        lifecycle = cls(endpoint, ("--local", *FROM_S3, *more))
        for pipeline in pipelines:
            lifecycle.command("upsert", pipeline)
        body = io.BytesIO()
        pq.write_table(everybody(), body)
        key = f"{ROOT}/data/input/customers.parquet"
        endpoint.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())
        return lifecycle

    def command(self, *words: str, code: int = 0) -> str:
        """Run a command of pipeline.py and give what it printed, in one line of text."""
        done = self.endpoint.door("pipeline.py", *words, *self.options)
        assert done.returncode == code, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def run(self, pipeline: str, parameters: Mapping[str, str], code: int = 0) -> str:
        """Start a pipeline, follow it to its end, and give what was printed."""
        options = [f"--param={name}={value}" for name, value in parameters.items()]
        return self.command("start", pipeline, "--wait", *options, code=code)

    def train(self, parameters: Mapping[str, str], code: int = 0) -> str:
        """Train on the learners, for a person's approval unless the parameters say otherwise."""
        return self.run("training", {**LEARN, **parameters}, code)

    def score(self, day: str, parameters: Mapping[str, str] = MappingProxyType({}), code: int = 0) -> str:
        """Score everybody else as of a day."""
        return self.run("batch-inference", {"InferenceDate": day, **WHOM, **parameters}, code)

    def mails(self) -> list[dict[str, Any]]:
        """The mails that would have been sent, oldest first."""
        done = self.endpoint.door("-m", "sagemaker_local", "outbox", "--json")
        assert done.returncode == 0, done.stderr
        mails: list[dict[str, Any]] = json.loads(done.stdout)
        return mails

    def latest(self, pipeline: str) -> Execution:
        """The newest execution of a pipeline."""
        sagemaker = self.endpoint.client("sagemaker")
        listed = sagemaker.list_pipeline_executions(PipelineName=f"churn-{pipeline}", SortOrder="Descending")
        return Execution(self.endpoint, listed["PipelineExecutionSummaries"][0]["PipelineExecutionArn"])

    def executions(self, pipeline: str) -> list[str]:
        """The ARN of each execution of a pipeline, newest first."""
        sagemaker = self.endpoint.client("sagemaker")
        pages = sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=f"churn-{pipeline}", SortOrder="Descending"
        )
        return [item["PipelineExecutionArn"] for page in pages for item in page["PipelineExecutionSummaries"]]

    def objects(self, prefix: str) -> dict[str, bytes]:
        """What lies below a prefix of the project, by the rest of its key."""
        s3, below = self.endpoint.client("s3"), f"{ROOT}/{prefix}"
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=below).get("Contents", [])
        return {
            item["Key"].removeprefix(below): s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            for item in listed
        }


def everybody() -> pa.Table:
    """All customers, with their labels."""
    return customers(1, LEARNERS + len(SCORED_IDS), seed=7)


def created(key: str, **more: str) -> dict[str, Any]:
    """An event of S3 as EventBridge sends it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "detail": {"version": "0", "bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, **more}},
    }
