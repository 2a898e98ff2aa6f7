from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.trigger import Trigger, parse_depends_on
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import StepStatus
from tests.fakes.step_definitions import after


def test_names_and_triggers_are_read_and_the_same_entry_twice_counts_once() -> None:
    raw = ["Prepare", after("Train", "Failed"), after("Train", "Failed"), "Prepare", after("Score", "Any")]

    assert parse_depends_on(raw) == {"Prepare": Trigger.COMPLETED, "Train": Trigger.FAILED, "Score": Trigger.ANY}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (after("Train", "Completed"), "Trigger 'Completed' on step 'Train'; allowed are Failed, Stopped, Any"),
        (after("Train", "failed"), "Trigger 'failed' on step 'Train'; allowed are Failed, Stopped, Any"),
        ({"Step": "Train", "Trigger": ["Failed"]}, r"Trigger \['Failed'\]"),
        ({"Step": "Train", "Trigger": None}, "Trigger None"),
        ({"Trigger": "Failed"}, "is not the name of a step, nor an object with exactly Step and Trigger"),
        ({"Step": 3, "Trigger": "Failed"}, "is not the name of a step"),
        ({"Step": "Train", "Trigger": "Failed", "When": 1}, "exactly Step and Trigger"),
        (7, "'DependsOn' has 7"),
    ],
)
def test_entry_of_another_form_is_refused(entry: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_depends_on([entry])


@pytest.mark.parametrize("other", ["Train", after("Train", "Stopped"), after("Train", "Any")])
def test_two_outcomes_of_one_step_are_refused(other: Any) -> None:
    with pytest.raises(ValidationException, match="names step 'Train' twice, as Failed and as"):
        parse_depends_on([after("Train", "Failed"), other])


def test_each_trigger_is_met_by_its_outcomes_and_by_no_state_before_the_end() -> None:
    met = {trigger: {status for status in StepStatus if trigger.is_met_by(status)} for trigger in Trigger}

    assert met == {
        Trigger.COMPLETED: {StepStatus.SUCCEEDED},
        Trigger.FAILED: {StepStatus.FAILED},
        Trigger.STOPPED: {StepStatus.STOPPED},
        Trigger.ANY: {StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.STOPPED},
    }
