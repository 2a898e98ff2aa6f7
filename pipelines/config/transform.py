"""How a batch is scored."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import InstanceType
from pipelines.config.section import Section

PRODUCT_LIMIT_MB = 100
"""CreateTransformJob refuses MaxConcurrentTransforms x MaxPayloadInMB above it."""


class Transform(Section):
    """Resources and limits of the Batch Transform job."""

    instance_type: InstanceType = "ml.m5.xlarge"
    instance_count: int = Field(default=1, ge=1, le=100)
    max_payload_mb: int = Field(default=20, ge=1, le=100)
    """Largest request; Preprocess cuts the batch into files below it, because each file is one request."""
    max_concurrent_transforms: int = Field(default=4, ge=1, le=100)
    """Requests at the same time on each instance; one a core is a good number."""
    invocation_timeout_seconds: int = Field(default=600, ge=1, le=3600)
    invocation_retries: int = Field(default=2, ge=0, le=3)

    @model_validator(mode="after")
    def _check(self) -> Self:
        product = self.max_payload_mb * self.max_concurrent_transforms
        if product > PRODUCT_LIMIT_MB:
            raise ValueError(
                f"max_payload_mb {self.max_payload_mb} times max_concurrent_transforms "
                f"{self.max_concurrent_transforms} is {product}; allowed: a product of at most {PRODUCT_LIMIT_MB}"
            )
        return self
