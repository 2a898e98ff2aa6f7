"""When the service tries a step again, and when it takes over an earlier result."""

from __future__ import annotations

from typing import Any

from pipelines.config import PipelineConfig
from pipelines.sdk import (
    CacheConfig,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)


def step_retries(config: PipelineConfig) -> list[Any]:
    """Try again when the service is throttled or at fault; for steps that create no job (models, registration)."""
    retries = config.retries
    return [
        StepRetryPolicy(
            exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
            interval_seconds=retries.interval_seconds,
            backoff_rate=retries.backoff_rate,
            max_attempts=retries.max_attempts,
        )
    ]


def job_retries(config: PipelineConfig) -> list[Any]:
    """Also try again when instances are short or a host breaks; for steps that create a job."""
    retries = config.retries
    return [
        *step_retries(config),
        SageMakerJobStepRetryPolicy(
            exception_types=[
                SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT,
                SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
                SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
            ],
            interval_seconds=retries.interval_seconds,
            backoff_rate=retries.backoff_rate,
            expire_after_mins=retries.capacity_expire_after_minutes,
        ),
    ]


def cached(config: PipelineConfig) -> Any:
    """Take over a result of the same pipeline with the same arguments; None when caching is off."""
    if not config.caching.enabled:
        return None
    return CacheConfig(enable_caching=True, expire_after=config.caching.expire_after)


def cached_if_input_is_immutable(config: PipelineConfig) -> Any:
    """Take over a result only when the configuration promises that an address never changes its content.

    SageMaker's cache key has the address of the input, not what lies there.
    """
    return cached(config) if config.caching.input_is_immutable else None
