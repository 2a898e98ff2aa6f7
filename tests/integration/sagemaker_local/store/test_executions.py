from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sagemaker_local.errors import ResourceNotFound
from sagemaker_local.records.execution import ExecutionStatus, Step, StepStatus
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_pipeline, a_step, an_execution

HOUR = timedelta(hours=1)
KEY = "k" * 64


@pytest.fixture
def with_pipeline(store: Store) -> Store:
    store.pipelines.add(a_pipeline())
    return store


@pytest.fixture
def with_execution(with_pipeline: Store) -> Store:
    with_pipeline.executions.add(an_execution())
    return with_pipeline


def test_execution_comes_back_as_it_was_added(with_pipeline: Store) -> None:
    execution = an_execution(parameters={"Date": "today", "Empty": ""}, max_parallel_steps=2, description="d")

    with_pipeline.executions.add(execution)

    assert with_pipeline.executions.get(execution.arn) == execution


def test_execution_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ResourceNotFound, match="Pipeline execution 'nowhere' does not exist"):
        store.executions.get("nowhere")
    with pytest.raises(ResourceNotFound, match="execution/e1' does not exist"):
        store.executions.update(an_execution())


def test_execution_of_a_pipeline_that_was_deleted_is_refused(store: Store) -> None:
    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' does not exist"):
        store.executions.add(an_execution())


def test_execution_is_found_by_token_within_its_pipeline(with_pipeline: Store) -> None:
    with_pipeline.executions.add(an_execution(client_request_token="t" * 32))

    found = with_pipeline.executions.find_by_token("churn", "t" * 32)

    assert found is not None
    assert found.execution_id == "e1"
    assert with_pipeline.executions.find_by_token("other", "t" * 32) is None


def test_update_changes_state_and_leaves_the_definition(with_execution: Store) -> None:
    execution = with_execution.executions.get(an_execution().arn)

    with_execution.executions.update(
        replace(execution, status=ExecutionStatus.FAILED, failure_reason="Step failure", definition="tampered")
    )

    updated = with_execution.executions.get(execution.arn)
    assert (updated.status, updated.failure_reason) == (ExecutionStatus.FAILED, "Step failure")
    assert updated.definition == "{}"


@pytest.mark.parametrize("status", list(ExecutionStatus))
def test_unfinished_are_those_in_no_final_state(with_pipeline: Store, status: ExecutionStatus) -> None:
    with_pipeline.executions.add(an_execution(status=status))

    assert len(with_pipeline.executions.unfinished()) == (0 if status.is_final else 1)
    assert (with_pipeline.executions.first_unfinished("churn") is None) is status.is_final


def test_of_pipeline_gives_its_own_oldest_first(with_pipeline: Store) -> None:
    with_pipeline.pipelines.add(a_pipeline("other"))
    with_pipeline.executions.add(an_execution("late", created=NOON + HOUR))
    with_pipeline.executions.add(an_execution("early"))
    with_pipeline.executions.add(an_execution("foreign", "other"))

    assert [e.execution_id for e in with_pipeline.executions.of_pipeline("churn")] == ["early", "late"]


def test_last_of_versions_names_the_newest_execution_of_each(with_pipeline: Store) -> None:
    for name, version in (("a", 1), ("b", 1), ("c", 2)):
        with_pipeline.executions.add(an_execution(name, pipeline_version=version))

    assert with_pipeline.executions.last_of_versions("churn") == {1: an_execution("b").arn, 2: an_execution("c").arn}


def test_step_comes_back_as_it_was_saved(with_execution: Store) -> None:
    step = a_step(
        metadata={"TrainingJob": {"Arn": "arn"}},
        properties={"CreationTime": NOON, "FinalMetricDataList": [{"Value": 0.5, "Timestamp": NOON}]},
        cache_key=KEY,
    )

    with_execution.executions.save_step(step)

    assert with_execution.executions.steps(step.execution_arn) == [step]


def test_step_saved_again_is_replaced_and_keeps_its_place(with_execution: Store) -> None:
    for name in ("First", "Second"):
        with_execution.executions.save_step(a_step(name))

    with_execution.executions.save_step(a_step("First", status=StepStatus.SUCCEEDED, ended=NOON + HOUR))

    steps = with_execution.executions.steps(an_execution().arn)
    assert [(step.name, step.status) for step in steps] == [
        ("First", StepStatus.SUCCEEDED),
        ("Second", StepStatus.EXECUTING),
    ]


def test_steps_come_in_the_order_of_their_starts(with_execution: Store) -> None:
    with_execution.executions.save_step(a_step("Late", started=NOON + HOUR))
    with_execution.executions.save_step(a_step("Early"))

    assert [step.name for step in with_execution.executions.steps(an_execution().arn)] == ["Early", "Late"]


def test_steps_saved_by_many_threads_are_all_kept(with_execution: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: with_execution.executions.save_step(a_step(f"Step{n}")), range(40)))

    assert len(with_execution.executions.steps(an_execution().arn)) == 40


def test_deleted_steps_are_gone_and_others_stay(with_execution: Store) -> None:
    for name in ("A", "B", "C"):
        with_execution.executions.save_step(a_step(name))

    with_execution.executions.delete_steps(an_execution().arn, ["A", "C", "NeverStarted"])

    assert [step.name for step in with_execution.executions.steps(an_execution().arn)] == ["B"]


def succeeded(execution_id: str, ended_hours: int, **members: Any) -> Step:
    ended = NOON + ended_hours * HOUR
    defaults = {"execution_id": execution_id, "status": StepStatus.SUCCEEDED, "ended": ended, "cache_key": KEY}
    return a_step(**{**defaults, **members})


def test_cached_steps_are_the_pipelines_own_successes_newest_first(with_pipeline: Store) -> None:
    executions = with_pipeline.executions
    with_pipeline.pipelines.add(a_pipeline("other"))
    executions.add(an_execution("foreign", "other"))
    foreign = an_execution("foreign", "other").arn
    for name in ("old", "new", "stale", "failed", "hit", "different"):
        executions.add(an_execution(name))
    for step in (
        succeeded("old", 2),
        succeeded("new", 3),
        succeeded("stale", 0),
        succeeded("failed", 4, status=StepStatus.FAILED),
        succeeded("hit", 5, cache_hit_arn="arn"),
        succeeded("different", 6, cache_key="other"),
        succeeded("foreign", 7, execution_arn=foreign),
    ):
        executions.save_step(step)

    found = executions.cached_steps("churn", KEY, NOON + HOUR)

    assert [step.execution_arn.rsplit("/", 1)[-1] for step in found] == ["new", "old"]
