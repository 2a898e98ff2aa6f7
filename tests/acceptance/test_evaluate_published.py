"""Labels that come late, against a started endpoint: uploaded, then joined to what Glue and S3 say was published."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from publish import publish
from publish_plan import Mode

from cli import late_labels
from cli.context import Context
from tests.acceptance.conftest import PROJECT, Endpoint
from tests.fakes.datasets import SMALL, write_schema
from tests.fakes.publishing import NOW, plan_of, scored

BUCKET = DATABASE = "late-labels"


@pytest.fixture(scope="module")
def bucket(endpoint: Endpoint) -> str:
    endpoint.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return BUCKET


class Desk:
    """A table of published days, and the job that evaluates one."""

    def __init__(self, endpoint: Endpoint, folder: Path, table: str, mode: Mode) -> None:
        self.endpoint, self.folder, self.table, self.mode = endpoint, folder, table, mode
        self.schema = write_schema(folder, SMALL)

    def publish(self, day: str, execution: str, hours: int = 0) -> None:
        scored(self.folder, files=1)
        now = NOW + timedelta(hours=hours)
        place: dict[str, Any] = {"database": DATABASE, "table": self.table, "bucket": BUCKET}
        place["prefix"] = f"out/{self.table}/"
        plan = plan_of(self.folder, execution=execution, day=date.fromisoformat(day), mode=self.mode, now=now, **place)
        publish(plan, self.endpoint.client("s3"), self.endpoint.client("glue"), lambda: now)

    def evaluate(self, day: str, labels: Path) -> subprocess.CompletedProcess[str]:
        """Run the script as a job does: a process of its own."""
        options = {
            "table": f"{DATABASE}.{self.table}",
            "day": day,
            "raw-labels": labels,
            "schema": self.schema,
            "output": self.folder / "out",
            "region": "us-west-2",
        }
        return subprocess.run(
            [sys.executable, "scripts/evaluate_batch.py", *(f"--{name}={value}" for name, value in options.items())],
            cwd=PROJECT,
            env=self.endpoint.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "out/evaluation.json").read_text(encoding="utf-8"))
        return found


def write_labels(folder: Path) -> Path:
    """Of three of the twenty rows that `scored` makes, whose probabilities grow from 0.00 to 0.19."""
    (folder / "raw").mkdir()
    (folder / "raw/labels.csv").write_text("CUST_000020,1\nCUST_000001,0\nCUST_000019,0\n", encoding="utf-8")
    return folder / "raw"


@pytest.mark.parametrize("mode", [Mode.REPLACE_PARTITION, Mode.APPEND])
def test_published_day_is_read_back_with_the_run_that_counts(
    endpoint: Endpoint, bucket: str, tmp_path: Path, mode: Mode
) -> None:
    desk = Desk(endpoint, tmp_path, f"daily_{mode.value}", mode)
    desk.publish("2026-01-30", "another-day")
    desk.publish("2026-01-31", "first")
    desk.publish("2026-01-31", "second", hours=1)

    done = desk.evaluate("2026-01-31", write_labels(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    assert (desk.document["rows"], desk.document["labelled_rows"], desk.document["roc_auc"]) == (20, 3, 1.0)
    runs = {Mode.REPLACE_PARTITION: "second", Mode.APPEND: "second, first"}
    assert desk.document["execution_id"] == runs[mode]


def test_day_that_is_not_published_fails_with_the_nearest_one(endpoint: Endpoint, bucket: str, tmp_path: Path) -> None:
    desk = Desk(endpoint, tmp_path, "daily_nearest", Mode.REPLACE_PARTITION)
    desk.publish("2026-01-30", "run")

    done = desk.evaluate("2026-02-05", write_labels(tmp_path))

    assert done.returncode == 1
    assert "daily_nearest has no rows of 2026-02-05; the nearest days that it has are '2026-01-30'." in done.stderr


def test_labels_are_uploaded_once_and_found_in_s3(endpoint: Endpoint, bucket: str, tmp_path: Path) -> None:
    context = Context(is_local=True)
    context.__dict__["_clients"] = {"s3": endpoint.client("s3")}
    context.__dict__["config"] = SimpleNamespace(root_uri=f"s3://{bucket}/mlops")
    folder = write_labels(tmp_path)

    address = late_labels.address_of(context, str(folder))
    place = {"Bucket": bucket, "Key": f"{address.removeprefix(f's3://{bucket}/')}labels.csv"}
    uploaded = endpoint.client("s3").head_object(**place)["LastModified"]

    assert late_labels.address_of(context, str(folder)) == address
    assert endpoint.client("s3").head_object(**place)["LastModified"] == uploaded
    assert late_labels.address_of(context, address.rstrip("/")) == address
    assert late_labels.address_of(context, f"{address}labels.csv") == f"{address}labels.csv"
