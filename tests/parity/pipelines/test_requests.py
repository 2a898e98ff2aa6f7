"""Each step's arguments are a request that AWS accepts, by botocore's own model of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from sagemaker_local.engine.definition import parse
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.shapes import check, check_shape

OPERATIONS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Model": ("CreateModel", "ModelName"),
    "RegisterModel": ("CreateModelPackage", "ModelPackageName"),
}
"""The request that a step makes, and the name in it that the service gives."""

Steps = list[dict[str, Any]]


def is_expression(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {"Get", "Std:Join", "Std:JsonGet"}


def test_arguments_of_every_step_are_a_valid_request(steps: Steps) -> None:
    for step in steps:
        if step["Type"] in OPERATIONS:
            operation, name = OPERATIONS[step["Type"]]
            check("sagemaker", operation, step["Arguments"], allow=is_expression, optional=[name])


def test_one_pipeline_has_steps_of_every_type_that_makes_a_request(end_to_end: Steps) -> None:
    """The check above would be worth nothing if it found nothing to check."""
    assert set(OPERATIONS) <= {step["Type"] for step in end_to_end}


def test_arguments_check_sees_a_fault(end_to_end: Steps) -> None:
    """The check above would be worth nothing if it let everything pass."""
    transform = next(step for step in end_to_end if step["Type"] == "Transform")

    with pytest.raises(ValidationException, match="MaxPayload"):
        check("sagemaker", "CreateTransformJob", transform["Arguments"] | {"MaxPayload": 20}, optional=[])


def test_names_fit_the_service(definition: dict[str, Any], steps: Steps) -> None:
    for step in steps:
        check_shape("sagemaker", "StepName", step["Name"])
        check_shape("sagemaker", "StepDisplayName", step["DisplayName"])
        check_shape("sagemaker", "StepDescription", step["Description"])
    for parameter in definition["Parameters"]:
        check_shape("sagemaker", "PipelineParameterName", parameter["Name"])


def test_definition_is_accepted_by_the_local_engine(text: str) -> None:
    parsed = parse(text)

    assert parsed.parameters["GitCommit"].default == "unknown"
