from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sagemaker_local.engine.definition import Definition, parse
from sagemaker_local.engine.progress import Progress
from tests.fakes.step_definitions import condition, definition, fail, function


@st.composite
def random_definitions(draw: st.DrawFn) -> Definition:
    """Up to twelve Lambda steps, some inside conditions, each after any of those before it."""
    steps: list[dict[str, Any]] = []
    names: list[str] = []
    for index in range(draw(st.integers(1, 6))):
        before = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        if draw(st.booleans()):
            steps.append(function(f"S{index}", DependsOn=before))
            names.append(f"S{index}")
            continue
        gate = f"C{index}"
        inner = [function(f"{gate}{side}", DependsOn=before[:1]) for side in "ab"]
        steps.append(condition(gate, then=inner[:1], otherwise=inner[1:], DependsOn=before))
        names += [gate, f"{gate}a", f"{gate}b"]
    return parse(definition(*steps))


@settings(max_examples=60)
@given(random_definitions(), st.data())
def test_any_graph_runs_each_step_at_most_once_after_its_predecessors_and_never_a_branch_not_taken(
    parsed: Definition, data: st.DataObject
) -> None:
    progress, running, done = Progress(parsed), set[str](), set[str]()
    outcomes: dict[str, bool] = {}

    while progress.ready or running:
        for name in progress.ready:
            assert name not in running | done
            assert parsed.graph[name] <= done
            branch = parsed.steps[name].branch
            assert branch is None or outcomes[branch.condition] == branch.outcome
            progress.start(name)
            running.add(name)
        ended = data.draw(st.sampled_from(sorted(running)))
        running.remove(ended)
        done.add(ended)
        outcomes[ended] = data.draw(st.booleans())
        is_condition = parsed.steps[ended].type.name == "Condition"
        progress.succeed(ended, outcome=outcomes[ended] if is_condition else None)

    def could_run(name: str) -> bool:
        branch = parsed.steps[name].branch
        is_taken = branch is None or (branch.condition in done and outcomes[branch.condition] == branch.outcome)
        return is_taken and parsed.graph[name] <= done

    assert {name for name in parsed.steps if could_run(name)} == done


def test_ready_steps_are_in_the_order_of_the_definition() -> None:
    progress = Progress(parse(definition(function("B"), function("A"), function("C"))))

    assert list(progress.ready) == ["B", "A", "C"]


@pytest.mark.parametrize(("outcome", "ready"), [(True, ["Yes"]), (False, ["No"])])
def test_outcome_of_a_condition_makes_one_branch_ready(outcome: bool, ready: list[str]) -> None:  # a parameter
    progress = Progress(parse(definition(condition(then=[function("Yes")], otherwise=[fail("No")]))))
    progress.start("Gate")

    progress.succeed("Gate", outcome=outcome)

    assert list(progress.ready) == ready


def test_step_after_both_branches_never_becomes_ready() -> None:
    gate = condition(then=[function("Yes")], otherwise=[function("No")])
    progress = Progress(parse(definition(gate, function("Both", DependsOn=["Yes", "No"]))))

    progress.succeed("Gate", outcome=True)
    progress.succeed("Yes")

    assert list(progress.ready) == []
