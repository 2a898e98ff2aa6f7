"""Tuning steps of an execution: what they make, what others read off them, caching, stop, retry, recovery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sagemaker_local.errors import ResourceLimitExceeded, ValidationException
from sagemaker_local.records.execution import ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.records.tuning_job import TuningJob
from tests.fakes.engine import Engine, wait_until
from tests.fakes.scripted_runner import failing, scoring, until_stopped
from tests.fakes.step_definitions import definition, fail, get, join, parameter, tuning

CACHED = {"Enabled": True, "ExpireAfter": "P1D"}


def near_half(hyperparameters: Mapping[str, str]) -> float:
    return 1 - abs(float(hyperparameters["eta"]) - 0.5)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    engine.runner.behaviour = scoring(near_half)
    return engine


def said(engine: Engine, *expressions: Any) -> str:
    """What expressions about the step `Tune` give, as the message of a Fail step."""
    execution = engine.run(definition(tuning(), fail(message=join(*expressions, on=" "))))
    reason = engine.steps(execution)["Stop"].failure_reason
    assert reason is not None
    return reason


def ranked(engine: Engine) -> list[Job]:
    jobs = engine.store.jobs.all(JobKind.TRAINING)
    return sorted(jobs, key=lambda job: near_half(job.request["HyperParameters"]), reverse=True)


def test_step_is_a_tuning_job_with_a_short_name_of_its_own(engine: Engine) -> None:
    execution = engine.run(definition(tuning("Tune_the_model")))

    step = engine.steps(execution)["Tune_the_model"]
    (job,) = engine.store.tuning_jobs.all()
    assert (execution.status, step.status) == (ExecutionStatus.SUCCEEDED, StepStatus.SUCCEEDED)
    assert step.metadata == {"TuningJob": {"Arn": job.arn}}
    assert re.fullmatch(rf"{execution.execution_id}-Tune-th-[A-Za-z0-9]{{10}}", job.name)
    assert len(job.name) <= 32


def test_name_in_the_arguments_is_a_prefix(engine: Engine) -> None:
    execution = engine.run(definition(tuning(arguments={"HyperParameterTuningJobName": "a-very-long-prefix"})))

    (job,) = engine.store.tuning_jobs.all()
    assert re.fullmatch(rf"a-very-l-{execution.execution_id}-[A-Za-z0-9]{{10}}", job.name)
    assert len(job.name) <= 32


def test_later_steps_read_the_best_training_job(engine: Engine) -> None:
    text = said(
        engine,
        get("Steps.Tune.BestTrainingJob.TrainingJobName"),
        get("Steps.Tune.TrainingJobSummaries[0].TrainingJobName"),
        get("Steps.Tune.TrainingJobSummaries[1].TrainingJobName"),
        get("Steps.Tune.BestTrainingJob.TunedHyperParameters['eta']"),
        get("Steps.Tune.TrainingJobStatusCounters.Completed"),
        get("Steps.Tune.HyperParameterTuningJobStatus"),
    )

    best, second = ranked(engine)[:2]
    eta = best.request["HyperParameters"]["eta"]
    assert text == f"{best.name} {best.name} {second.name} {eta} 6 Completed"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("BestTrainingJob.TrainingJobNames", "'TrainingJobNames' is none of"),
        ("TrainingJobSummaries['best'].TrainingJobName", "'best' is none of"),
        ("ModelArtifacts.S3ModelArtifacts", "'ModelArtifacts' is none of .*TrainingJobSummaries"),
    ],
)
def test_property_that_a_tuning_step_has_not_is_refused_when_the_pipeline_is_made(
    engine: Engine, path: str, message: str
) -> None:
    with pytest.raises(ValidationException, match=message):
        engine.start(definition(tuning(), fail(message=get(f"Steps.Tune.{path}"))))


def test_arguments_are_resolved_and_typed(engine: Engine) -> None:
    limits = {"MaxNumberOfTrainingJobs": get("Parameters.Jobs"), "MaxParallelTrainingJobs": 1}
    step = tuning(arguments={"config": {"ResourceLimits": limits}})
    parameters = [parameter("Jobs", 2, "Integer")]

    engine.run(definition(step, parameters=parameters))

    assert len(engine.store.jobs.all(JobKind.TRAINING)) == 2
    with pytest.raises(ValidationException, match="MaxNumberOfTrainingJobs must be of type integer"):
        engine.start(definition(step, parameters=[parameter("Jobs", "2")]), pipeline="other")


def test_request_that_is_refused_fails_the_step_with_the_operation(engine: Engine) -> None:
    execution = engine.run(definition(tuning(arguments={"config": {"Strategy": "Hyperband"}})))

    reason = engine.steps(execution)["Tune"].failure_reason or ""
    assert reason.startswith(
        "ClientError: Failed to invoke sagemaker:CreateHyperParameterTuningJob. Error Details: Strategy 'Hyperband'"
    )


def test_failed_tuning_job_fails_the_step_and_no_policy_tries_it_again(engine: Engine) -> None:
    engine.runner.behaviour = failing("InternalServerError: the host broke")
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "MaxAttempts": 3}

    execution = engine.run(definition(tuning(RetryPolicies=[policy])))

    step = engine.steps(execution)["Tune"]
    assert (execution.status, step.attempt_count) == (ExecutionStatus.FAILED, 1)
    assert (step.failure_reason or "").startswith("ClientError: No training job succeeded after")


def test_refused_request_is_tried_again_as_its_policy_says(engine: Engine) -> None:
    engine.runner.refusal = ResourceLimitExceeded("too many tuning jobs")
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "IntervalSeconds": 7, "MaxAttempts": 2}

    execution = engine.run(definition(tuning(RetryPolicies=[policy])))

    assert (engine.steps(execution)["Tune"].attempt_count, engine.slept) == (3, [7, 14])


def test_result_is_taken_from_the_cache_until_what_is_searched_changes(engine: Engine) -> None:
    first = engine.run(definition(tuning(CacheConfig=CACHED)))
    elsewhere = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/elsewhere"}}
    second = engine.run(definition(tuning(arguments={"definition": elsewhere}, CacheConfig=CACHED)))
    seed = {"config": {"RandomSeed": 2}}
    third = engine.run(definition(tuning(arguments=seed, CacheConfig=CACHED)))
    script = {"definition": {"StaticHyperParameters": {"sagemaker_program": "other.py"}}}
    fourth = engine.run(definition(tuning(arguments=script, CacheConfig=CACHED)))

    hits = [engine.steps(item)["Tune"].cache_hit_arn for item in (first, second, third, fourth)]
    assert hits == [None, first.arn, None, None]
    assert engine.steps(second)["Tune"].metadata == engine.steps(first)["Tune"].metadata
    assert len(engine.store.tuning_jobs.all()) == 3


def test_stop_of_the_execution_stops_the_tuning_job(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    execution = engine.start(definition(tuning()))
    wait_until(lambda: engine.runner.running == 2)

    engine.executions.stop(execution.arn)
    ended = engine.executions.wait(execution.arn, 10)

    (job,) = engine.store.tuning_jobs.all()
    assert (ended.status, job.status) == (ExecutionStatus.STOPPED, JobStatus.STOPPED)
    assert engine.steps(execution)["Tune"].status is StepStatus.STOPPED


def test_retry_tunes_again_what_had_failed(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: oops")
    execution = engine.run(definition(tuning()))
    engine.runner.behaviour = scoring(near_half)

    engine.executions.retry(execution.arn)
    ended = engine.executions.wait(execution.arn, 10)

    assert ended.status is ExecutionStatus.SUCCEEDED
    assert [job.status for job in engine.store.tuning_jobs.all()] == [JobStatus.FAILED, JobStatus.COMPLETED]


def test_end_of_the_endpoint_leaves_a_step_that_a_retry_resumes(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    execution = engine.start(definition(tuning()))
    wait_until(lambda: engine.runner.running == 2)

    engine.executions.interrupt()
    engine.tuning_jobs.interrupt()
    engine.jobs.close(timeout=5)
    engine.tuning_jobs.close(timeout=5)
    engine.executions.close(timeout=5)

    step = engine.steps(execution)["Tune"]
    assert step.status is StepStatus.FAILED
    assert "resume with: python pipeline.py retry" in (step.failure_reason or "")


def test_end_of_the_endpoint_before_a_step_listens_to_it_leaves_one_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.runner.behaviour = until_stopped
    create = engine.tuning_jobs.create

    def create_and_close(request: Mapping[str, Any], tags: Mapping[str, str]) -> TuningJob:
        job = create(request, tags)
        wait_until(lambda: engine.runner.running == 2)
        engine.executions.interrupt()
        engine.tuning_jobs.interrupt()
        engine.jobs.close(timeout=5)
        engine.tuning_jobs.close(timeout=5)
        return job

    monkeypatch.setattr(engine.tuning_jobs, "create", create_and_close)
    execution = engine.start(definition(tuning()))
    engine.executions.wait(execution.arn, 10)

    step = engine.steps(execution)["Tune"]
    assert step.status is StepStatus.FAILED
    assert "resume with: python pipeline.py retry" in (step.failure_reason or "")


def test_step_whose_tuning_job_had_completed_before_the_kill_has_succeeded(engine: Engine) -> None:
    wreck = _wreck(engine)

    engine.executions.recover()

    step = engine.store.executions.steps(wreck.execution_arn)[0]
    best = ranked(engine)[0]
    assert (step.status, step.failure_reason) == (StepStatus.SUCCEEDED, None)
    assert step.properties["TrainingJobSummaries"][0]["TrainingJobName"] == best.name


def test_step_whose_tuning_job_ran_at_the_kill_has_failed(engine: Engine) -> None:
    wreck = _wreck(engine)
    (job,) = engine.store.tuning_jobs.all()
    engine.store.tuning_jobs.update(replace(job, status=JobStatus.IN_PROGRESS, ended=None))

    engine.tuning_jobs.recover()
    engine.executions.recover()

    step = engine.store.executions.steps(wreck.execution_arn)[0]
    assert step.status is StepStatus.FAILED
    assert "resume with" in (step.failure_reason or "")


def _wreck(engine: Engine) -> Step:
    """An execution as a kill leaves it whose tuning job has completed; the news of it had not arrived."""
    execution = engine.run(definition(tuning()))
    step = replace(engine.steps(execution)["Tune"], status=StepStatus.EXECUTING, ended=None, properties={})
    engine.store.executions.save_step(step)
    engine.store.executions.update(replace(execution, status=ExecutionStatus.EXECUTING))
    return step
