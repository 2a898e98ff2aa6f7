"""Steps that run because another step failed, was stopped, or has ended in whatever way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.engine.walk import STEP_FAILURE
from sagemaker_local.errors import ConflictException, StateNotSaved
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import Job, JobControl, JobOutcome
from tests.fakes.engine import Engine, build, wait_until
from tests.fakes.scripted_runner import complete, failing, until_stopped
from tests.fakes.step_definitions import (
    FUNCTION,
    after,
    condition,
    definition,
    equals,
    fail,
    function,
    get,
    processing,
    training,
)

WITH_FAILURES = ExecutionStatus.COMPLETED_WITH_FAILURES
Handle = Callable[[dict[str, Any]], Any]


def told(name: str, *before: Any, **keys: Any) -> dict[str, Any]:
    """A Lambda step whose function is told the step's name."""
    return function(name, Arguments={"name": name}, DependsOn=list(before), **keys)


def failing_for(*names: str) -> Handle:
    """A function that fails for the steps with these names."""

    def handler(event: dict[str, Any]) -> dict[str, Any]:
        if event["name"] in names:
            raise RuntimeError("on purpose")
        return {}

    return handler


def states(engine: Engine, execution: Execution) -> dict[str, str]:
    return {name: step.status.value for name, step in engine.steps(execution).items()}


def run(engine: Engine, *steps: dict[str, Any], bad: Iterable[str] = (), **options: Any) -> Execution:
    engine.functions.handlers[FUNCTION] = failing_for(*bad)
    return engine.run(definition(*steps), **options)


def test_handled_failure_ends_as_completed_with_failures(engine: Engine) -> None:
    steps = [told("Work"), told("Next", "Work"), told("Mail", after("Work", "Failed"))]

    execution = run(engine, *steps, bad=["Work"])

    assert (execution.status, execution.failure_reason) == (WITH_FAILURES, None)
    assert states(engine, execution) == {"Work": "Failed", "Mail": "Succeeded"}


def test_step_whose_trigger_is_not_met_never_starts_and_the_execution_succeeds(engine: Engine) -> None:
    steps = [told("Work"), *(told(trigger, after("Work", trigger)) for trigger in ("Failed", "Stopped", "Any"))]

    execution = run(engine, *steps, told("Never", "Failed"))

    assert execution.status is ExecutionStatus.SUCCEEDED
    assert states(engine, execution) == {"Work": "Succeeded", "Any": "Succeeded"}


@pytest.mark.parametrize(
    ("steps", "bad"),
    [
        ([told("Work"), told("Other"), told("Mail", after("Work", "Failed"))], ["Work", "Other"]),
        ([told("Work"), told("Mail", after("Work", "Failed"))], ["Work", "Mail"]),
        ([told("Work"), told("Mail", after("Work", "Stopped"))], ["Work"]),
        ([told("Work"), told("Mail", after("Work", "Failed")), told("Tidy", "Mail")], ["Work", "Tidy"]),
        (
            [told("Work"), told("Mail", after("Work", "Failed")), told("Rest", after("Mail", "Failed"))],
            ["Work", "Mail"],
        ),
    ],
    ids=["one-of-two", "handler-fails-too", "other-trigger", "what-follows-fails", "only-the-handler-is-handled"],
)
def test_failure_that_nothing_handled_fails_the_execution(
    engine: Engine, steps: list[dict[str, Any]], bad: list[str]
) -> None:
    execution = run(engine, *steps, bad=bad, max_parallel_steps=2)

    assert (execution.status, execution.failure_reason) == (ExecutionStatus.FAILED, STEP_FAILURE)


def test_each_failure_has_its_own_handler(engine: Engine) -> None:
    both = threading.Barrier(2, timeout=5)

    def handler(event: dict[str, Any]) -> dict[str, Any]:
        if event["name"] in {"A", "B"}:
            both.wait()
            raise RuntimeError("on purpose")
        return {}

    engine.functions.handlers[FUNCTION] = handler
    mails = [told(f"Mail-{name}", after(name, "Failed")) for name in "AB"]

    execution = engine.run(definition(told("A"), told("B"), *mails))

    assert execution.status is WITH_FAILURES
    assert states(engine, execution) == {"A": "Failed", "B": "Failed", "Mail-A": "Succeeded", "Mail-B": "Succeeded"}


def test_handler_runs_beside_what_still_runs_and_nothing_else_starts(engine: Engine) -> None:
    slow_runs, mailed = threading.Event(), threading.Event()

    def handler(event: dict[str, Any]) -> dict[str, Any]:
        if event["name"] == "Work":
            slow_runs.wait(5)
            raise RuntimeError("on purpose")
        if event["name"] == "Slow":
            slow_runs.set()
            assert mailed.wait(5), "the handler waits for a step that has nothing to do with it"
        if event["name"] == "Mail":
            mailed.set()
        return {}

    engine.functions.handlers[FUNCTION] = handler
    steps = [
        told("Work"),
        told("Slow"),
        told("Mail", after("Work", "Failed")),
        told("Tidy", "Mail"),
        told("No", "Slow"),
    ]

    execution = engine.run(definition(*steps))

    assert execution.status is WITH_FAILURES
    assert states(engine, execution) == {
        "Work": "Failed",
        "Slow": "Succeeded",
        "Mail": "Succeeded",
        "Tidy": "Succeeded",
    }


def test_handler_waits_for_the_last_try_of_a_step(engine: Engine) -> None:
    engine.runner.behaviour = failing("InternalServerError: try again")
    retried = [{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "MaxAttempts": 2}]

    execution = run(engine, training(RetryPolicies=retried), told("Mail", after("Train", "Failed")))

    assert execution.status is WITH_FAILURES
    assert engine.steps(execution)["Train"].attempt_count == 3
    assert [event["name"] for _, event in engine.functions.payloads] == ["Mail"]


@pytest.mark.parametrize(("left", "started"), [(1, {"Gate", "Inside", "Mail"}), (2, {"Gate"})])
def test_trigger_on_a_step_of_a_branch_counts_when_the_branch_is_taken(
    engine: Engine, left: int, started: set[str]
) -> None:
    gate = condition(conditions=[equals(left, 1)], then=[told("Inside")])

    execution = run(engine, gate, told("Mail", after("Inside", "Failed")), bad=["Inside"])

    assert set(states(engine, execution)) == started
    assert execution.status is (WITH_FAILURES if left == 1 else ExecutionStatus.SUCCEEDED)


def test_trigger_inside_a_branch_waits_for_the_condition_and_for_its_step(engine: Engine) -> None:
    gate = condition(then=[told("Mail", after("Work", "Failed"))], otherwise=[told("No", after("Work", "Failed"))])

    execution = run(engine, gate, told("Work", "Gate"), bad=["Work"])

    assert execution.status is WITH_FAILURES
    assert set(states(engine, execution)) == {"Gate", "Work", "Mail"}


def test_condition_that_fails_triggers_a_step_and_takes_no_branch(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda event: {} if event else {"Score": "high"}
    score = function("Score", outputs={"Score": "String"})
    gate = condition(
        conditions=[
            {"Type": "GreaterThan", "LeftValue": get("Steps.Score.OutputParameters['Score']"), "RightValue": 1}
        ],
        then=[told("Yes")],
        otherwise=[told("No")],
    )

    execution = engine.run(definition(score, gate, told("Mail", after("Gate", "Failed"))))

    assert execution.status is WITH_FAILURES
    assert states(engine, execution) == {"Score": "Succeeded", "Gate": "Failed", "Mail": "Succeeded"}


def test_fail_step_on_a_trigger_fails_the_execution_for_good(engine: Engine) -> None:
    execution = run(engine, told("Work"), fail(DependsOn=[after("Work", "Failed")]), bad=["Work"])

    assert execution.status is ExecutionStatus.FAILED
    assert states(engine, execution) == {"Work": "Failed", "Stop": "Failed"}
    with pytest.raises(ConflictException, match="was ended by a Fail step"):
        engine.executions.retry(execution.arn)


def test_result_of_a_step_in_an_execution_with_failures_is_cached(engine: Engine) -> None:
    cached = processing(CacheConfig={"Enabled": True, "ExpireAfter": "P1D"})
    steps = [cached, told("Work", "Prepare"), told("Mail", after("Work", "Failed"))]

    first = run(engine, *steps, bad=["Work"])
    second = run(engine, *steps, bad=["Work"])

    assert (first.status, second.status) == (WITH_FAILURES, WITH_FAILURES)
    assert engine.steps(second)["Prepare"].cache_hit_arn == first.arn


def start_long(engine: Engine, *steps: dict[str, Any]) -> Execution:
    """Start an execution whose job `Prepare` runs until it is stopped."""
    engine.functions.handlers[FUNCTION] = lambda _: {}
    engine.runner.behaviour = until_stopped
    execution = engine.start(definition(processing(), *steps))
    engine.runner.started.wait(5)
    return execution


def test_stop_runs_what_waits_for_a_stopped_step_and_nothing_else(engine: Engine) -> None:
    triggered = [told(name, after("Prepare", name)) for name in ("Failed", "Stopped", "Any")]
    execution = start_long(engine, *triggered, told("Tidy", "Stopped"), told("Plain", "Prepare"))

    engine.executions.stop(execution.arn)

    ended = engine.executions.wait(execution.arn, 10)
    assert (ended.status, ended.failure_reason) == (ExecutionStatus.STOPPED, None)
    assert states(engine, execution) == {
        "Prepare": "Stopped",
        "Stopped": "Succeeded",
        "Any": "Succeeded",
        "Tidy": "Succeeded",
    }


def test_second_stop_ends_what_the_first_one_started(engine: Engine) -> None:
    execution = start_long(engine, training(DependsOn=[after("Prepare", "Stopped")]), told("No", after("Train", "Any")))
    engine.executions.stop(execution.arn)
    wait_until(lambda: len(engine.runner.jobs) == 2)
    status_between = engine.store.executions.get(execution.arn).status

    engine.executions.stop(execution.arn)

    assert status_between is ExecutionStatus.STOPPING
    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.STOPPED
    assert states(engine, execution) == {"Prepare": "Stopped", "Train": "Stopped"}


def test_stop_after_one_that_the_disk_broke_off_stops_what_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = start_long(engine, told("Mail", after("Prepare", "Stopped")))

    def no_space(step: Step) -> None:
        raise StateNotSaved("The change was not made.")

    record = engine.executions._walks[execution.arn]._running["Prepare"]
    with monkeypatch.context() as full:
        full.setattr(record, "_save", no_space)
        with pytest.raises(StateNotSaved):
            engine.executions.stop(execution.arn)

    engine.executions.stop(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.STOPPED
    assert states(engine, execution) == {"Prepare": "Stopped", "Mail": "Succeeded"}


def test_retry_after_a_stop_forgets_what_the_stop_started(engine: Engine) -> None:
    execution = start_long(engine, told("Mail", after("Prepare", "Stopped")))
    engine.executions.stop(execution.arn)
    engine.executions.wait(execution.arn, 10)
    engine.runner.behaviour = complete

    engine.executions.retry(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.SUCCEEDED
    assert states(engine, execution) == {"Prepare": "Succeeded"}


def test_retry_runs_the_failed_step_again_and_forgets_its_handler(engine: Engine) -> None:
    steps = [
        told("Before"),
        told("Work", "Before"),
        told("Next", "Work"),
        told("Mail", after("Work", "Failed")),
        told("Tidy", "Mail"),
        told("Always", after("Before", "Any")),
    ]
    execution = run(engine, *steps, bad=["Work"])
    first = engine.steps(execution)
    engine.functions.handlers[FUNCTION] = failing_for()

    engine.executions.retry(execution.arn)
    ended = engine.executions.wait(execution.arn, 10)

    assert (execution.status, ended.status) == (WITH_FAILURES, ExecutionStatus.SUCCEEDED)
    assert states(engine, execution) == dict.fromkeys(("Before", "Always", "Work", "Next"), "Succeeded")
    assert [engine.steps(execution)[name] for name in ("Before", "Always")] == [first["Before"], first["Always"]]


def test_retry_that_fails_again_runs_the_handler_again(engine: Engine) -> None:
    execution = run(engine, told("Work"), told("Mail", after("Work", "Failed")), bad=["Work"])

    engine.executions.retry(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is WITH_FAILURES
    assert [event["name"] for _, event in engine.functions.payloads] == ["Work", "Mail", "Work", "Mail"]


def test_failure_in_a_retry_counts_although_a_handler_ran_before_it(engine: Engine) -> None:
    """The handler of the first attempt says nothing about the second."""
    execution = run(engine, told("Work"), told("Mail", after("Work", "Failed")), bad=["Work"])
    engine.functions.handlers[FUNCTION] = failing_for("Work", "Mail")

    engine.executions.retry(execution.arn)

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.FAILED
    assert states(engine, execution) == {"Work": "Failed", "Mail": "Failed"}


def test_execution_with_failures_can_be_deleted_with_its_pipeline_and_not_be_stopped(engine: Engine) -> None:
    execution = run(engine, told("Work"), told("Mail", after("Work", "Failed")), bad=["Work"])

    assert engine.store.executions.first_unfinished("churn") is None
    with pytest.raises(ConflictException, match="is in status CompletedWithFailures; only an execution"):
        engine.executions.stop(execution.arn)


def test_end_of_the_endpoint_triggers_nothing_and_a_retry_resumes(tmp_path: Path) -> None:
    first = build(tmp_path)
    steps = [told("Mail", after("Prepare", "Failed")), told("Any", after("Prepare", "Any"))]
    execution = start_long(first, *steps)
    first.close()

    second = build(tmp_path)
    second.functions.handlers[FUNCTION] = lambda _: {}
    closed, left = second.store.executions.get(execution.arn), states(second, execution)
    second.executions.retry(execution.arn)
    ended, after_retry = second.executions.wait(execution.arn, 10), states(second, execution)
    second.close()

    assert (closed.status, left) == (ExecutionStatus.FAILED, {"Prepare": "Failed"})
    assert "python pipeline.py retry" in (closed.failure_reason or "")
    assert (ended.status, after_retry) == (ExecutionStatus.SUCCEEDED, {"Prepare": "Succeeded", "Any": "Succeeded"})


def test_end_of_the_endpoint_while_a_handler_runs_leaves_the_failure_unhandled(tmp_path: Path) -> None:
    def behave(job: Job, control: JobControl) -> JobOutcome:
        return failing("AlgorithmError: bad")(job, control) if "-Train-" in job.name else until_stopped(job, control)

    first = build(tmp_path)
    first.runner.behaviour = behave
    execution = first.start(definition(training(), processing("Tidy", DependsOn=[after("Train", "Failed")])))
    wait_until(lambda: len(first.runner.jobs) == 2)
    first.close()

    second = build(tmp_path)
    closed, left = second.store.executions.get(execution.arn), states(second, execution)
    second.close()

    assert (closed.status, left) == (ExecutionStatus.FAILED, {"Train": "Failed", "Tidy": "Failed"})
    assert "The endpoint stopped before this ended" in (closed.failure_reason or "")


def test_killed_endpoint_runs_failed_step_and_handler_again_on_a_retry(engine: Engine) -> None:
    steps = [told("Work"), told("Mail", after("Work", "Failed"))]
    execution = run(engine, *steps, bad=["Work"])
    mail = engine.steps(execution)["Mail"]
    engine.store.executions.delete_steps(execution.arn, ["Mail"])
    engine.store.executions.save_step(replace(mail, status=StepStatus.EXECUTING, ended=None, metadata={}))
    engine.store.executions.update(replace(execution, status=ExecutionStatus.EXECUTING))

    engine.executions.recover()
    found, left = engine.store.executions.get(execution.arn), states(engine, execution)
    engine.executions.retry(execution.arn)
    ended = engine.executions.wait(execution.arn, 10)

    assert (found.status, left) == (ExecutionStatus.FAILED, {"Work": "Failed", "Mail": "Failed"})
    assert ended.status is WITH_FAILURES
