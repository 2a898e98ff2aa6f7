"""How predictions become a day of the table."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator

from pipelines.config.aws_names import InstanceType
from pipelines.config.section import Section

TODAY = "today"
"""The day on which the execution starts, in UTC."""


class Publish(Section):
    """The job PublishToAthena."""

    inference_date: str = TODAY
    """`today` or a day as YYYY-MM-DD; a pipeline parameter may change it for one run."""
    mode: Literal["replace_partition", "append"] = "replace_partition"
    """Whether readers see a day's newest run only, or all runs of the day, each in a partition dt, run."""
    keep_runs: int = Field(default=3, ge=1, le=100)
    """How many older runs of a day stay in S3, to go back to; at least one, because a reader may be on it."""
    predictions_format: Literal["parquet", "csv"] = "parquet"
    """csv: the predictions are at predictions/csv/<execution>/, too; the table is Parquet either way."""
    instance_type: InstanceType | None = None
    """Left out: processing_instance_type."""
    max_runtime_seconds: int = Field(default=7200, ge=1, le=777600)

    @field_validator("inference_date")
    @classmethod
    def _check_date(cls, value: str) -> str:
        if value == TODAY:
            return value
        try:
            day = dt.date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            raise ValueError(f"allowed: {TODAY!r} or a day written as YYYY-MM-DD")
        return value
