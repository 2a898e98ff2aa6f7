from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sagemaker_local.errors import SerializationException, UnknownOperationException, ValidationException
from sagemaker_local.records import shapes

ROLE = "arn:aws:iam::000000000000:role/worker"
TOKEN = "t" * 32


def pipeline(**changes: Any) -> dict[str, Any]:
    return {"PipelineName": "churn", "RoleArn": ROLE, "ClientRequestToken": TOKEN, **changes}


def refusal(operation: str, params: dict[str, Any]) -> str:
    with pytest.raises(ValidationException, match="validation error") as caught:
        shapes.check("sagemaker", operation, params)
    return caught.value.message


def test_check_valid_request_passes() -> None:
    shapes.check("sagemaker", "CreatePipeline", pipeline(Tags=[{"Key": "team", "Value": ""}]))


def test_check_text_that_misses_the_pattern_is_refused_in_the_words_of_aws() -> None:
    assert refusal("CreatePipeline", pipeline(PipelineName="a_b")) == (
        "1 validation error detected: Value 'a_b' at 'pipelineName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"
    )


def test_check_several_problems_are_reported_together() -> None:
    message = refusal("CreatePipeline", {"PipelineName": "a_b", "RoleArn": ROLE})

    assert message.startswith(
        "2 validation errors detected: "
        "Value null at 'clientRequestToken' failed to satisfy constraint: Member must not be null; Value 'a_b' at"
    )


@pytest.mark.parametrize(
    ("name", "constraint"),
    [("", "length greater than or equal to 1"), ("a" * 257, "length less than or equal to 256")],
)
def test_check_text_of_wrong_length_is_refused(name: str, constraint: str) -> None:
    assert f"Member must have {constraint}" in refusal("CreatePipeline", pipeline(PipelineName=name))


def test_check_member_that_is_none_counts_as_absent() -> None:
    shapes.check("sagemaker", "CreatePipeline", pipeline(PipelineDescription=None))
    assert "Value null at 'roleArn'" in refusal("CreatePipeline", pipeline(RoleArn=None))


def test_check_number_out_of_range_is_refused() -> None:
    message = refusal("ListPipelines", {"MaxResults": 101})

    assert "Value '101' at 'maxResults'" in message
    assert "Member must have value less than or equal to 100" in message


def test_check_integer_that_java_cannot_hold_is_refused() -> None:
    message = refusal("CreatePipeline", pipeline(ParallelismConfiguration={"MaxParallelExecutionSteps": 2**31}))

    assert "at 'parallelismConfiguration.maxParallelExecutionSteps'" in message


def test_check_word_outside_the_enum_is_refused_with_the_allowed_words() -> None:
    message = refusal("ListPipelines", {"SortOrder": "Up"})

    assert "Member must satisfy enum value set: [Ascending, Descending]" in message


def test_check_member_of_a_list_is_named_by_its_position() -> None:
    message = refusal("CreatePipeline", pipeline(Tags=[{"Key": "a", "Value": ""}, {"Key": "", "Value": ""}]))

    assert "Value '' at 'tags.2.member.key'" in message


def test_check_null_inside_a_list_is_refused() -> None:
    assert "Value null at 'tags.1.member'" in refusal("CreatePipeline", pipeline(Tags=[None]))


def test_check_value_of_a_map_is_named_by_its_key() -> None:
    message = refusal(
        "CreateModel",
        {"ModelName": "m", "PrimaryContainer": {"Image": "i", "Environment": {"LEVEL": "x" * 1025, "not-a-name": ""}}},
    )

    assert "at 'primaryContainer.environment.LEVEL.value'" in message
    assert "at 'primaryContainer.environment.not-a-name.key'" in message


def test_check_list_that_is_too_long_is_refused() -> None:
    message = refusal("CreatePipeline", pipeline(Tags=[{"Key": str(n), "Value": ""} for n in range(51)]))

    assert "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50" in message


def test_check_unknown_member_is_refused_with_the_nearest_name() -> None:
    message = refusal("CreatePipeline", pipeline(PipelineDefinitions="{}"))

    assert "Unknown member 'PipelineDefinitions': Member must be one of [PipelineName, " in message
    assert message.endswith("did you mean PipelineDefinition?")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PipelineName": 7}, "an integer can not be converted to a string"),
        ({"Tags": "a=b"}, "a string can not be converted to a list"),
        ({"ParallelismConfiguration": []}, "a list can not be converted to an object"),
        (
            {"ParallelismConfiguration": {"MaxParallelExecutionSteps": "2"}},
            "a string can not be converted to an integer",
        ),
        ({"ParallelismConfiguration": {"MaxParallelExecutionSteps": True}}, "a boolean can not be converted"),
    ],
)
def test_check_value_of_another_type_cannot_be_read(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SerializationException, match=words):
        shapes.check("sagemaker", "CreatePipeline", pipeline(**changes))


@pytest.mark.parametrize("time", [0, 1.5, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, tzinfo=UTC)])
def test_check_timestamp_in_any_form_passes(time: object) -> None:
    shapes.check("sagemaker", "ListPipelines", {"CreatedAfter": time})


def test_check_long_value_is_shown_shortened() -> None:
    assert "Value '" + "x" * 256 + "…'" in refusal("CreatePipeline", pipeline(PipelineName="x" * 5000))


def test_check_sensitive_value_is_not_shown() -> None:
    message = refusal("CreateModelPackage", {"ModelCard": {"ModelCardContent": "secret\n"}})

    assert "secret" not in message
    assert "Value at 'modelCard.modelCardContent' failed" in message


def test_check_allowed_value_goes_unchecked_at_any_depth() -> None:
    expression = {"Get": "Parameters.Count"}
    request = pipeline(ParallelismConfiguration={"MaxParallelExecutionSteps": expression}, RoleArn=expression)

    shapes.check("sagemaker", "CreatePipeline", request, allow=lambda value: value == expression)


def test_check_optional_member_may_be_missing() -> None:
    shapes.check("sagemaker", "CreatePipeline", {"PipelineName": "p", "RoleArn": ROLE}, optional=["ClientRequestToken"])


def test_check_unknown_operation_is_refused_by_name() -> None:
    with pytest.raises(UnknownOperationException, match="no operation 'CreatePipelin'"):
        shapes.check("sagemaker", "CreatePipelin", {})


def test_check_operation_without_members_takes_an_empty_request() -> None:
    shapes.check("sagemaker", "GetSagemakerServicecatalogPortfolioStatus", {})


def test_check_shape_names_the_problem_of_a_single_shape() -> None:
    with pytest.raises(ValidationException, match="Value null at 's3Uri'"):
        shapes.check_shape("sagemaker", "MetricsSource", {"ContentType": "application/json"})


def test_check_union_with_two_members_is_refused() -> None:
    with pytest.raises(ValidationException, match="exactly one of"):
        shapes.check_shape("sagemaker", "MetricSpecification", {"Predefined": {}, "Customized": {}})


def test_check_response_refuses_what_the_service_model_does_not_describe() -> None:
    with pytest.raises(ValidationException, match="Unknown member 'Arn'"):
        shapes.check_response("sagemaker", "CreatePipeline", {"Arn": "x"})


def test_shapes_of_members_and_elements_are_found_by_name() -> None:
    request = shapes.input_shape("sagemaker", "CreatePipeline")
    tags = shapes.member_shape("sagemaker", request, "Tags")

    assert tags is not None
    assert shapes.element_shape("sagemaker", tags)["type"] == "structure"
    assert shapes.member_shape("sagemaker", request, "Tagz") is None


def test_operations_of_a_service_are_all_that_aws_has() -> None:
    assert {"CreatePipeline", "CreateEndpoint"} <= set(shapes.operations("sagemaker"))
