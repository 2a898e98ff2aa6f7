"""Random graphs, executed by the real engine on real threads."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from sagemaker_local.engine.definition import parse
from sagemaker_local.records.execution import ExecutionStatus, StepStatus
from tests.fakes.engine import build
from tests.fakes.step_definitions import FUNCTION, after, condition, definition, equals, function

_MET_BY = {
    "Completed": {StepStatus.SUCCEEDED},
    "Failed": {StepStatus.FAILED},
    "Any": {StepStatus.SUCCEEDED, StepStatus.FAILED},
}


@st.composite
def _definitions(draw: st.DrawFn) -> str:
    """Lambda steps that say their name, some inside conditions, each after any of those before it, on any trigger."""
    steps: list[dict[str, Any]] = []
    names: list[str] = []

    def step(name: str, before: list[Any]) -> dict[str, Any]:
        return function(name, Arguments={"name": name}, DependsOn=before)

    def entry(name: str) -> Any:
        trigger = draw(st.sampled_from(["Completed", "Completed", "Failed", "Any"]))
        return name if trigger == "Completed" else after(name, trigger)

    for index in range(draw(st.integers(1, 6))):
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else []
        before = [entry(name) for name in chosen]
        if draw(st.integers(0, 2)):
            steps.append(step(f"S{index}", before))
            names.append(f"S{index}")
        else:
            gate, outcome = f"C{index}", draw(st.booleans())
            branches = {"then": [step(f"{gate}-then", [])], "otherwise": [step(f"{gate}-else", [])]}
            steps.append(condition(gate, conditions=[equals(outcome, True)], DependsOn=before, **branches))
            names += [gate, f"{gate}-then", f"{gate}-else"]
    return definition(*steps)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_definitions(), st.integers(1, 4), st.sets(st.integers(0, 5), max_size=2))
def test_any_graph_runs_each_step_once_after_what_it_waits_for_and_never_a_branch_not_taken(
    text: str, limit: int, failing: set[int]
) -> None:
    calls: Counter[str] = Counter()
    at_once, most = 0, 0
    lock = threading.Lock()

    def handler(event: dict[str, Any]) -> None:
        nonlocal at_once, most
        with lock:
            calls[event["name"]] += 1
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.001)
        with lock:
            at_once -= 1
        if event["name"] in {f"S{index}" for index in failing}:
            raise RuntimeError("on purpose")

    with TemporaryDirectory() as folder:
        engine = build(Path(folder))
        engine.functions.handlers[FUNCTION] = handler
        execution = engine.run(text, max_parallel_steps=limit)
        steps = engine.steps(execution)
        engine.close()

    parsed = parse(text)
    assert set(calls.values()) <= {1}
    assert most <= limit
    for name, step in steps.items():
        for predecessor in parsed.graph[name]:
            trigger = parsed.steps[name].triggers.get(predecessor, "Completed")
            assert steps[predecessor].status in _MET_BY[trigger]
            ended = steps[predecessor].ended
            assert ended is not None
            assert ended <= step.started
        branch = parsed.steps[name].branch
        assert branch is None or steps[branch.condition].properties["Outcome"] is branch.outcome
    failed = {name for name, step in steps.items() if step.status is StepStatus.FAILED}
    handled = {
        name
        for handler in steps.keys() - failed
        for name, trigger in parsed.steps[handler].triggers.items()
        if trigger in {"Failed", "Any"}
    }
    how_it_ends = ExecutionStatus.COMPLETED_WITH_FAILURES if failed else ExecutionStatus.SUCCEEDED
    assert execution.status is (ExecutionStatus.FAILED if failed - handled else how_it_ends)
    if not failed:
        assert set(steps) == _can_run(text)


def _can_run(text: str) -> set[str]:
    """Which steps run when none fails, worked out one by one."""
    parsed, ran = parse(text), set[str]()
    outcomes = {name: step.conditions[0].left for name, step in parsed.steps.items() if step.conditions}  # type: ignore[union-attr]  # each is an Equals
    for _ in parsed.steps:
        for name, step in parsed.steps.items():
            if (
                "Failed" not in step.triggers.values()
                and parsed.graph[name] <= ran
                and (step.branch is None or outcomes[step.branch.condition] is step.branch.outcome)
            ):
                ran.add(name)
    return ran
