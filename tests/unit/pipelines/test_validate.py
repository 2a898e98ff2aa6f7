"""Checks of a definition that the SDK does not make."""

import json
from typing import Any

import pytest

from pipelines.errors import InvalidDefinition
from pipelines.validate import validate

USED = {"Name": "Input", "Type": "String", "DefaultValue": "s3://b/in"}
OTHER = {"Name": "Other", "Type": "String"}


def step(name: str, type_: str = "Processing", arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": type_, "Arguments": arguments or {}, **more}


def get(text: str) -> dict[str, str]:
    return {"Get": text}


def output(name: str, address: Any) -> dict[str, Any]:
    return {"OutputName": name, "S3Output": {"S3Uri": address, "LocalPath": "/x", "S3UploadMode": "EndOfJob"}}


FIRST = step(
    "First",
    arguments={
        "ProcessingInputs": [get("Parameters.Input")],
        "ProcessingOutputConfig": {"Outputs": [output("data", "s3://b/one")]},
    },
    PropertyFiles=[{"PropertyFileName": "Report", "OutputName": "data", "FilePath": "r.json"}],
)


def definition(*steps: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> str:
    given = [USED] if parameters is None else parameters
    return json.dumps({"Version": "2020-12-01", "Parameters": given, "Steps": [FIRST, *steps]})


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidDefinition, match="The pipeline definition is refused:") as caught:
        validate(text)
    return caught.value.problems


def test_validate_steps_that_fit_together_says_nothing() -> None:
    lookup = step("Look", "Lambda", {"x": get("Execution.PipelineExecutionId")}, OutputParameters=[{"OutputName": "a"}])
    file = {"Std:JsonGet": {"PropertyFile": get("Steps.First.PropertyFiles.Report"), "Path": "a.b"}}
    inner = step("Inner", arguments={"x": get("Steps.Look.OutputParameters['a']")})
    arguments = {"Conditions": [{"LeftValue": file}], "IfSteps": [inner], "ElseSteps": []}

    validate(definition(lookup, step("Gate", "Condition", arguments), step("Last", DependsOn=["Gate"])))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Parameters.Inputt", "the parameters are Input"),
        ("Execution.Now", "the execution variables are CurrentDateTime"),
        ("Steps.Frist.ProcessingJobName", "the steps are First, Second"),
        ("Steps.First.ProcessingOutputConfig.Outputs['x'].S3Output.S3Uri", "the outputs of 'First' are data"),
        ("Steps.First.OutputParameters['x']", "the outputs of 'First' are none"),
        ("Steps.First.PropertyFiles.Rep", "the property files of 'First' that lie in one of its outputs are Report"),
        ("Secrets.X", "a reference begins with Parameters., Execution. or Steps.<name>."),
    ],
)
def test_validate_unknown_reference_names_it_and_what_exists(reference: str, expected: str) -> None:
    found = problems(definition(step("Second", arguments={"deep": [{"in": [get(reference)]}]})))

    assert len(found) == 1
    assert f"step 'Second' refers to {reference!r}, but {expected}" in found[0]


def test_validate_property_file_of_an_unknown_output_is_refused() -> None:
    second = step("Second", PropertyFiles=[{"PropertyFileName": "R", "OutputName": "gone", "FilePath": "r.json"}])
    third = step("Third", arguments={"x": get("Steps.Second.PropertyFiles.R")})

    assert "that lie in one of its outputs" in problems(definition(second, third))[0]


def test_validate_cycle_names_the_steps_in_order() -> None:
    second = step("Second", DependsOn=["Third"])
    third = step("Third", arguments={"x": get("Steps.Second.ProcessingJobName")})

    found = problems(definition(second, third))

    assert "steps wait for each other: " in found[0]
    assert {"Second", "Third"} <= set(found[0].replace(";", "").split())


def test_validate_cycle_through_a_branch_is_seen() -> None:
    """A step in a branch waits for its condition, although no reference says so."""
    inner = step("Inner")
    condition = {"Conditions": [get("Steps.Inner.ProcessingJobName")], "IfSteps": [inner], "ElseSteps": []}

    assert "steps wait for each other" in problems(definition(step("Gate", "Condition", condition)))[0]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (step("First"), "step 'First' exists 2 times"),
        (step("Bad Name!"), "step 'Bad Name!' is refused; allowed: 1 to 64 letters"),
        (step("x" * 65), "allowed: 1 to 64 letters"),
        (step("Second", DependsOn=["Nobody"]), "step 'Second' depends on 'Nobody', but the steps are First, Second"),
        (step("Second", DependsOn=[{"Step": "Nobody", "Trigger": "Failed"}]), "depends on 'Nobody'"),
    ],
)
def test_validate_bad_step_is_refused(more: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems(definition(more)))


def test_validate_step_after_a_fail_step_is_refused() -> None:
    found = problems(definition(step("Stop", "Fail", {"ErrorMessage": "no"}), step("Second", DependsOn=["Stop"])))

    assert found == ("step 'Second' depends on 'Stop', a Fail step, after which nothing runs.",)


def test_validate_unused_parameter_is_refused() -> None:
    assert "parameter 'Other' is used by no step" in problems(definition(parameters=[USED, OTHER]))[0]


def test_validate_parameter_twice_is_refused() -> None:
    assert "parameter 'Input' exists 2 times" in problems(definition(parameters=[USED, USED]))[0]


def test_validate_parameter_that_no_eventbridge_rule_could_set_is_refused() -> None:
    found = problems(definition(parameters=[USED, {**OTHER, "Name": "input_data"}]))

    assert "parameter 'input_data' is refused; allowed: 1 to 64 letters and digits with '-' between them." in found


def test_validate_default_outside_its_values_is_refused() -> None:
    found = problems(definition(parameters=[{**USED, "DefaultValue": "c", "EnumValues": ["a", "b"]}]))

    assert found == ("parameter 'Input' has the default 'c'; allowed: 'a', 'b'.",)


def test_validate_two_steps_writing_to_one_address_is_refused() -> None:
    second = step("Second", arguments={"ProcessingOutputConfig": {"Outputs": [output("copy", "s3://b/one")]}})

    assert problems(definition(second)) == (
        'First.data and Second.copy write to the same address "s3://b/one"; give each its own.',
    )


def test_validate_definition_above_the_limit_is_refused() -> None:
    found = problems(definition(step("Second", Description="x" * 1024 * 1024)))

    assert "allowed: at most 1048576. Split the pipeline." in found[0]


def test_validate_several_problems_reports_all_of_them() -> None:
    text = definition(
        step("Bad Name!"), step("Second", arguments={"x": get("Parameters.No")}), parameters=[USED, OTHER]
    )

    assert len(problems(text)) == 3
