"""Which steps of an execution may start next."""

from __future__ import annotations

from collections.abc import Collection

from sagemaker_local.engine.definition import Definition
from sagemaker_local.engine.trigger import Trigger
from sagemaker_local.records.execution import StepStatus


class Progress:
    """Counts down what each step waits for; one whose trigger is not met, or whose branch is not taken, never is ready.

    After a failure, and during a stop, only the definition's aftermath is ready.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._order = {name: position for position, name in enumerate(definition.steps)}
        self._missing = {name: set(before) for name, before in definition.graph.items()}
        self._dependents: dict[str, list[str]] = {name: [] for name in definition.steps}
        for name, before in definition.graph.items():
            for predecessor in before:
                self._dependents[predecessor].append(name)
        self._ready = {name for name, before in self._missing.items() if not before}
        self._ended: dict[str, StepStatus] = {}
        self._is_stopping = False

    @property
    def ready(self) -> Collection[str]:
        """Steps that may start now and have not, in the definition's order."""
        ready = self._ready
        if self._is_stopping or self.has_failures:
            ready = ready & self._definition.aftermath
        return sorted(ready, key=self._order.__getitem__)

    @property
    def has_failures(self) -> bool:
        """Whether a step has failed."""
        return StepStatus.FAILED in self._ended.values()

    @property
    def unhandled(self) -> Collection[str]:
        """Failed steps, in order of their ends, on whose Failed or Any trigger no step has succeeded."""
        failed = [name for name, status in self._ended.items() if status is StepStatus.FAILED]
        return [name for name in failed if not self._is_handled(name)]

    def start(self, name: str) -> None:
        """Note that a ready step has started."""
        self._ready.remove(name)

    def stop(self) -> None:
        """Note that the execution is being stopped."""
        self._is_stopping = True

    def end(self, name: str, status: StepStatus, *, outcome: bool | None = None) -> None:
        """Note that a step has ended; `outcome` is that of a Condition step."""
        self._ended[name] = status
        self._ready.discard(name)
        for dependent in self._dependents[name]:
            if not self._is_met(dependent, name, status, outcome):
                # It waits for ever, and so does whatever waits for it.
                continue
            missing = self._missing[dependent]
            missing.discard(name)
            if not missing and dependent not in self._ended:
                self._ready.add(dependent)

    def _is_met(self, dependent: str, name: str, status: StepStatus, outcome: bool | None) -> bool:
        step = self._definition.steps[dependent]
        if step.branch and step.branch.condition == name and step.branch.outcome != outcome:
            return False
        return step.depends_on.get(name, Trigger.COMPLETED).is_met_by(status)

    def _is_handled(self, name: str) -> bool:
        return any(
            self._ended.get(dependent) is StepStatus.SUCCEEDED
            and self._definition.steps[dependent].depends_on.get(name, Trigger.COMPLETED).handles_failure
            for dependent in self._dependents[name]
        )
