from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sagemaker_local.engine.definition import Definition, parse
from sagemaker_local.engine.progress import Progress
from sagemaker_local.records.execution import StepStatus
from tests.fakes.step_definitions import after, condition, definition, fail, function

SUCCEEDED, FAILED, STOPPED = StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.STOPPED
_ENDS = {"Failed": {FAILED}, "Stopped": {STOPPED}, "Any": {SUCCEEDED, FAILED, STOPPED}}


@st.composite
def random_definitions(draw: st.DrawFn) -> Definition:
    """Up to twelve Lambda steps, some inside conditions, each after any of those before it, on any trigger."""
    steps: list[dict[str, Any]] = []
    names: list[str] = []

    def entry(name: str) -> Any:
        trigger = draw(st.sampled_from(["Completed", "Completed", "Failed", "Stopped", "Any"]))
        return name if trigger == "Completed" else after(name, trigger)

    for index in range(draw(st.integers(1, 6))):
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        before = [entry(name) for name in chosen]
        if draw(st.booleans()):
            steps.append(function(f"S{index}", DependsOn=before))
            names.append(f"S{index}")
            continue
        gate = f"C{index}"
        inner = [function(f"{gate}{side}", DependsOn=before[:1]) for side in "ab"]
        steps.append(condition(gate, then=inner[:1], otherwise=inner[1:], DependsOn=before))
        names += [gate, f"{gate}a", f"{gate}b"]
    return parse(definition(*steps))


@dataclass
class World:
    """What may run next, worked out anew from the definition alone each time."""

    parsed: Definition
    running: set[str] = field(default_factory=set)
    ended: dict[str, StepStatus] = field(default_factory=dict)
    outcomes: dict[str, bool] = field(default_factory=dict)
    is_stopping: bool = False

    def startable(self) -> set[str]:
        waiting = self.parsed.steps.keys() - self.ended.keys() - self.running
        return {name for name in waiting if self.is_met(name) and not self.is_held_back(name)}

    def is_met(self, name: str) -> bool:
        step = self.parsed.steps[name]
        if step.branch and self.outcomes.get(step.branch.condition) is not step.branch.outcome:
            return False
        return all(
            self.ended.get(before) in _ENDS.get(str(step.depends_on.get(before)), {SUCCEEDED})
            for before in self.parsed.graph[name]
        )

    def is_held_back(self, name: str) -> bool:
        """Whether no step on its way has a trigger, although a step has failed or the execution is being stopped."""
        way, todo = {name}, [name]
        while todo:
            new = self.parsed.graph[todo.pop()] - way
            way |= new
            todo += new
        is_triggered = any(self.parsed.steps[step].triggers for step in way)
        return not is_triggered and (self.is_stopping or FAILED in self.ended.values())

    def unhandled(self) -> set[str]:
        succeeded = [self.parsed.steps[name] for name, status in self.ended.items() if status is SUCCEEDED]
        triggers = [entry for step in succeeded for entry in step.triggers.items()]
        handled = {name for name, trigger in triggers if trigger in {"Failed", "Any"}}
        return {name for name, status in self.ended.items() if status is FAILED} - handled


@settings(max_examples=150, deadline=None)
@given(random_definitions(), st.data())
def test_any_graph_runs_what_is_met_and_nothing_else(parsed: Definition, data: st.DataObject) -> None:
    progress, world = Progress(parsed), World(parsed)

    while progress.ready or world.running:
        assert set(progress.ready) == world.startable()
        for name in progress.ready:
            if data.draw(st.booleans()):
                progress.start(name)
                world.running.add(name)
        if not world.is_stopping and data.draw(st.integers(0, 9)) == 0:
            progress.stop()
            world.is_stopping = True
        if world.running:
            _end_one(progress, world, data)

    assert world.startable() == set()
    assert set(progress.unhandled) == world.unhandled()
    assert progress.has_failures == (FAILED in world.ended.values())


def _end_one(progress: Progress, world: World, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(world.running)))
    status = data.draw(st.sampled_from([SUCCEEDED, SUCCEEDED, FAILED, STOPPED]))
    world.running.remove(name)
    world.ended[name] = status
    if world.parsed.steps[name].type.name == "Condition" and status is SUCCEEDED:
        world.outcomes[name] = data.draw(st.booleans())
    progress.end(name, status, outcome=world.outcomes.get(name))


def test_ready_steps_are_in_the_order_of_the_definition() -> None:
    progress = Progress(parse(definition(function("B"), function("A"), function("C"))))

    assert list(progress.ready) == ["B", "A", "C"]


@pytest.mark.parametrize(("outcome", "ready"), [(True, ["Yes"]), (False, ["No"])])
def test_outcome_of_a_condition_makes_one_branch_ready(outcome: bool, ready: list[str]) -> None:  # a parameter
    progress = Progress(parse(definition(condition(then=[function("Yes")], otherwise=[fail("No")]))))
    progress.start("Gate")

    progress.end("Gate", SUCCEEDED, outcome=outcome)

    assert list(progress.ready) == ready


def test_step_after_both_branches_never_becomes_ready() -> None:
    gate = condition(then=[function("Yes")], otherwise=[function("No")])
    progress = Progress(parse(definition(gate, function("Both", DependsOn=["Yes", "No"]))))

    progress.end("Gate", SUCCEEDED, outcome=True)
    progress.end("Yes", SUCCEEDED)

    assert list(progress.ready) == []


def test_step_that_is_told_to_have_ended_before_the_one_before_it_is_not_ready_again() -> None:
    progress = Progress(parse(definition(function("A"), function("B", DependsOn=["A"]))))

    progress.end("B", SUCCEEDED)
    progress.end("A", SUCCEEDED)

    assert list(progress.ready) == []


@pytest.mark.parametrize(
    ("status", "ready"),
    [(SUCCEEDED, ["Plain", "Any"]), (FAILED, ["Failed", "Any"]), (STOPPED, ["Stopped", "Any"])],
)
def test_outcome_of_a_step_makes_the_steps_ready_that_wait_for_it(status: StepStatus, ready: list[str]) -> None:
    triggered = [function(name, DependsOn=[after("First", name)]) for name in ("Failed", "Stopped", "Any")]
    progress = Progress(parse(definition(function("First"), function("Plain", DependsOn=["First"]), *triggered)))
    progress.start("First")

    progress.end("First", status)

    assert list(progress.ready) == ready


def test_after_a_failure_only_what_a_trigger_asked_for_and_what_follows_it_is_ready() -> None:
    steps = [
        function("Bad"),
        function("Good"),
        function("Other"),
        function("Mail", DependsOn=[after("Bad", "Failed")]),
        function("Tidy", DependsOn=["Mail"]),
        function("Always", DependsOn=[after("Good", "Any")]),
    ]
    progress = Progress(parse(definition(*steps)))
    for name in ("Bad", "Good"):
        progress.start(name)

    progress.end("Bad", FAILED)
    assert list(progress.ready) == ["Mail"]
    progress.end("Mail", SUCCEEDED)
    progress.end("Good", SUCCEEDED)

    assert list(progress.ready) == ["Tidy", "Always"]


def test_all_entries_must_be_met() -> None:
    both = function("Both", DependsOn=[after("A", "Failed"), after("B", "Failed")])
    progress = Progress(parse(definition(function("A"), function("B"), both)))
    for name in ("A", "B"):
        progress.start(name)

    progress.end("A", FAILED)
    progress.end("B", SUCCEEDED)

    assert list(progress.ready) == []
    assert progress.unhandled == ["A"]
