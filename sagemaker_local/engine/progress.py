"""Which steps of an execution may start next."""

from __future__ import annotations

from collections.abc import Collection

from sagemaker_local.engine.definition import Definition


class Progress:
    """Counts down each step's missing predecessors; a step of a branch that was not taken never becomes ready."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._order = {name: position for position, name in enumerate(definition.steps)}
        self._missing = {name: set(before) for name, before in definition.graph.items()}
        self._dependents: dict[str, list[str]] = {name: [] for name in definition.steps}
        for name, before in definition.graph.items():
            for predecessor in before:
                self._dependents[predecessor].append(name)
        self._ready = {name for name, before in self._missing.items() if not before}

    @property
    def ready(self) -> Collection[str]:
        """Steps that may start now and have not, in the definition's order."""
        return sorted(self._ready, key=self._order.__getitem__)

    def start(self, name: str) -> None:
        """Note that a ready step has started."""
        self._ready.remove(name)

    def succeed(self, name: str, *, outcome: bool | None = None) -> None:
        """Note that a step has succeeded; `outcome` is that of a Condition step."""
        self._ready.discard(name)
        for dependent in self._dependents[name]:
            missing = self._missing[dependent]
            branch = self._definition.steps[dependent].branch
            if branch and branch.condition == name and branch.outcome != outcome:
                # It waits for ever, and so does whatever waits for it.
                continue
            missing.discard(name)
            if not missing:
                self._ready.add(dependent)
