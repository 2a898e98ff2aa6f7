from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.parameters import parse_parameters, settle, typed_values
from sagemaker_local.errors import ValidationException
from tests.fakes.step_definitions import parameter

_DECLARED = parse_parameters(
    [
        parameter("Name", "churn"),
        parameter("Count", 2, "Integer"),
        parameter("Rate", 0.5, "Float"),
        parameter("Skip", default=False, kind="Boolean"),
        parameter("Stage", "dev", EnumValues=["dev", "prod"]),
    ]
)


def test_settle_without_values_takes_every_default_as_text() -> None:
    assert settle(_DECLARED, {}) == {"Name": "churn", "Count": "2", "Rate": "0.5", "Skip": "false", "Stage": "dev"}


def test_settle_with_values_takes_them_as_they_were_given() -> None:
    assert settle(_DECLARED, {"Count": "7", "Skip": "True"}) | {} == {
        "Name": "churn",
        "Count": "7",
        "Rate": "0.5",
        "Skip": "True",
        "Stage": "dev",
    }


def test_typed_values_have_the_declared_types() -> None:
    texts = settle(_DECLARED, {"Skip": "True", "Rate": "1"})

    assert typed_values(_DECLARED, texts) == {"Name": "churn", "Count": 2, "Rate": 1.0, "Skip": True, "Stage": "dev"}


def test_settle_takes_an_empty_text() -> None:
    assert settle(_DECLARED, {"Name": ""})["Name"] == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Cuont": "1"}, r"Unknown parameter 'Cuont'.*Did you mean 'Count'\?"),
        ({"Count": "1.5"}, "'Count' has value '1.5', which is not of its type Integer"),
        ({"Rate": "much"}, "'Rate' has value 'much', which is not of its type Float"),
        ({"Rate": "nan"}, "'Rate' has value 'nan', which is not of its type Float"),
        ({"Skip": "maybe"}, "'Skip' has value 'maybe', which is not of its type Boolean"),
        ({"Stage": "test"}, "'Stage' has value 'test'; allowed are 'dev', 'prod'"),
    ],
)
def test_settle_of_a_value_that_does_not_fit_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        settle(_DECLARED, given)


def test_settle_without_a_value_that_has_no_default_is_refused() -> None:
    with pytest.raises(ValidationException, match="'Must' is undefined: it has no DefaultValue"):
        settle(parse_parameters([parameter("Must")]), {})


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({}, "'Parameters' must be a list"),
        ([3], "3 is not a parameter"),
        ([parameter("A b")], "Parameter name 'A b' is refused"),
        ([parameter("A"), parameter("A")], "'A' is declared twice"),
        ([parameter("A", kind="Text")], "Type 'Text'; allowed are String, Integer, Float, Boolean"),
        ([parameter("A", "1", "Integer")], "'A' of type Integer has DefaultValue '1' of another type"),
        ([parameter("A", default=True, kind="Integer")], "DefaultValue True of another type"),
        ([parameter("A", 1.5, "Integer")], "DefaultValue 1.5 of another type"),
        ([parameter("A", 3)], "'A' of type String has DefaultValue 3 of another type"),
        ([parameter("A", "x", EnumValues=["a"])], "has value 'x'; allowed are 'a'"),
        ([parameter("A", EnumValues="a")], "'EnumValues' of parameter 'A' must be a list"),
        ([parameter("A", Default="a")], "unknown key 'Default'; known keys: Name, Type"),
    ],
)
def test_parse_parameters_of_a_wrong_declaration_is_refused(declared: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_parameters(declared)
