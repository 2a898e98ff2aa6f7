"""What all processing jobs have in common."""

from __future__ import annotations

from pydantic import Field

from pipelines.config.section import Section


class Processing(Section):
    """Resources of the jobs that run our scripts, training aside."""

    volume_gb: int = Field(default=30, ge=1, le=16384)
    max_runtime_seconds: int = Field(default=7200, ge=1, le=777600)
    """The service stops a job that takes longer."""
