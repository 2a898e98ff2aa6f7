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
from tests.fakes.step_definitions import FUNCTION, condition, definition, equals, function


@st.composite
def _definitions(draw: st.DrawFn) -> str:
    """Lambda steps that say their name, some inside conditions, each after any of those before it."""
    steps: list[dict[str, Any]] = []
    names: list[str] = []

    def step(name: str, before: list[str]) -> dict[str, Any]:
        return function(name, Arguments={"name": name}, DependsOn=before)

    for index in range(draw(st.integers(1, 6))):
        before = draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else []
        if draw(st.integers(0, 2)):
            steps.append(step(f"S{index}", before))
            names.append(f"S{index}")
        else:
            gate, outcome = f"C{index}", draw(st.booleans())
            branches = {"then": [step(f"{gate}-then", [])], "otherwise": [step(f"{gate}-else", [])]}
            steps.append(condition(gate, conditions=[equals(outcome, True)], DependsOn=before, **branches))
            names += [gate, f"{gate}-then", f"{gate}-else"]
    return definition(*steps)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_definitions(), st.integers(1, 4), st.sets(st.integers(0, 5), max_size=2))
def test_any_graph_runs_each_step_once_after_its_predecessors_and_never_a_branch_not_taken(
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
        before = [steps[predecessor] for predecessor in parsed.graph[name]]
        assert all(other.status is StepStatus.SUCCEEDED for other in before)
        assert all(other.ended and other.ended <= step.started for other in before)
        branch = parsed.steps[name].branch
        assert branch is None or steps[branch.condition].properties["Outcome"] is branch.outcome
    has_failed = any(step.status is StepStatus.FAILED for step in steps.values())
    assert execution.status is (ExecutionStatus.FAILED if has_failed else ExecutionStatus.SUCCEEDED)
    if not has_failed:
        assert set(steps) == _can_run(text)


def _can_run(text: str) -> set[str]:
    """Which steps run when none fails, worked out one by one."""
    parsed, ran = parse(text), set[str]()
    outcomes = {name: step.conditions[0].left for name, step in parsed.steps.items() if step.conditions}  # type: ignore[union-attr]  # each is an Equals
    for _ in parsed.steps:
        for name, step in parsed.steps.items():
            if parsed.graph[name] <= ran and (
                step.branch is None or outcomes[step.branch.condition] is step.branch.outcome
            ):
                ran.add(name)
    return ran
