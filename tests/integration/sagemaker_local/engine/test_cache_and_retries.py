"""Step caching and retry policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sagemaker_local.engine.executions import Executions
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.errors import ResourceLimitExceeded
from sagemaker_local.records.execution import ExecutionStatus, StepStatus
from sagemaker_local.records.job import Job, JobControl, JobOutcome
from tests.fakes.engine import PLACE, Engine
from tests.fakes.scripted_runner import COMPLETED, complete, failing
from tests.fakes.step_definitions import definition, get, input_from, parameter, processing, training

_CACHE = {"Enabled": True, "ExpireAfter": "P30D"}


def _cached(environment: Any = "x", **arguments: Any) -> dict[str, Any]:
    return processing(arguments={"Environment": {"A": environment}, **arguments}, CacheConfig=_CACHE)


def test_second_run_of_a_cached_step_takes_over_the_first_result(engine: Engine) -> None:
    first = engine.run(definition(_cached()))

    second = engine.run(definition(_cached()))

    original, hit = engine.steps(first)["Prepare"], engine.steps(second)["Prepare"]
    assert len(engine.runner.jobs) == 1
    assert (hit.status, hit.cache_hit_arn) == (StepStatus.SUCCEEDED, first.arn)
    assert (hit.metadata, hit.properties) == (original.metadata, original.properties)


def test_step_after_a_cached_step_reads_the_old_output(engine: Engine) -> None:
    first = engine.run(definition(_cached()))

    second = engine.run(definition(_cached(), processing("Next", arguments=input_from("Prepare"))))

    source = engine.steps(second)["Next"].properties["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    assert source == f"s3://bucket/{first.execution_id}/Prepare"


@pytest.mark.parametrize("roles", [("arn:aws:iam::000000000000:role/a", "arn:aws:iam::000000000000:role/b")])
def test_attributes_outside_the_key_do_not_matter(engine: Engine, roles: tuple[str, str]) -> None:
    for role in roles:
        engine.run(definition(_cached(RoleArn=role)))

    assert len(engine.runner.jobs) == 1


def test_values_are_compared_after_they_are_resolved(engine: Engine) -> None:
    text = definition(_cached(get("Parameters.A")), parameters=[parameter("A", "1")])

    for value in ("1", "2", "1"):
        engine.run(text, parameters={"A": value})

    assert len(engine.runner.jobs) == 2


def test_failed_results_are_never_taken_over(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: bad")
    engine.run(definition(_cached()))
    engine.runner.behaviour = complete

    second = engine.run(definition(_cached()))

    assert second.status is ExecutionStatus.SUCCEEDED
    assert engine.steps(second)["Prepare"].cache_hit_arn is None


def test_results_of_another_pipeline_are_not_taken_over(engine: Engine) -> None:
    engine.run(definition(_cached()))

    other = engine.run(definition(_cached()), pipeline="other")

    assert engine.steps(other)["Prepare"].cache_hit_arn is None


def test_step_without_cache_takes_nothing_over(engine: Engine) -> None:
    engine.run(definition(_cached()))
    step = _cached() | {"CacheConfig": {"Enabled": False, "ExpireAfter": "P30D"}}

    second = engine.run(definition(step))

    assert engine.steps(second)["Prepare"].cache_hit_arn is None


@pytest.mark.parametrize(("days", "is_hit"), [(29, True), (31, False)])
def test_results_expire(engine: Engine, days: int, is_hit: bool) -> None:
    first = engine.run(definition(_cached()))
    step = engine.steps(first)["Prepare"]
    assert step.ended is not None
    engine.store.executions.save_step(replace(step, ended=step.ended - timedelta(days=days)))

    second = engine.run(definition(_cached()))

    assert (engine.steps(second)["Prepare"].cache_hit_arn == first.arn) is is_hit


def test_hit_of_a_hit_names_the_execution_that_did_the_work(engine: Engine) -> None:
    first, _, third = (engine.run(definition(_cached())) for _ in range(3))

    assert engine.steps(third)["Prepare"].cache_hit_arn == first.arn


def _policy(*faults: str, **members: Any) -> list[dict[str, Any]]:
    return [{"ExceptionType": list(faults), "IntervalSeconds": 10, "BackoffRate": 2.0, "MaxAttempts": 3, **members}]


def _failing_times(count: int, reason: str) -> Callable[[Job, JobControl], JobOutcome]:
    left = [reason] * count

    def run(job: Job, control: JobControl) -> JobOutcome:
        return failing(left.pop())(job, control) if left else COMPLETED

    return run


def test_step_is_tried_again_as_its_policy_says(engine: Engine) -> None:
    engine.runner.behaviour = _failing_times(2, "CapacityError: none left")

    execution = engine.run(definition(training(RetryPolicies=_policy("SageMaker.CAPACITY_ERROR"))))

    step = engine.steps(execution)["Train"]
    assert (step.status, step.attempt_count, engine.slept) == (StepStatus.SUCCEEDED, 3, [10, 20])
    assert len({job.name for job in engine.runner.jobs}) == 3
    assert step.metadata["TrainingJob"]["Arn"] == engine.runner.jobs[-1].arn


def test_step_that_fails_every_time_fails_after_its_last_attempt(engine: Engine) -> None:
    engine.runner.behaviour = failing("InternalServerError: sorry")

    execution = engine.run(definition(training(RetryPolicies=_policy("SageMaker.JOB_INTERNAL_ERROR"))))

    step = engine.steps(execution)["Train"]
    assert (step.status, step.attempt_count, engine.slept) == (StepStatus.FAILED, 4, [10, 20, 40])
    assert step.failure_reason == "ClientError: InternalServerError: sorry"


def test_failure_of_the_script_is_never_tried_again(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: exit code 1")
    faults = ["SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "Step.SERVICE_FAULT"]

    execution = engine.run(definition(training(RetryPolicies=_policy(*faults))))

    assert (engine.steps(execution)["Train"].attempt_count, engine.slept) == (1, [])


def test_refusal_for_a_limit_without_a_policy_says_so_in_the_words_of_the_service(engine: Engine) -> None:
    engine.runner.refusal = ResourceLimitExceeded("The limit is 0 instances.")

    execution = engine.run(definition(training()))

    assert engine.steps(execution)["Train"].failure_reason == (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: The limit is 0 instances.\n"
        f"Retry not appropriate on execution of step with PipelineExecutionArn {execution.arn} and StepId Train. "
        "No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT."
    )


def test_refusal_for_a_limit_with_a_policy_is_tried_again(engine: Engine) -> None:
    engine.runner.refusal = ResourceLimitExceeded("The limit is 0 instances.")

    execution = engine.run(definition(training(RetryPolicies=_policy("SageMaker.RESOURCE_LIMIT", MaxAttempts=1))))

    assert (engine.steps(execution)["Train"].attempt_count, engine.slept) == (2, [10])


def test_stop_ends_the_wait_for_the_next_attempt(engine: Engine) -> None:
    engine.runner.behaviour = failing("CapacityError: none left")

    def sleep_and_stop(stop: StopSignal, seconds: float) -> bool:
        engine.slept.append(seconds)
        executions.stop(execution.arn)
        return stop.wait(5)

    executions = Executions(
        engine.store,
        PLACE,
        engine.jobs,
        engine.tuning_jobs,
        engine.registry,
        engine.objects,
        engine.functions,
        sleep=sleep_and_stop,
    )
    policy = _policy("SageMaker.CAPACITY_ERROR", IntervalSeconds=3600)
    engine.run(definition(processing("Other")))
    pipeline = engine.store.pipelines.get("churn")
    execution = executions.start(replace(pipeline, definition=definition(training(RetryPolicies=policy))), {})

    assert executions.wait(execution.arn, 10).status is ExecutionStatus.STOPPED
    assert engine.slept == [3600]
    assert engine.steps(execution)["Train"].status is StepStatus.STOPPED
