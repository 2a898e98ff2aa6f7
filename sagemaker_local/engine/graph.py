"""Which step waits for which: edges by data, by DependsOn, and from a condition to its branches."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from sagemaker_local.engine.expressions import PropertyFile, StepProperty
from sagemaker_local.engine.step_definition import StepDefinition
from sagemaker_local.errors import ValidationException

Graph = Mapping[str, frozenset[str]]
"""Each step's predecessors; all must have ended before it starts, with the outcome that it waits for."""


def build_graph(steps: Mapping[str, StepDefinition]) -> Graph:
    """Find every step's predecessors.

    Raises:
        ValidationException: steps that wait for each other, named in the order in which they would run.
    """
    graph = {name: _predecessors(step) for name, step in steps.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise ValidationException(
            f"The steps wait for each other in a cycle: {' -> '.join(error.args[1])}. "
            "Remove one of these dependencies (DependsOn, a reference, or the place inside a condition)."
        ) from None
    return graph


def find_aftermath(steps: Mapping[str, StepDefinition], graph: Graph) -> frozenset[str]:
    """Find the steps that may still start after a failure or during a stop: those with a trigger, and what follows."""
    found: set[str] = set()
    for name in TopologicalSorter(graph).static_order():
        if steps[name].triggers or not found.isdisjoint(graph[name]):
            found.add(name)
    return frozenset(found)


def results_read_by(step: StepDefinition) -> set[str]:
    """The steps whose results a step uses: what its expressions refer to, and the condition that it is inside of."""
    by_data = {item.step for item in step.expressions() if isinstance(item, StepProperty | PropertyFile)}
    by_branch = {step.branch.condition} if step.branch else set()
    return by_data | by_branch


def _predecessors(step: StepDefinition) -> frozenset[str]:
    return frozenset(results_read_by(step) | set(step.depends_on))
