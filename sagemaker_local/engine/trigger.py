"""Run conditions: which outcome of the step before it lets a step start, as `DependsOn` says it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import StepStatus


class Trigger(StrEnum):
    """What must have become of the step before (SDK: TriggerCondition); a plain name in `DependsOn` is Completed."""

    COMPLETED = "Completed"
    """It has succeeded, whatever the word says."""
    FAILED = "Failed"
    STOPPED = "Stopped"
    ANY = "Any"
    """It has ended, in whatever state; a step that never started has not."""

    def is_met_by(self, status: StepStatus) -> bool:
        """Whether a step that ended so lets the dependent one start."""
        return status in _MET_BY[self]

    @property
    def handles_failure(self) -> bool:
        """Whether a step that ran because of it has dealt with the failure of the step before."""
        return self.is_met_by(StepStatus.FAILED)


_MET_BY: Mapping[Trigger, frozenset[StepStatus]] = {
    Trigger.COMPLETED: frozenset({StepStatus.SUCCEEDED}),
    Trigger.FAILED: frozenset({StepStatus.FAILED}),
    Trigger.STOPPED: frozenset({StepStatus.STOPPED}),
    Trigger.ANY: frozenset({StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.STOPPED}),
}
WRITTEN = (Trigger.FAILED, Trigger.STOPPED, Trigger.ANY)
"""Those that an entry may name: AWS's schema of definitions has no Completed there, which a plain name says."""


def parse_depends_on(raw: Any) -> dict[str, Trigger]:
    """Read `DependsOn`: `["Prepare", {"Step": "Train", "Trigger": "Failed"}]` is {Prepare: COMPLETED, Train: FAILED}.

    Raises:
        ValidationException: an entry that is neither, or two for one step that differ.
    """
    if not isinstance(raw, list):
        raise ValidationException("'DependsOn' must be a list of step names.")
    triggers: dict[str, Trigger] = {}
    for item in raw:
        name, trigger = _parse_entry(item)
        if triggers.setdefault(name, trigger) is not trigger:
            raise ValidationException(
                f"'DependsOn' names step {name!r} twice, as {triggers[name]} and as {trigger}, and all entries must be "
                "met. Keep one; Any is met by every outcome."
            )
    return triggers


def _parse_entry(item: Any) -> tuple[str, Trigger]:
    if isinstance(item, str):
        return item, Trigger.COMPLETED
    if not isinstance(item, Mapping) or set(item) != {"Step", "Trigger"} or not isinstance(item["Step"], str):
        raise ValidationException(
            f"'DependsOn' has {item!r}, which is not the name of a step, nor an object with exactly Step and Trigger."
        )
    if item["Trigger"] not in WRITTEN:
        raise ValidationException(
            f"'DependsOn' has Trigger {item['Trigger']!r} on step {item['Step']!r}; allowed are "
            f"{', '.join(WRITTEN)}. For a step that must have succeeded, write its name alone."
        )
    return item["Step"], Trigger(item["Trigger"])
