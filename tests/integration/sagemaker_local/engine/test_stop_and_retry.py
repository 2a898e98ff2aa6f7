"""Stop, retry, the endpoint's own end, and recovery after it was killed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.engine import saving
from sagemaker_local.errors import ConflictException, ResourceNotFound
from sagemaker_local.records.execution import Execution, ExecutionStatus, StepStatus
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from tests.fakes.engine import Engine, build, wait_until
from tests.fakes.scripted_runner import COMPLETED, ScriptedRunner, complete, failing, until_stopped
from tests.fakes.step_definitions import (
    FUNCTION,
    condition,
    definition,
    equals,
    fail,
    function,
    get,
    processing,
    training,
)

_CHAIN = definition(processing(), training(DependsOn=["Prepare"]), function("Last", DependsOn=["Train"]))


def _statuses(engine: Engine, execution: Execution) -> dict[str, StepStatus]:
    return {name: step.status for name, step in engine.steps(execution).items()}


def _fail_training(job: Job, control: JobControl) -> JobOutcome:
    return failing("AlgorithmError: bad")(job, control) if job.kind is JobKind.TRAINING else COMPLETED


def test_stop_stops_running_jobs_and_starts_nothing_more(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    execution = engine.start(_CHAIN)
    engine.runner.started.wait(5)

    engine.executions.stop(execution.arn)

    ended = engine.executions.wait(execution.arn, 10)
    assert (ended.status, ended.failure_reason) == (ExecutionStatus.STOPPED, None)
    assert _statuses(engine, execution) == {"Prepare": StepStatus.STOPPED}
    assert engine.store.jobs.all(JobKind.PROCESSING)[0].status is JobStatus.STOPPED


def test_stop_is_stopping_until_what_runs_has_ended(engine: Engine) -> None:
    may_end = threading.Event()

    def run(job: Job, control: JobControl) -> JobOutcome:
        outcome = until_stopped(job, control)
        may_end.wait(5)
        return outcome

    engine.runner.behaviour = run
    execution = engine.start(_CHAIN)
    engine.runner.started.wait(5)

    engine.executions.stop(execution.arn)
    engine.executions.stop(execution.arn)

    assert engine.store.executions.get(execution.arn).status is ExecutionStatus.STOPPING
    assert _statuses(engine, execution) == {"Prepare": StepStatus.STOPPING}
    may_end.set()
    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.STOPPED


def test_stop_waits_for_a_running_function(engine: Engine) -> None:
    called, may_return = threading.Event(), threading.Event()

    def handler(event: dict[str, Any]) -> None:
        called.set()
        may_return.wait(5)

    engine.functions.handlers[FUNCTION] = handler
    execution = engine.start(definition(function(), function("After", DependsOn=["Latest"])))
    called.wait(5)

    engine.executions.stop(execution.arn)
    status_while_it_runs = engine.store.executions.get(execution.arn).status
    may_return.set()

    assert status_while_it_runs is ExecutionStatus.STOPPING
    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.STOPPED
    assert _statuses(engine, execution) == {"Latest": StepStatus.STOPPED}


def test_stop_of_an_ended_execution_is_refused(engine: Engine) -> None:
    execution = engine.run(definition(condition()))

    with pytest.raises(
        ConflictException, match="is in status Succeeded; only an execution that is Executing can be stopped"
    ):
        engine.executions.stop(execution.arn)


def test_stops_and_retries_at_the_same_time_leave_nothing_half_done(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda _: {}
    engine.runner.behaviour = _fail_training
    execution = engine.run(_CHAIN)
    engine.runner.behaviour = complete
    refused: list[ConflictException] = []

    def storm(change: Callable[[str], object]) -> None:
        for _ in range(60):
            try:
                change(execution.arn)
            except ConflictException as error:
                refused.append(error)

    changes = [engine.executions.stop, engine.executions.retry, engine.executions.stop, engine.executions.retry]
    threads = [threading.Thread(target=storm, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ended = engine.executions.wait(execution.arn, 10)
    if ended.status is not ExecutionStatus.SUCCEEDED:
        engine.executions.retry(execution.arn)
        ended = engine.executions.wait(execution.arn, 10)
    assert refused
    assert ended.status is ExecutionStatus.SUCCEEDED
    assert set(_statuses(engine, execution).values()) == {StepStatus.SUCCEEDED}
    assert not engine.store.jobs.unfinished()


def test_function_that_dies_with_the_endpoint_is_interrupted_not_failed(engine: Engine) -> None:
    called, may_die = threading.Event(), threading.Event()

    def handler(event: dict[str, Any]) -> None:
        called.set()
        may_die.wait(5)
        raise RuntimeError("Worker process died")

    engine.functions.handlers[FUNCTION] = handler
    execution = engine.start(definition(function()))
    called.wait(5)

    engine.executions.interrupt()
    may_die.set()

    ended = engine.executions.wait(execution.arn, 10)
    assert ended.status is ExecutionStatus.FAILED
    reason = engine.steps(execution)["Latest"].failure_reason or ""
    assert reason.startswith("The endpoint stopped before this ended")


def test_execution_on_a_full_disk_goes_on_when_there_is_space(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "_RETRY_SECONDS", 0.01)

    def fill_the_disk(job: Job, control: JobControl) -> JobOutcome:
        with engine.store.transaction() as connection:
            connection.execute("PRAGMA max_page_count = 1")
        return JobOutcome(JobStatus.COMPLETED, details={"ExitMessage": "x" * 100_000})

    engine.runner.behaviour = fill_the_disk
    execution = engine.start(definition(processing()))
    engine.runner.started.wait(5)
    early = engine.executions.wait(execution.arn, 0.2)

    with engine.store.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")

    ended = engine.executions.wait(execution.arn, 10)
    assert (early.status, ended.status) == (ExecutionStatus.EXECUTING, ExecutionStatus.SUCCEEDED)
    assert _statuses(engine, execution) == {"Prepare": StepStatus.SUCCEEDED}


def test_stop_of_an_unknown_execution_is_refused(engine: Engine) -> None:
    with pytest.raises(ResourceNotFound, match="'nobody' does not exist"):
        engine.executions.stop("nobody")


def test_job_stopped_by_somebody_else_fails_its_step(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    execution = engine.start(definition(processing()))
    engine.runner.started.wait(5)

    engine.jobs.stop(JobKind.PROCESSING, engine.runner.jobs[0].name)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.FAILED
    assert "ended with status Stopped" in (engine.steps(execution)["Prepare"].failure_reason or "")


def test_retry_runs_what_failed_and_what_never_ran_and_keeps_what_succeeded(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda _: {}
    engine.runner.behaviour = _fail_training
    failed = engine.run(_CHAIN)
    before = engine.steps(failed)
    engine.runner.behaviour = complete

    retried = engine.executions.retry(failed.arn)
    ended = engine.executions.wait(failed.arn, 10)

    after = engine.steps(failed)
    assert (retried.arn, ended.status, ended.failure_reason) == (failed.arn, ExecutionStatus.SUCCEEDED, None)
    assert after["Prepare"] == before["Prepare"]
    assert list(after) == ["Prepare", "Train", "Last"]
    assert [job.kind for job in engine.runner.jobs] == [JobKind.PROCESSING, JobKind.TRAINING, JobKind.TRAINING]


def test_retry_keeps_outcomes_and_properties_of_what_succeeded(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: bad")
    engine.functions.handlers[FUNCTION] = lambda event: {"n": event.get("n", 7)}
    gate = condition(
        conditions=[equals(get("Steps.Latest.OutputParameters['n']"), 7)],
        then=[training(arguments={"Environment": {"OUTCOME": get("Steps.Latest.OutputParameters['s']")}})],
        otherwise=[function("Wrong")],
    )
    engine.functions.handlers[FUNCTION] = lambda _: {"n": 7, "s": "seven"}
    failed = engine.run(definition(function(outputs={"n": "Integer", "s": "String"}), gate))
    engine.runner.behaviour = complete

    engine.executions.retry(failed.arn)

    assert engine.executions.wait(failed.arn, 10).status is ExecutionStatus.SUCCEEDED
    assert set(engine.steps(failed)) == {"Latest", "Gate", "Train"}
    assert engine.runner.jobs[-1].request["Environment"] == {"OUTCOME": "seven"}


def test_retry_of_a_stopped_execution_resumes_it(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda _: {}
    engine.runner.behaviour = until_stopped
    execution = engine.start(_CHAIN)
    engine.runner.started.wait(5)
    engine.executions.stop(execution.arn)
    engine.executions.wait(execution.arn, 10)
    engine.runner.behaviour = complete

    engine.executions.retry(execution.arn, max_parallel=1)

    ended = engine.executions.wait(execution.arn, 10)
    assert (ended.status, ended.max_parallel_steps) == (ExecutionStatus.SUCCEEDED, 1)


def test_retry_of_what_succeeded_is_refused(engine: Engine) -> None:
    execution = engine.run(definition(condition()))

    with pytest.raises(ConflictException, match="is in status Succeeded; only one in status Failed, Stopped or Comp"):
        engine.executions.retry(execution.arn)


def test_retry_of_what_a_fail_step_ended_is_refused(engine: Engine) -> None:
    execution = engine.run(definition(fail()))

    with pytest.raises(ConflictException, match="was ended by a Fail step and cannot be retried"):
        engine.executions.retry(execution.arn)


def test_retry_of_what_runs_is_refused(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    execution = engine.start(definition(processing()))

    with pytest.raises(ConflictException, match="is in status Executing"):
        engine.executions.retry(execution.arn)


def test_close_fails_what_runs_with_the_command_that_resumes_it_and_a_retry_does(tmp_path: Path) -> None:
    first = build(tmp_path, ScriptedRunner(until_stopped))
    execution = first.start(_CHAIN)
    first.runner.started.wait(5)
    first.close()

    second = build(tmp_path)
    second.functions.handlers[FUNCTION] = lambda _: {}
    closed = second.store.executions.get(execution.arn)
    step = second.steps(execution)["Prepare"]
    second.executions.retry(execution.arn)
    ended = second.executions.wait(execution.arn, 10)
    second.close()

    command = f"python pipeline.py retry {execution.execution_id} --local"
    assert (closed.status, step.status) == (ExecutionStatus.FAILED, StepStatus.FAILED)
    assert command in (closed.failure_reason or "")
    assert command in (step.failure_reason or "")
    assert ended.status is ExecutionStatus.SUCCEEDED


@pytest.mark.parametrize("status", [JobStatus.STOPPED, JobStatus.FAILED])
def test_close_before_a_step_listens_to_it_still_says_how_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: JobStatus
) -> None:
    def run(job: Job, control: JobControl) -> JobOutcome:
        until_stopped(job, control)
        return JobOutcome(status, "AlgorithmError: the script's own" if status is JobStatus.FAILED else None)

    engine = build(tmp_path, ScriptedRunner(run))
    create = engine.jobs.create

    def create_and_close(kind: JobKind, request: dict[str, Any]) -> Job:
        job = create(kind, request)
        assert engine.runner.started.wait(5)
        engine.executions.interrupt()
        engine.jobs.close(timeout=5)
        return job

    monkeypatch.setattr(engine.jobs, "create", create_and_close)
    execution = engine.start(_CHAIN)
    engine.executions.wait(execution.arn, 10)

    reason = engine.steps(execution)["Prepare"].failure_reason or ""
    engine.close()

    if status is JobStatus.FAILED:
        assert "AlgorithmError: the script's own" in reason, "what the script itself says is kept"
    else:
        assert f"python pipeline.py retry {execution.execution_id} --local" in reason


def test_close_lets_a_running_function_succeed(engine: Engine) -> None:
    called, may_return = threading.Event(), threading.Event()

    def handler(event: dict[str, Any]) -> None:
        called.set()
        may_return.wait(5)

    engine.functions.handlers[FUNCTION] = handler
    execution = engine.start(definition(function(), function("After", DependsOn=["Latest"])))
    called.wait(5)
    closing = threading.Thread(target=engine.executions.close)
    closing.start()
    wait_until(engine.executions._walks[execution.arn]._stop.is_set)
    may_return.set()
    closing.join(10)

    assert engine.store.executions.get(execution.arn).status is ExecutionStatus.FAILED
    assert _statuses(engine, execution) == {"Latest": StepStatus.SUCCEEDED}


def test_start_while_the_endpoint_closes_is_refused(engine: Engine) -> None:
    engine.executions.close()

    with pytest.raises(ConflictException, match="The endpoint is stopping"):
        engine.start(definition(condition()))
