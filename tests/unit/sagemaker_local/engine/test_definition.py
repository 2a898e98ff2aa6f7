from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.step_definition import Branch, PropertyFileLocation
from sagemaker_local.engine.trigger import Trigger
from sagemaker_local.errors import LocalError, UnsupportedFeature, ValidationException
from tests.fakes.step_definitions import (
    after,
    condition,
    definition,
    equals,
    fail,
    function,
    get,
    input_from,
    join,
    json_get,
    model,
    parameter,
    processing,
    register,
    report_file,
    training,
    transform,
)


def _everything() -> str:
    """One step of each type, connected in every way."""
    evaluate = processing("Evaluate", arguments=input_from("Prepare"), PropertyFiles=report_file(), DependsOn=["Train"])
    threshold = {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": json_get("Evaluate", "Report", "auc"),
        "RightValue": get("Parameters.Threshold"),
    }
    gate = condition(
        conditions=[threshold],
        then=[register(arguments={"ModelApprovalStatus": get("Parameters.Approval")})],
        otherwise=[fail("TooLow", join("auc ", json_get("Evaluate", "Report", "auc")))],
    )
    latest = function(Arguments={"outcome": get("Steps.Gate.Outcome")}, outputs={"Arn": "String"})
    package = {"Containers": [{"ModelPackageName": get("Steps.Latest.OutputParameters['Arn']")}]}
    create = {
        "Name": "CreateModel",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": "arn:aws:iam::000000000000:role/r", **package},
    }
    return definition(
        processing(),
        training(CacheConfig={"Enabled": True, "ExpireAfter": "P30D"}, DisplayName="Train it", Description="why"),
        evaluate,
        gate,
        latest,
        create,
        transform(model_name=get("Steps.CreateModel.ModelName")),
        parameters=[parameter("Threshold", 0.8, "Float"), parameter("Approval", "Approved")],
        PipelineExperimentConfig={"ExperimentName": get("Execution.PipelineName"), "TrialName": "t"},
    )


def test_definition_with_every_step_type_is_read() -> None:
    parsed = parse(_everything())

    assert {name: step.type.name for name, step in parsed.steps.items()} == {
        "Prepare": "Processing",
        "Train": "Training",
        "Evaluate": "Processing",
        "Gate": "Condition",
        "Register": "RegisterModel",
        "TooLow": "Fail",
        "Latest": "Lambda",
        "CreateModel": "Model",
        "Transform": "Transform",
    }


def test_definition_that_the_sdk_wrote_is_read() -> None:
    """Thirteen steps as SDK 3.27.0 compiles them, of every type that is supported, with what it adds by itself."""
    parsed = parse((Path(__file__).parent / "sdk_definition.json").read_text())

    assert list(parsed.steps) == [
        "Preprocess",
        "Features",
        "Train",
        "TrainDriver",
        "Evaluate",
        "CandidateModel",
        "QualityGate",
        "RegisterModel",
        "QualityTooLow",
        "LatestApproved",
        "CreateModel",
        "Transform",
        "Monitored-transform",
    ]
    assert parsed.graph["RegisterModel"] == {"QualityGate", "Train", "Evaluate"}


def test_graph_has_edges_by_data_by_depends_on_and_by_branch() -> None:
    assert parse(_everything()).graph == {
        "Prepare": frozenset(),
        "Train": frozenset(),
        "Evaluate": frozenset({"Prepare", "Train"}),
        "Gate": frozenset({"Evaluate"}),
        "Register": frozenset({"Gate"}),
        "TooLow": frozenset({"Gate", "Evaluate"}),
        "Latest": frozenset({"Gate"}),
        "CreateModel": frozenset({"Latest"}),
        "Transform": frozenset({"CreateModel"}),
    }


def test_step_keeps_what_the_definition_says_of_it() -> None:
    steps = parse(_everything()).steps

    assert steps["Register"].branch == Branch("Gate", outcome=True)
    assert steps["TooLow"].branch == Branch("Gate", outcome=False)
    assert steps["Evaluate"].property_files == {"Report": PropertyFileLocation("data", "report.json")}
    assert steps["Train"].cache is not None
    assert steps["Train"].cache.expire_after == timedelta(days=30)
    assert (steps["Train"].display_name, steps["Train"].description) == ("Train it", "why")
    assert steps["Latest"].outputs == {"Arn": "String"}


def test_nulls_where_the_sdk_writes_them_count_as_absent() -> None:
    text = definition(processing(DependsOn=None, CacheConfig=None, DisplayName=None, PropertyFiles=None))

    assert parse(text).steps["Prepare"].depends_on == {}


def test_condition_with_two_empty_branches_is_read() -> None:
    assert list(parse(definition(condition())).steps) == ["Gate"]


def test_depends_on_a_condition_is_read() -> None:
    assert parse(definition(condition(), function(DependsOn=["Gate"]))).graph["Latest"] == {"Gate"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Version": "2020-12-01",\n "Steps": [}', r"is not JSON: .* at line 2, column 12 \(character 37\)"),
        ("", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"Version": "2020-12-01", "Steps": [NaN]}', "it has NaN"),
        ("[" * 100_000, "nested too deeply"),
        (definition(processing(), Version="2021-01-01"), "Version '2021-01-01'; the only one is '2020-12-01'"),
        (definition(processing(), Version=None), "Version None"),
        (definition(processing(), Extra=1), "unknown key 'Extra'; known keys: Version, Metadata"),
        (definition(), "'Steps' must be a list with at least one step"),
        (definition(processing(), Steps={}), "'Steps' must be a list"),
        (definition(processing(), PipelineExperimentConfig={"Name": 1}), "'PipelineExperimentConfig' has only"),
        (
            definition(processing(), PipelineExperimentConfig={"TrialName": get("Steps.Prepare.RoleArn")}),
            "Unknown step 'Prepare'",
        ),
    ],
)
def test_definition_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse(text)


def test_mlflow_config_is_refused_as_unsupported() -> None:
    with pytest.raises(UnsupportedFeature, match="'MlflowConfig' is not supported here"):
        parse(definition(processing(), MlflowConfig={"MlflowResourceArn": "arn"}))


@pytest.mark.parametrize(
    "kind", ["QualityCheck", "ClarifyCheck", "Callback", "EMR", "AutoML", "ForEach", "Nonsense", None, ["x"]]
)
def test_step_type_that_is_not_supported_is_refused_by_name_with_the_supported_ones(kind: Any) -> None:
    message = (
        r"Step 'Odd': Step type .* is not supported here; supported are Processing, Training, Tuning, Transform, "
        r"Model, RegisterModel, Condition, Lambda, Fail\. See docs/fidelity\.md"
    )
    with pytest.raises(UnsupportedFeature, match=message):
        parse(definition({"Name": "Odd", "Type": kind, "Arguments": {}}))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (3, "3 is not a step"),
        ({"Type": "Fail"}, "Step name None is refused"),
        (processing("Bad Name!"), "Step name 'Bad Name!' is refused"),
        (processing("x" * 65), "is refused; use letters"),
        (processing(Retry=[]), r"Step 'Prepare': unknown key 'Retry'; a step of type Processing may have Name, Type"),
        (fail(RetryPolicies=[]), "Step 'Stop': unknown key 'RetryPolicies'"),
        (model(CacheConfig={"Enabled": True}), "unknown key 'CacheConfig'"),
        ({**processing(), "Arguments": []}, "'Arguments' must be an object"),
        (processing(arguments={"Colour": "red"}), "Unknown member 'Colour'"),
        (processing(arguments={"RoleArn": None}), "'roleArn' failed to satisfy constraint: Member must not be null"),
        (processing(arguments={"RoleArn": 5}), "Step 'Prepare': .*roleArn"),
        (training(arguments={"HyperParameters": {"depth": 5}}), "hyperParameters"),
        (processing(DependsOn="Train"), "'DependsOn' must be a list"),
        (processing(DependsOn=[{"Step": "Train"}]), "Step 'Prepare': .*is not the name of a step"),
        (processing(DisplayName="x" * 257), "'DisplayName' must be a text of at most 256"),
        (processing(PropertyFiles=[{"PropertyFileName": "R"}]), "each needs exactly the texts"),
        (processing(PropertyFiles=report_file(output="dta")), "OutputName 'dta'; the outputs of the step are data"),
        (processing(PropertyFiles=report_file() * 2), "property file 'Report' is declared twice"),
        (processing(CacheConfig={"Enabled": 1}), "'CacheConfig' must be an object"),
        (function(FunctionArn="latest"), "'FunctionArn' 'latest' is not the ARN"),
        (function(OutputParameters=[{"OutputName": "a"}]), "each needs exactly OutputName and OutputType"),
        (function(outputs={"a": "Text"}), "OutputType 'Text'; allowed are String, Integer, Float, Boolean"),
        (function(OutputParameters=[{"OutputName": "a", "OutputType": "String"}] * 2), "'a' is declared twice"),
        (fail(message=3), "hold only ErrorMessage"),
        (condition(conditions=[]), "'Conditions' is empty"),
        ({"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": []}}, "are exactly the lists Conditions"),
        (condition(conditions=[{"Type": "Like"}]), "Step 'Gate': Condition type 'Like' is not known"),
    ],
)
def test_step_of_another_form_is_refused_and_named(step: Any, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse(definition(step))


def test_condition_inside_a_condition_is_refused() -> None:
    with pytest.raises(ValidationException, match="Step 'Inner': it is a Condition step inside Condition step 'Outer'"):
        parse(definition(condition("Outer", then=[condition("Inner")])))


@pytest.mark.parametrize(
    "text",
    [
        definition(processing(), processing()),
        definition(processing(), condition(then=[processing()])),
        definition(condition(then=[processing()], otherwise=[processing()])),
    ],
)
def test_step_that_is_there_twice_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match="Step 'Prepare' is there twice"):
        parse(text)


def test_trigger_makes_an_edge_and_an_aftermath() -> None:
    steps = [training(), function(DependsOn=[after("Train", "Failed")]), function("Next", DependsOn=["Latest"])]

    parsed = parse(definition(*steps, function("Other", DependsOn=["Train"])))

    assert parsed.graph["Latest"] == {"Train"}
    assert parsed.steps["Latest"].triggers == {"Train": Trigger.FAILED}
    assert parsed.aftermath == {"Latest", "Next"}


@pytest.mark.parametrize("trigger", ["Failed", "Stopped", "Any"])
def test_trigger_on_a_step_whose_result_is_used_is_refused(trigger: str) -> None:
    message = f"Step 'Next': it runs on Trigger '{trigger}' of step 'Prepare' and uses that step's result"

    with pytest.raises(ValidationException, match=message):
        parse(
            definition(
                processing(),
                processing("Next", arguments=input_from("Prepare"), DependsOn=[after("Prepare", trigger)]),
            )
        )


def test_trigger_on_the_condition_around_a_step_is_refused() -> None:
    inside = function(DependsOn=[after("Gate", "Failed")])

    with pytest.raises(ValidationException, match="take the step out of the condition's branch"):
        parse(definition(condition(then=[inside])))


def test_trigger_on_a_fail_step_or_on_no_step_is_refused() -> None:
    with pytest.raises(ValidationException, match="Latest can not depends on Stop"):
        parse(definition(fail(), function(DependsOn=[after("Stop", "Failed")])))
    with pytest.raises(ValidationException, match=r"Unknown step in 'DependsOn' 'Trian'.*Did you mean 'Train'"):
        parse(definition(training(), function(DependsOn=[after("Trian", "Failed")])))


def test_trigger_that_closes_a_cycle_is_refused() -> None:
    with pytest.raises(ValidationException, match="wait for each other in a cycle"):
        parse(definition(function("A", DependsOn=[after("B", "Failed")]), function("B", DependsOn=["A"])))


def test_dependency_on_a_fail_step_is_refused_in_the_words_of_the_service() -> None:
    with pytest.raises(ValidationException, match="CondStep can not depends on FailStep"):
        parse(definition(fail("FailStep"), condition("CondStep", DependsOn=["FailStep"])))


def test_cached_lambda_is_refused_as_unsupported() -> None:
    with pytest.raises(UnsupportedFeature, match="caching of Lambda steps"):
        parse(definition(function(CacheConfig={"Enabled": True, "ExpireAfter": "P1D"})))


def test_job_name_in_arguments_is_a_prefix_and_is_read() -> None:
    assert parse(definition(processing(arguments={"ProcessingJobName": "mine"}))).steps["Prepare"].arguments


@pytest.mark.parametrize(
    ("steps", "cycle"),
    [
        ([processing("A", DependsOn=["A"])], "A -> A"),
        ([processing("A", DependsOn=["B"]), processing("B", arguments=input_from("A"))], "(A -> B -> A|B -> A -> B)"),
        (
            [
                condition(
                    conditions=[equals(get("Steps.Inside.ProcessingJobStatus"), "Completed")],
                    then=[processing("Inside")],
                ),
            ],
            "(Gate -> Inside -> Gate|Inside -> Gate -> Inside)",
        ),
    ],
)
def test_cycle_is_refused_with_its_steps_in_order(steps: list[Any], cycle: str) -> None:
    with pytest.raises(ValidationException, match=f"wait for each other in a cycle: {cycle}"):
        parse(definition(*steps))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and element of a document, as its container and its key."""
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = list(range(len(value)))
    return [place for key in keys for place in [(value, key), *_places(value[key])]]


@settings(max_examples=300)
@given(_JSON, st.data())
def test_any_json_in_any_place_is_read_or_refused_and_never_breaks_the_parser(value: Any, data: st.DataObject) -> None:
    document = json.loads(_everything())
    container, key = data.draw(st.sampled_from(_places(document)))
    container[key] = value

    try:
        parse(json.dumps(document))
    except LocalError as error:
        assert isinstance(error, ValidationException)  # noqa: PT017  # any other outcome fails by itself


@settings(max_examples=100)
@given(st.data())
def test_any_missing_member_is_read_or_refused_and_never_breaks_the_parser(data: st.DataObject) -> None:
    document = json.loads(_everything())
    container, key = data.draw(st.sampled_from(_places(document)))
    del container[key]

    try:
        parse(json.dumps(document))
    except LocalError as error:
        assert isinstance(error, ValidationException)  # noqa: PT017  # any other outcome fails by itself
