"""The record of one running step: every change is in the store before anyone goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sagemaker_local.records.execution import Step


class StepRecord:
    """Thread-safe: the step's worker and a stop may change it at once; a final state stays."""

    def __init__(self, step: Step, save: Callable[[Step], None]) -> None:
        self._lock = threading.Lock()
        self._step = step
        self._save = save
        save(step)

    @property
    def step(self) -> Step:
        """The record as it was saved last."""
        return self._step

    def change(self, **members: Any) -> Step:
        """Save the step with changed members, unless it has ended."""
        with self._lock:
            if not self._step.status.is_final:
                step = replace(self._step, **members)
                self._save(step)
                self._step = step
            return self._step
