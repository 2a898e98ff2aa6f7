"""The Lambda functions that pipelines call, and the one that starts upload-inference."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import RoleArn
from pipelines.config.section import Section


class Functions(Section):
    """Resources of every function."""

    role_arn: RoleArn | None = None
    """Left out: role_arn of the configuration; AWS Lambda must be allowed to assume it."""
    timeout_seconds: int = Field(default=360, ge=1, le=600)
    memory_mb: int = Field(default=256, ge=128, le=10240)
    wait_seconds: int = Field(default=300, ge=0)
    """How long GetLatestApprovedModel waits until the version that this execution registered is listed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.wait_seconds >= self.timeout_seconds:
            raise ValueError(
                f"wait_seconds {self.wait_seconds} does not fit into timeout_seconds {self.timeout_seconds}; "
                "allowed: a wait shorter than the timeout"
            )
        return self
