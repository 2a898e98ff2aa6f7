from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.engine.conditions import condition_references, holds, parse_condition
from sagemaker_local.engine.expressions import ParameterValue
from sagemaker_local.engine.resolution import Scope
from sagemaker_local.errors import StepFailed, ValidationException
from tests.fakes.step_definitions import equals, get

_NUMBERS = st.integers() | st.floats(allow_nan=False)


def _nothing(wanted: object) -> Any:
    raise AssertionError(f"{wanted} was not expected to be looked up")


def _scope(**parameters: Any) -> Scope:
    return Scope(parameters, {}, {}, properties=_nothing, locate=_nothing, read=_nothing)


def _holds(condition: dict[str, Any], **parameters: Any) -> bool:
    return holds(parse_condition(condition), _scope(**parameters))


def _compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@given(_NUMBERS, _NUMBERS)
def test_numbers_compare_as_numbers(left: float, right: float) -> None:
    assert _holds(_compare("Equals", left, right)) == (left == right)
    assert _holds(_compare("GreaterThan", left, right)) == (left > right)
    assert _holds(_compare("GreaterThanOrEqualTo", left, right)) == (left >= right)
    assert _holds(_compare("LessThan", left, right)) == (left < right)
    assert _holds(_compare("LessThanOrEqualTo", left, right)) == (left <= right)


def test_texts_compare_as_texts() -> None:
    assert not _holds(_compare("GreaterThan", "10", "9"))
    assert _holds(_compare("GreaterThan", "1", "0"))


def test_an_expression_is_resolved_before_it_is_compared() -> None:
    assert _holds(_compare("GreaterThan", get("Parameters.Auc"), 0.8), Auc=0.9)


def test_in_is_true_when_one_value_is_equal() -> None:
    condition = {"Type": "In", "QueryValue": get("Parameters.Stage"), "Values": ["test", "prod"]}

    assert _holds(condition, Stage="prod")
    assert not _holds(condition, Stage="dev")


@given(st.booleans(), st.booleans())
def test_not_and_or_are_those_of_logic(first: bool, second: bool) -> None:
    either = {"Type": "Or", "Conditions": [equals(get("Parameters.A"), True), equals(get("Parameters.B"), True)]}

    assert _holds(either, A=first, B=second) == (first or second)
    assert _holds({"Type": "Not", "Condition": either}, A=first, B=second) == (not (first or second))


@pytest.mark.parametrize(("left", "right"), [(1, "1"), ("true", True), (True, 1)])
def test_operands_of_two_kinds_fail_the_step(left: Any, right: Any) -> None:
    with pytest.raises(StepFailed, match="condition Equals cannot compare"):
        _holds(equals(left, right))


def test_truth_values_have_no_order() -> None:
    with pytest.raises(StepFailed, match="condition LessThan cannot compare"):
        _holds(_compare("LessThan", True, False))


def test_an_operand_that_is_a_list_fails_the_step() -> None:
    with pytest.raises(StepFailed, match=r"cannot compare \[1\]"):
        _holds(equals(get("Parameters.A"), 1), A=[1])


def test_references_of_nested_conditions_are_found() -> None:
    inner = {"Type": "In", "QueryValue": get("Parameters.A"), "Values": [get("Parameters.B")]}
    condition = parse_condition({"Type": "Or", "Conditions": [{"Type": "Not", "Condition": inner}, equals(1, 1)]})

    assert list(condition_references(condition)) == [ParameterValue("A"), ParameterValue("B")]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"Type": "Like"}, "Condition type 'Like' is not known; allowed are Equals, GreaterThan"),
        (3, "Condition type 3 is not known"),
        (
            {"Type": "Equals", "LeftValue": 1},
            "'Equals' needs exactly the members LeftValue, RightValue; it has LeftValue",
        ),
        ({**equals(1, 1), "Extra": 1}, "'Equals' needs exactly"),
        ({"Type": "In", "Value": 1, "In": []}, "'In' needs exactly the members QueryValue, Values"),
        ({"Type": "In", "QueryValue": 1, "Values": 2}, "'Values' of condition 'In' must be a list"),
        ({"Type": "Or", "Conditions": []}, "'Conditions' of condition 'Or' must be a list with at least one"),
        ({"Type": "Not", "Condition": {"Type": "Maybe"}}, "Condition type 'Maybe' is not known"),
        (equals({"a": 1}, 1), "Condition operand .* is neither"),
        (equals(None, 1), "Condition operand None is neither"),
    ],
)
def test_a_condition_that_is_none_is_refused(condition: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_condition(condition)
