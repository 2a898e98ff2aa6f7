"""Which step waits for which: edges by data, by DependsOn, and from a condition to its branches."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from sagemaker_local.engine.expressions import PropertyFile, StepProperty
from sagemaker_local.engine.step_definition import StepDefinition
from sagemaker_local.errors import ValidationException

Graph = Mapping[str, frozenset[str]]
"""Each step's predecessors; all must have succeeded before it starts."""


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


def _predecessors(step: StepDefinition) -> frozenset[str]:
    by_data = {item.step for item in step.expressions() if isinstance(item, StepProperty | PropertyFile)}
    by_branch = {step.branch.condition} if step.branch else set()
    return frozenset(by_data | by_branch | set(step.depends_on))
