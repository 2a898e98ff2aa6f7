from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.expressions import (
    ExecutionVariable,
    ExperimentMember,
    Expression,
    Join,
    JsonGet,
    ParameterValue,
    PropertyFile,
    StepProperty,
    is_expression,
    parse_value,
    references,
)
from sagemaker_local.errors import UnsupportedFeature, ValidationException
from tests.fakes.step_definitions import get, join, json_get


@pytest.mark.parametrize(
    ("path", "expression"),
    [
        ("Parameters.Threshold", ParameterValue("Threshold")),
        ("Execution.PipelineExecutionId", ExecutionVariable("PipelineExecutionId")),
        ("PipelineExperimentConfig.TrialName", ExperimentMember("TrialName")),
        ("Steps.Gate.Outcome", StepProperty("Gate", ("Outcome",))),
        ("Steps.L.OutputParameters['Arn']", StepProperty("L", ("OutputParameters", "Arn"))),
        ("Steps.My-Step.A['k'].B[2]", StepProperty("My-Step", ("A", "k", "B", 2))),
    ],
)
def test_get_is_read_by_its_root(path: str, expression: Expression) -> None:
    assert parse_value(get(path)) == expression


def test_expressions_are_found_at_any_depth_and_data_stays() -> None:
    value = {"a": [1, {"b": get("Parameters.P"), "c": "text"}], "d": True}

    assert parse_value(value) == {"a": [1, {"b": ParameterValue("P"), "c": "text"}], "d": True}


def test_null_members_are_dropped() -> None:
    assert parse_value({"a": None, "b": 1}) == {"b": 1}


def test_join_may_hold_joins_and_json_gets() -> None:
    value = parse_value(join("s3:/", join("a", get("Parameters.P")), json_get("E", "Report", "x"), on="/"))

    inner = Join("", ("a", ParameterValue("P")))
    assert value == Join("/", ("s3:/", inner, JsonGet(PropertyFile("E", "Report"), ("x",))))


def test_references_names_all_expressions_also_those_inside_others() -> None:
    value = parse_value({"x": join(json_get("E", "Report", "a")), "y": [get("Parameters.P")]})

    found = {type(item) for item in references(value)}

    assert found == {Join, JsonGet, PropertyFile, ParameterValue}


def test_json_get_of_an_address_takes_an_expression() -> None:
    value = parse_value({"Std:JsonGet": {"S3Uri": join("s3://b/", get("Parameters.P")), "Path": "$.a"}})

    assert value == JsonGet(Join("", ("s3://b/", ParameterValue("P"))), ("a",))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (get("Parameter.X"), "Unknown reference 'Parameter.X'"),
        (get("Parameters"), "Unknown reference 'Parameters'"),
        ({"Get": 5}, "'Get' needs a text, not 5"),
        (get("Steps.Train"), "names a step only"),
        (get("Steps.Train.a[*]"), "is not a path"),
        (get("Steps.E.PropertyFiles.Report"), "names a property file"),
        ({"Std:Join": {"On": "/"}}, "'Std:Join' needs exactly"),
        ({"Std:Join": {"On": 1, "Values": []}}, "'On' of Std:Join must be a text, not 1"),
        ({"Std:Join": {"On": "", "Values": [["x"]]}}, r"cannot join \['x'\]"),
        ({"Std:Join": {"On": "", "Values": [None]}}, "cannot join None"),
        ({"Std:JsonGet": {"Path": "a"}}, "'Std:JsonGet' needs exactly"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k", "PropertyFile": 1, "Path": "a"}}, "'Std:JsonGet' needs exactly"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": 3}}, "'Path' of Std:JsonGet must be a text, not 3"),
        ({"Std:JsonGet": {"S3Uri": 3, "Path": "a"}}, "'S3Uri' of Std:JsonGet must be"),
        ({"Std:JsonGet": {"PropertyFile": "Report", "Path": "a"}}, "'PropertyFile' of Std:JsonGet must be"),
        ({"Std:JsonGet": {"PropertyFile": get("Parameters.P"), "Path": "a"}}, "'PropertyFile' of Std:JsonGet must be"),
    ],
)
def test_an_expression_that_is_none_is_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_value(value)


@pytest.mark.parametrize(
    "path",
    ["ForEach.CurrentItem", "IterationOutput.a.b", "Steps.Loop.IterationOutputs[0].a.b", "Steps.Loop.Selected.a"],
)
def test_an_expression_of_a_loop_is_refused_as_unsupported(path: str) -> None:
    with pytest.raises(UnsupportedFeature, match="ForEach step"):
        parse_value(get(path))


@pytest.mark.parametrize("value", [{"Get": "x", "other": 1}, {}, [], "Get", {"get": "x"}, {"Std:join": {}}])
def test_plain_data_is_no_expression(value: Any) -> None:
    assert not is_expression(value)
