"""Executions of the end-to-end pipeline as tests want them: on few customers, started and followed with boto3."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from generate_customers import customers

BUCKET = "mlbucket-sagemaker"
PIPELINE = "churn-end-to-end"
GROUP = "churn-models"
TABLE = "churn_daily_predictions"
TABLE_PREFIX = f"mlops/churn/athena_output/{TABLE}/"
DAY = "2026-01-31"
CUSTOMERS = 600
SCORED_IDS = [f"CUST_{number:06d}" for number in range(401, 601)]
SCORED = len(SCORED_IDS)
SMALL = {
    "TrainIdEnd": "400",
    "BatchIdStart": "401",
    "BatchIdEnd": "600",
    "NumRound": "5",
    "MetricThreshold": "0.5",
    "ChampionTolerance": "1",
    "InferenceDate": DAY,
}
"""Parameters of an execution on 600 customers: 400 to learn from, 200 to score; so few that chance decides who is the
better model, so any may follow the champion."""
_FINAL = {"Succeeded", "Failed", "Stopped", "CompletedWithFailures"}
_POLL_SECONDS = 0.05

Found = TypeVar("Found")


class HasClients(Protocol):
    """What has clients of one endpoint."""

    def client(self, service: str) -> Any: ...


@dataclass(frozen=True)
class Execution:
    """One execution of a pipeline."""

    endpoint: HasClients
    arn: str

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.endpoint.client("sagemaker").describe_pipeline_execution(
            PipelineExecutionArn=self.arn
        )
        return described

    def steps(self) -> dict[str, dict[str, Any]]:
        """Every step that has started, by its name."""
        listed = self.endpoint.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=self.arn)
        return {step["StepName"]: step for step in listed["PipelineExecutionSteps"]}

    def states(self) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps().items()}

    def wait(self, timeout: float = 90) -> str:
        """Wait for its end and give its state."""
        state: str = until(lambda: (now := self.describe()["PipelineExecutionStatus"]) in _FINAL and now, timeout)
        return state

    def wait_for_step(self, name: str, timeout: float = 60) -> None:
        """Wait until a step executes; too late is a failure of the test."""
        state = until(lambda: self.states().get(name) not in {None, "Starting"} and self.states()[name], timeout)
        assert state == "Executing", f"{name} is {state}, which is too late for this test"

    def retry(self) -> None:
        self.endpoint.client("sagemaker").retry_pipeline_execution(
            PipelineExecutionArn=self.arn, ClientRequestToken=uuid.uuid4().hex
        )

    def reason(self, step: str) -> str:
        """Why a step failed."""
        text: str = self.steps()[step]["FailureReason"]
        return text


def start(endpoint: HasClients, pipeline: str = PIPELINE, **parameters: str) -> Execution:
    """Start an execution, of the end-to-end pipeline with SMALL unless told otherwise."""
    values = {**(SMALL if pipeline == PIPELINE else {}), **parameters}
    started = endpoint.client("sagemaker").start_pipeline_execution(
        PipelineName=pipeline,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
        ClientRequestToken=uuid.uuid4().hex,
    )
    return Execution(endpoint, started["PipelineExecutionArn"])


def small_options(**parameters: str) -> list[str]:
    """SMALL and more as options of a door."""
    return [f"--param={name}={value}" for name, value in {**SMALL, **parameters}.items()]


def until(look: Callable[[], Found | bool | None], timeout: float) -> Found:
    """Look again and again until there is something to see, and give it."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found  # type: ignore[return-value]  # what is true is what was looked for
        assert time.monotonic() < deadline, f"nothing came within {timeout} s"
        time.sleep(_POLL_SECONDS)


def small_customers(seed: int = 7) -> pa.Table:
    """The customers that SMALL learns from and scores."""
    return customers(1, CUSTOMERS, seed)


def as_parquet(rows: pa.Table) -> bytes:
    body = io.BytesIO()
    pq.write_table(rows, body)
    return body.getvalue()


def put_input(endpoint: HasClients, folder: str, body: bytes, name: str = "customers.parquet") -> str:
    """Upload one input file of a test's own, and give the address for the parameter InputDataUri."""
    prefix = f"tests/{folder}/"
    endpoint.client("s3").put_object(Bucket=BUCKET, Key=f"{prefix}{name}", Body=body)
    return f"s3://{BUCKET}/{prefix}"


def published(endpoint: HasClients, day: str = DAY) -> list[dict[str, str]]:
    """The rows that a reader of the table sees for a day."""
    athena = endpoint.client("athena")
    query = athena.start_query_execution(
        QueryString=f"SELECT customer_id, execution_id, model_package_arn FROM {TABLE} WHERE dt = '{day}'",
        QueryExecutionContext={"Database": "ml_metrics"},
        ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/tests/results/"},
    )["QueryExecutionId"]

    def ended() -> Any:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        return status["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"} and status

    status = until(ended, timeout=30)
    assert status["State"] == "SUCCEEDED", status
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    lines = [
        [cell.get("VarCharValue", "") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
    ]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def versions(endpoint: HasClients) -> list[dict[str, Any]]:
    """The registered versions, oldest first; none before the first registration."""
    sagemaker = endpoint.client("sagemaker")
    groups = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if GROUP not in [group["ModelPackageGroupName"] for group in groups]:
        return []
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=GROUP)
    listed = [package for page in pages for package in page["ModelPackageSummaryList"]]
    return sorted(listed, key=lambda package: int(package["ModelPackageVersion"]))
