"""When a step that failed is tried again, and how long it waits before that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sagemaker_local.errors import ResourceLimitExceeded, ServiceError, ValidationException

_KEYS = ("ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin")
_MAX_INTERVAL_SECONDS = 43_200
_MAX_ATTEMPTS = 20
_MAX_EXPIRE_MINUTES = 14_400
_DEFAULT_ATTEMPTS = 5


class Fault(StrEnum):
    """What a failure was, in the words of RetryPolicies."""

    SERVICE_FAULT = "Step.SERVICE_FAULT"
    """The service itself failed: an internal error."""
    THROTTLING = "Step.THROTTLING"
    JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
    """The job ended with InternalServerError."""
    CAPACITY_ERROR = "SageMaker.CAPACITY_ERROR"
    RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """One entry of RetryPolicies; the first entry that names a fault decides about it."""

    faults: frozenset[Fault]
    interval_seconds: float = 1
    backoff_rate: float = 2.0
    max_attempts: int | None = _DEFAULT_ATTEMPTS
    """How often the step is tried again, not counting the first try."""
    expire_after_seconds: float | None = None
    """How long after the first try the step may be tried again."""


# SageMaker retries these without a policy, too; how often, it does not say.
_AUTOMATIC = RetryPolicy(frozenset({Fault.SERVICE_FAULT, Fault.THROTTLING}), max_attempts=3)

# How the failure reasons of jobs begin.
_JOB_FAULTS = {
    "InternalServerError": Fault.JOB_INTERNAL_ERROR,
    "CapacityError": Fault.CAPACITY_ERROR,
    "ResourceLimitExceeded": Fault.RESOURCE_LIMIT,
}
_REFUSAL_FAULTS = {
    "ThrottlingException": Fault.THROTTLING,
    "InternalFailure": Fault.SERVICE_FAULT,
    ResourceLimitExceeded.code: Fault.RESOURCE_LIMIT,
}


def parse_retry_policies(raw: Any) -> tuple[RetryPolicy, ...]:
    """Read `RetryPolicies`.

    Raises:
        ValidationException: an unknown key or exception type, a number out of range, or both limits at once.
    """
    if not isinstance(raw, list):
        raise ValidationException("'RetryPolicies' must be a list.")
    return tuple(_parse_policy(item) for item in raw)


def fault_of_refusal(error: ServiceError) -> Fault | None:
    """Classify a refused API call; None: no policy can name it."""
    if error.http_status >= 500:
        return Fault.SERVICE_FAULT
    return _REFUSAL_FAULTS.get(error.code)


def fault_of_job(failure_reason: str | None) -> Fault | None:
    """Classify a job's FailureReason; None: the job's own failure, which no policy can name."""
    return next((fault for start, fault in _JOB_FAULTS.items() if (failure_reason or "").startswith(start)), None)


def delay_before_retry(
    policies: Sequence[RetryPolicy], fault: Fault | None, tries: int, elapsed_seconds: float
) -> float | None:
    """Say how many seconds to wait before the next try; None: do not try again.

    Args:
        policies: of the step.
        fault: what the last try ended with.
        tries: how many tries there were.
        elapsed_seconds: since the first try began.
    """
    policy = next((policy for policy in (*policies, _AUTOMATIC) if fault in policy.faults), None)
    if policy is None or (policy.max_attempts is not None and tries > policy.max_attempts):
        return None
    delay: float = policy.interval_seconds * policy.backoff_rate ** (tries - 1)
    if policy.expire_after_seconds is not None and elapsed_seconds + delay > policy.expire_after_seconds:
        return None
    return delay


def _parse_policy(raw: Any) -> RetryPolicy:
    if not isinstance(raw, Mapping):
        raise ValidationException(f"Retry policy {raw!r} must be an object with the keys {', '.join(_KEYS)}.")
    if unknown := [key for key in raw if key not in _KEYS]:
        raise ValidationException(f"Retry policy has unknown key {unknown[0]!r}; known keys: {', '.join(_KEYS)}.")
    attempts = _number(raw, "MaxAttempts", 0, _MAX_ATTEMPTS)
    expire_minutes = _number(raw, "ExpireAfterMin", 0, _MAX_EXPIRE_MINUTES)
    if attempts is not None and expire_minutes is not None:
        raise ValidationException("Retry policy has both MaxAttempts and ExpireAfterMin; give one of them.")
    limit = _DEFAULT_ATTEMPTS if attempts is None and expire_minutes is None else attempts
    interval = _number(raw, "IntervalSeconds", 1, _MAX_INTERVAL_SECONDS)
    backoff = _number(raw, "BackoffRate", 0, float("inf"))
    return RetryPolicy(
        faults=_faults(raw.get("ExceptionType")),
        interval_seconds=1 if interval is None else interval,
        backoff_rate=2.0 if backoff is None else backoff,
        max_attempts=None if limit is None else int(limit),
        expire_after_seconds=None if expire_minutes is None else expire_minutes * 60,
    )


def _faults(raw: Any) -> frozenset[Fault]:
    names = [raw] if isinstance(raw, str) else raw
    allowed = [fault.value for fault in Fault]
    if not isinstance(names, list) or not names:
        raise ValidationException(f"Retry policy needs an ExceptionType: a list out of {', '.join(allowed)}.")
    for name in names:
        if name not in allowed:
            raise ValidationException(f"Retry policy has ExceptionType {name!r}; allowed are {', '.join(allowed)}.")
    return frozenset(Fault(name) for name in names)


def _number(raw: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValidationException(f"Retry policy has {key} {value!r}; allowed are numbers from {least} to {most}.")
    number: float = value
    return number
