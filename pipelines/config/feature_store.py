"""The feature group as a source: how QueryFeatures reads it."""

from __future__ import annotations

from pydantic import Field

from pipelines.config.aws_names import InstanceType
from pipelines.config.section import Section


class FeatureStore(Section):
    """The job QueryFeatures."""

    freshness_wait_seconds: int = Field(default=1200, ge=0, le=86400)
    """How long the offline store may take to have what the last ingestion sent; the service promises 15 minutes."""
    instance_type: InstanceType | None = None
    """Left out: processing_instance_type."""
    max_runtime_seconds: int = Field(default=7200, ge=1, le=777600)
