"""What the next endpoint finds after a kill, and what it makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from tests.fakes.engine import PLACE, Engine
from tests.fakes.scripted_runner import COMPLETED, complete, failing
from tests.fakes.step_definitions import (
    FUNCTION,
    condition,
    definition,
    function,
    input_from,
    processing,
    training,
)

_CHAIN = definition(processing(), training(DependsOn=["Prepare"]), function("Last", DependsOn=["Train"]))


def _fail_training(job: Job, control: JobControl) -> JobOutcome:
    return failing("AlgorithmError: bad")(job, control) if job.kind is JobKind.TRAINING else COMPLETED


class _Wreck:
    """What a killed endpoint leaves: Prepare has succeeded, Train runs."""

    def __init__(self, engine: Engine, status: ExecutionStatus = ExecutionStatus.EXECUTING) -> None:
        engine.functions.handlers[FUNCTION] = lambda _: {}
        engine.runner.behaviour = _fail_training
        self.engine = engine
        self.execution = engine.run(_CHAIN)
        self.prepared = engine.steps(self.execution)["Prepare"]
        train = engine.steps(self.execution)["Train"]
        running = replace(train, status=StepStatus.EXECUTING, ended=None, failure_reason=None, properties={})
        engine.store.executions.delete_steps(self.execution.arn, ["Train"])
        engine.store.executions.save_step(running)
        engine.store.executions.update(replace(self.execution, status=status, failure_reason=None))
        engine.runner.behaviour = complete

    def set_job(self, status: JobStatus) -> None:
        job = self.engine.store.jobs.all(JobKind.TRAINING)[0]
        artifacts = {"ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/m.tar.gz"}}
        self.engine.store.jobs.update(replace(job, status=status, failure_reason=None, details=artifacts))

    def recover(self) -> tuple[Execution, dict[str, Step]]:
        self.engine.jobs.recover()
        self.engine.executions.recover()
        return self.engine.store.executions.get(self.execution.arn), self.engine.steps(self.execution)


def test_recover_fails_what_ran_with_the_command_that_resumes_it(engine: Engine) -> None:
    wreck = _Wreck(engine)
    wreck.set_job(JobStatus.IN_PROGRESS)

    execution, steps = wreck.recover()

    command = f"python pipeline.py retry {execution.execution_id} --local"
    assert (execution.status, steps["Train"].status) == (ExecutionStatus.FAILED, StepStatus.FAILED)
    assert command in (execution.failure_reason or "")
    assert command in (steps["Train"].failure_reason or "")
    assert steps["Prepare"] == wreck.prepared


def test_retry_after_recover_loses_nothing_that_had_finished(engine: Engine) -> None:
    wreck = _Wreck(engine)
    wreck.set_job(JobStatus.IN_PROGRESS)
    execution, _ = wreck.recover()

    engine.executions.retry(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.SUCCEEDED
    assert engine.steps(execution)["Prepare"] == wreck.prepared


def test_recover_keeps_a_step_whose_job_had_completed(engine: Engine) -> None:
    wreck = _Wreck(engine)
    wreck.set_job(JobStatus.COMPLETED)

    _, steps = wreck.recover()

    assert steps["Train"].status is StepStatus.SUCCEEDED
    assert steps["Train"].properties["ModelArtifacts"] == {"S3ModelArtifacts": "s3://bucket/m.tar.gz"}


def test_recover_ends_a_stop_that_was_under_way_as_stopped(engine: Engine) -> None:
    wreck = _Wreck(engine, ExecutionStatus.STOPPING)
    wreck.set_job(JobStatus.STOPPING)

    execution, steps = wreck.recover()

    assert (execution.status, steps["Train"].status) == (ExecutionStatus.STOPPED, StepStatus.STOPPED)


def test_recover_leaves_ended_executions_alone(engine: Engine) -> None:
    execution = engine.run(definition(condition()))

    engine.executions.recover()

    assert engine.store.executions.get(execution.arn) == execution


def test_recover_of_an_execution_without_steps_fails_it(engine: Engine) -> None:
    execution = engine.run(definition(processing(), processing("Next", arguments=input_from("Prepare"))))
    engine.store.executions.delete_steps(execution.arn, ["Prepare", "Next"])
    engine.store.executions.update(replace(execution, status=ExecutionStatus.EXECUTING))

    engine.executions.recover()
    engine.executions.retry(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.SUCCEEDED
    assert datetime.now(UTC) - execution.created < timedelta(minutes=1)
    assert execution.arn.startswith(PLACE.arn("pipeline/churn/execution/"))
