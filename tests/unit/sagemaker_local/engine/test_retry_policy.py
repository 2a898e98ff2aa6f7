from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.retry_policy import (
    Fault,
    RetryPolicy,
    delay_before_retry,
    fault_of_job,
    fault_of_refusal,
    parse_retry_policies,
)
from sagemaker_local.errors import InternalFailure, ResourceLimitExceeded, ServiceError, ValidationException

_CAPACITY = "SageMaker.CAPACITY_ERROR"


def test_policy_with_defaults_waits_1_2_4_8_16_seconds_then_gives_up() -> None:
    policies = parse_retry_policies([{"ExceptionType": [_CAPACITY]}])

    delays = [delay_before_retry(policies, Fault.CAPACITY_ERROR, tries, 0) for tries in range(1, 7)]

    assert delays == [1, 2, 4, 8, 16, None]


def test_policy_reads_interval_rate_and_limit() -> None:
    raw = {"ExceptionType": [_CAPACITY], "IntervalSeconds": 10, "BackoffRate": 3.0, "MaxAttempts": 2}

    delays = [delay_before_retry(parse_retry_policies([raw]), Fault.CAPACITY_ERROR, tries, 0) for tries in (1, 2, 3)]

    assert delays == [10, 30, None]


def test_policy_with_no_attempts_never_retries() -> None:
    policies = parse_retry_policies([{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 0}])

    assert delay_before_retry(policies, Fault.THROTTLING, 1, 0) is None


def test_policy_that_expires_has_no_other_limit() -> None:
    policies = parse_retry_policies([{"ExceptionType": [_CAPACITY], "ExpireAfterMin": 2, "BackoffRate": 1}])

    assert delay_before_retry(policies, Fault.CAPACITY_ERROR, 50, elapsed_seconds=100) == 1
    assert delay_before_retry(policies, Fault.CAPACITY_ERROR, 51, elapsed_seconds=120) is None


def test_first_policy_that_names_the_fault_decides() -> None:
    policies = (
        RetryPolicy(frozenset({Fault.THROTTLING}), interval_seconds=7),
        RetryPolicy(frozenset(Fault), interval_seconds=9),
    )

    assert delay_before_retry(policies, Fault.THROTTLING, 1, 0) == 7
    assert delay_before_retry(policies, Fault.RESOURCE_LIMIT, 1, 0) == 9


@pytest.mark.parametrize("fault", [Fault.SERVICE_FAULT, Fault.THROTTLING])
def test_faults_of_the_service_are_retried_without_a_policy(fault: Fault) -> None:
    assert delay_before_retry((), fault, 1, 0) == 1


@pytest.mark.parametrize("fault", [Fault.JOB_INTERNAL_ERROR, Fault.CAPACITY_ERROR, Fault.RESOURCE_LIMIT, None])
def test_other_faults_are_not_retried_without_a_policy(fault: Fault | None) -> None:
    assert delay_before_retry((), fault, 1, 0) is None


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("InternalServerError: We encountered an internal error.", Fault.JOB_INTERNAL_ERROR),
        ("CapacityError: Unable to provision", Fault.CAPACITY_ERROR),
        ("ResourceLimitExceeded: the account limit", Fault.RESOURCE_LIMIT),
        ("AlgorithmError: exit code 1", None),
        (None, None),
    ],
)
def test_fault_of_a_job_is_read_off_its_reason(reason: str | None, fault: Fault | None) -> None:
    assert fault_of_job(reason) is fault


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InternalFailure("x"), Fault.SERVICE_FAULT),
        (ResourceLimitExceeded("x"), Fault.RESOURCE_LIMIT),
        (ValidationException("x"), None),
    ],
)
def test_fault_of_a_refusal_is_read_off_its_code(error: ServiceError, fault: Fault | None) -> None:
    assert fault_of_refusal(error) is fault


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "'RetryPolicies' must be a list"),
        ([3], "Retry policy 3 must be an object"),
        ([{}], "needs an ExceptionType: a list out of Step.SERVICE_FAULT"),
        ([{"ExceptionType": ["Emr.RESOURCE_LIMIT"]}], "ExceptionType 'Emr.RESOURCE_LIMIT'; allowed are"),
        ([{"ExceptionType": [_CAPACITY], "Max": 1}], "unknown key 'Max'"),
        (
            [{"ExceptionType": [_CAPACITY], "MaxAttempts": 1, "ExpireAfterMin": 1}],
            "both MaxAttempts and ExpireAfterMin",
        ),
        ([{"ExceptionType": [_CAPACITY], "MaxAttempts": 21}], "MaxAttempts 21; allowed are numbers from 0 to 20"),
        ([{"ExceptionType": [_CAPACITY], "IntervalSeconds": 0}], "IntervalSeconds 0; allowed are numbers from 1"),
        ([{"ExceptionType": [_CAPACITY], "BackoffRate": "2"}], "BackoffRate '2'"),
    ],
)
def test_policy_of_another_form_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_retry_policies(raw)
