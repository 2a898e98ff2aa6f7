"""A pipeline that publishes days, its service and its table, and the command over them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from cli import main
from cli.commands import backfill
from cli.context import Context
from tests.fakes.glue import FakeGlue
from tests.unit.cli.fakes import BEGIN, context_with

TODAY = date(2026, 2, 10)
NAMES = {"InferenceDate": "today", "ModelVersion": "latest", "BatchIdEnd": "5000", "GitCommit": "unknown"}
ARN = "arn:aws:sagemaker:us-west-2:000000000000:pipeline/churn-batch-inference/execution/"
MODEL = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn-models/"


class Service:
    """SageMaker whose executions end at the second look and publish their day, unless a day is told to do otherwise."""

    def __init__(self, glue: FakeGlue) -> None:
        self.glue = glue
        self.outcomes: dict[str, str] = {}
        """By day: the state that its execution ends in; one that succeeds publishes."""
        self.publishes: set[str] = set()
        """Days that are published although a step fails."""
        self.versions = {"1": "Approved", "2": "Rejected"}
        self.requests: list[dict[str, Any]] = []
        self.looks: dict[str, int] = {}
        self.days: dict[str, str] = {}
        self.older: list[dict[str, Any]] = []
        self.most_at_once = 0

    def start_pipeline_execution(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        day = parameters_of(request)["InferenceDate"]
        arn = f"{ARN}run{len(self.requests):09d}"
        self.days[arn], self.looks[arn] = day, 0
        self.most_at_once = max(self.most_at_once, sum(looks < 2 for looks in self.looks.values()))
        return {"PipelineExecutionArn": arn}

    def describe_pipeline_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:  # noqa: N803
        self.looks[PipelineExecutionArn] += 1
        day = self.days[PipelineExecutionArn]
        state = self.outcomes.get(day, "Succeeded") if self.looks[PipelineExecutionArn] >= 2 else "Executing"
        if state == "Succeeded" or (state != "Executing" and day in self.publishes):
            self.publish(day, PipelineExecutionArn.rpartition("/")[2])
        return {
            "PipelineExecutionStatus": "Succeeded" if state == "Lost" else state,
            "CreationTime": BEGIN,
            "LastModifiedTime": BEGIN + timedelta(seconds=7.5),
        }

    def list_pipeline_execution_steps(self, *, PipelineExecutionArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        day = self.days[PipelineExecutionArn]
        return {
            "PipelineExecutionSteps": [
                {"StepName": "QueryFeatures", "StepStatus": "Succeeded"},
                {"StepName": "Transform", "StepStatus": "Failed", "FailureReason": f"no [capacity]\non {day}"},
            ]
            if self.outcomes.get(day) in {"Failed", "CompletedWithFailures"}
            else []
        }

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSummaries": self.older}

    def list_pipeline_parameters_for_execution(self, *, PipelineExecutionArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        (found,) = [item for item in self.older if item["PipelineExecutionArn"] == PipelineExecutionArn]
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in found["parameters"].items()]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_model_packages"
        packages = [
            {
                "ModelPackageVersion": int(version),
                "ModelPackageArn": MODEL + version,
                "ModelApprovalStatus": status,
                "ModelPackageStatus": "Completed",
                "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            }
            for version, status in self.versions.items()
        ]
        return SimpleNamespace(paginate=lambda **_: [{"ModelPackageSummaryList": packages}])

    def is_left(self, day: str, state: str = "Executing", **parameters: str) -> None:
        """An earlier backfill has left an execution of a day."""
        arn = f"{ARN}left00000000"
        self.days[arn], self.looks[arn] = day, 0
        self.older.append(
            {
                "PipelineExecutionArn": arn,
                "PipelineExecutionStatus": state,
                "PipelineExecutionDisplayName": f"backfill-{day}",
                "parameters": {"InferenceDate": day, **parameters},
            }
        )

    def publish(self, day: str, execution: str, version: str = "1") -> None:
        location = f"s3://lake/daily/dt={day}/run={execution}/1/"
        run = {"location": location, "rows": 1001, "model_package_arn": MODEL + version, "published": f"{day}T03:00"}
        self.glue.tables["scores", "daily"] = {"Name": "daily", "PartitionKeys": [{"Name": "dt"}]}
        self.glue.partitions["scores", "daily", day] = {
            "Values": [day],
            "StorageDescriptor": {"Location": location},
            "Parameters": {"publications": json.dumps({"current": run, "older": [], "removing": []})},
        }


class Terminal:
    """The command over the service."""

    def __init__(self) -> None:
        self.service = Service(FakeGlue())
        self.context: Context
        self.printed: io.StringIO
        self.context, self.printed = context_with(sagemaker=self.service, glue=self.service.glue)
        self.context.__dict__["config"] = SimpleNamespace(
            athena_database="scores",
            athena_output_table="daily",
            model_package_group="churn-models",
            model_approval_status="Approved",
            project_name="churn",
        )

    def run(self, *options: str, first: str = "2026-02-01", last: str = "2026-02-03") -> int:
        words = ["backfill", "end-to-end", "--from", first, "--to", last, *options]
        return backfill.backfill(self.context, main.build_parser().parse_args(words))

    @property
    def started(self) -> list[str]:
        return [parameters_of(request)["InferenceDate"] for request in self.service.requests]

    @property
    def rows(self) -> dict[str, list[str]]:
        """The table by day."""
        lines = [line for line in self.printed.getvalue().splitlines() if line.startswith("│ 2026")]
        cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
        return {row[0]: row[1:] for row in cells}


def parameters_of(request: Mapping[str, Any]) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in request["PipelineParameters"]}
