"""How customers get into the feature group."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import InstanceType, Several
from pipelines.config.section import Section

Bounds = Annotated[tuple[float | None, float | None], Several]


class Ingestion(Section):
    """The job IngestFeatures of the pipeline feature-ingestion."""

    max_refused_share: float = Field(default=0.01, ge=0, le=1)
    """More bad rows than this, and nothing is ingested."""
    ranges: dict[str, Bounds] = Field(default={})
    """Least and largest value of a numeric feature, both allowed; null: no bound."""
    threads: int = Field(default=8, ge=1, le=64)
    max_attempts: int = Field(default=8, ge=1, le=20)
    """For each batch of records that the service does not take, with growing waits in between."""
    create_wait_seconds: int = Field(default=600, ge=1, le=3600)
    """How long the creation of the feature group may take."""
    instance_type: InstanceType | None = None
    """Left out: processing_instance_type."""
    max_runtime_seconds: int = Field(default=14400, ge=1, le=777600)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, (low, high) in self.ranges.items():
            if low is not None and high is not None and low > high:
                raise ValueError(f"the range of {name!r} begins at {low} and ends at {high}; allowed: [least, largest]")
        return self
