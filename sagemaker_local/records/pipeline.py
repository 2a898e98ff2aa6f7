"""Pipelines and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PipelineVersion:
    """One update of a pipeline's definition; versions count from 1."""

    pipeline_name: str
    version: int
    definition: str
    created: datetime
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline with its newest definition."""

    name: str
    arn: str
    definition: str
    """The JSON text as it was given; DescribePipeline returns it unchanged."""
    role_arn: str
    created: datetime
    modified: datetime
    version: int = 1
    display_name: str | None = None
    description: str | None = None
    max_parallel_steps: int | None = None
    last_run: datetime | None = None
    client_request_token: str | None = None
