"""How often the service tries a step again when the fault is not ours."""

from __future__ import annotations

from pydantic import Field

from pipelines.config.section import Section


class Retries(Section):
    """Retry policies of all steps that support them; a script that fails is never tried again."""

    interval_seconds: int = Field(default=30, ge=1, le=43200)
    backoff_rate: float = Field(default=2.0, ge=0)
    max_attempts: int = Field(default=5, ge=1, le=20)
    """For throttling and faults of the service."""
    capacity_expire_after_minutes: int = Field(default=120, ge=1, le=14400)
    """How long to wait for instances, quotas and healthy hosts."""
