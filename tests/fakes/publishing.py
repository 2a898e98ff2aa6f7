"""What a publish needs: files to be scored, what a transform job made of them, and the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
from dataset_schema import Schema
from publish_plan import Plan

from tests.fakes.datasets import SMALL, small_rows, write_rows

DAY = "2026-01-31"
NOW = datetime(2026, 1, 31, 12, 30, 0, 123_456, tzinfo=UTC)


def plan_of(folder: Path, document: dict[str, Any] = SMALL, execution: str = "run-1", **options: Any) -> Plan:
    """A publish of the files that `scored` writes, to scores.daily."""
    plan = Plan(
        predictions=folder / "predictions",
        batch=folder / "batch",
        schema=Schema.from_document(document),
        database="scores",
        table="daily",
        bucket="lake",
        prefix="out/daily/",
        day=date.fromisoformat(DAY),
        execution_id=execution,
        model_package_arn="arn:model/1",
        now=NOW,
    )
    return replace(plan, **options)


def predictions_of(ids: list[Any], **columns: Any) -> pa.Table:
    """What a transform job answers for these ids; a keyword replaces a column."""
    types = {"customer_id": pa.string(), "prediction": pa.int32(), "prediction_probability": pa.float64()}
    probabilities = [0.01 * (number % 100) for number in range(len(ids))]
    values = {
        "customer_id": ids,
        "prediction": [int(value >= 0.5) for value in probabilities],
        "prediction_probability": probabilities,
    }
    return pa.table({name: pa.array(values[name], types[name]) for name in types} | columns)


def scored(folder: Path, files: int = 2, count: int = 20) -> None:
    """Write files to be scored, and what a transform job makes of them."""
    for number in range(files):
        rows = small_rows(count, first=1 + number * count).drop_columns("churned")
        write_rows(folder / f"batch/part-{number:05d}.parquet", rows)
        answer = predictions_of(rows["customer_id"].to_pylist())
        write_rows(folder / f"predictions/part-{number:05d}.parquet.out", answer)


def scored_csv(folder: Path, files: int = 2, count: int = 20, **columns: Any) -> None:
    """Write the same as CSV without a header; a keyword replaces a column of what is answered."""
    for number in range(files):
        rows = small_rows(count, first=1 + number * count).drop_columns("churned")
        write_bare_csv(folder / f"batch/part-{number:05d}.csv", rows)
        write_bare_csv(
            folder / f"predictions/part-{number:05d}.csv.out",
            predictions_of(rows["customer_id"].to_pylist(), **columns),
        )


def write_bare_csv(path: Path, rows: pa.Table) -> None:
    """Write rows as CSV without a header, texts in quotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pa.csv.write_csv(rows, path, pa.csv.WriteOptions(include_header=False))


def rewrite(folder: Path, table: pa.Table, number: int = 0) -> None:
    """Replace one file of predictions."""
    write_rows(folder / f"predictions/part-{number:05d}.parquet.out", table)


IDS = [f"CUST_{number:06d}" for number in range(1, 21)]
