"""References and expressions of a definition: where they lead, and which type of value they give."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.definition import parse
from sagemaker_local.errors import ValidationException
from tests.fakes.step_definitions import (
    condition,
    definition,
    equals,
    fail,
    function,
    get,
    join,
    json_get,
    parameter,
    processing,
    report_file,
    training,
)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("Parameters.Treshold", r"Unknown parameter 'Treshold'; there are: Threshold\. Did you mean 'Threshold'\?"),
        ("Execution.Id", "Unknown execution variable 'Id'; there are: StartDateTime"),
        ("Execution.TrainingJobName", "Unknown execution variable 'TrainingJobName'"),
        ("PipelineExperimentConfig.Name", "Unknown member of PipelineExperimentConfig 'Name'"),
        ("Steps.Trian.TrainingJobName", r"Unknown step 'Trian'.*Did you mean 'Train'\?"),
        ("Steps.Train.ModelArtefacts.S3", r"has no property 'ModelArtefacts\.S3'.*Did you mean 'ModelArtifacts'\?"),
        ("Steps.Train.ModelArtifacts.S3Uri", "'S3Uri' is none of S3ModelArtifacts"),
        ("Steps.Train.TrainingJobName.x", "'x' is none of its members"),
        ("Steps.Train.ModelArtifacts[0]", "'0' is none of S3ModelArtifacts"),
        ("Steps.Train.OutputParameters['x']", "'OutputParameters' is none of"),
        (
            "Steps.Prepare.ProcessingOutputConfig.Outputs['dta'].S3Output.S3Uri",
            r"Unknown element of Steps\.Prepare\..* 'dta'; there are: data",
        ),
        ("Steps.Latest.OutputParameters['Arm']", r"Unknown output of step 'Latest' 'Arm'; there are: Arn"),
        ("Steps.Latest.Outputs", "Step 'Latest' .Lambda. has no property 'Outputs'"),
        ("Steps.Gate.Result", "Step 'Gate' .Condition. has no property 'Result': 'Result' is none of Outcome"),
        ("Steps.Stop.ErrorMessage", "Step 'Stop' is a Fail step; nothing can refer to it"),
    ],
)
def test_reference_that_leads_nowhere_is_refused_with_what_there_is(reference: str, message: str) -> None:
    text = definition(
        processing(),
        training(),
        condition(),
        fail(),
        function(outputs={"Arn": "String"}),
        function("User", Arguments={"value": get(reference)}),
        parameters=[parameter("Threshold", 0.5, "Float")],
    )

    with pytest.raises(ValidationException, match=f"Step 'User': .*{message}"):
        parse(text)


def test_reference_to_an_unknown_property_file_is_refused() -> None:
    text = definition(
        processing(PropertyFiles=report_file()),
        condition(conditions=[equals(json_get("Prepare", "Rapport", "auc"), 1)]),
    )

    with pytest.raises(
        ValidationException, match="Unknown property file of step 'Prepare' 'Rapport'; there are: Report"
    ):
        parse(text)


def test_own_job_name_is_known_inside_the_step_that_makes_the_job() -> None:
    environment = {"Environment": {"NAME": get("Execution.TrainingJobName")}}

    assert parse(definition(training(arguments=environment)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"HyperParameters": {"depth": get("Parameters.Depth")}},
            r"HyperParameters\['depth'\] must be of type string, but Parameters\.Depth is of type integer\. Make",
        ),
        (
            {"RoleArn": get("Steps.Prepare.ProcessingResources")},
            "RoleArn must be of type string, but .* type structure",
        ),
        (
            {
                "ResourceConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": get("Parameters.Name"),
                    "VolumeSizeInGB": 1,
                }
            },
            r"ResourceConfig\.InstanceCount must be of type integer, but Parameters.Name is of type string",
        ),
        ({"EnableManagedSpotTraining": get("Parameters.Depth")}, "must be of type boolean"),
    ],
)
def test_expression_of_another_type_than_its_place_is_refused(arguments: Any, message: str) -> None:
    parameters = [parameter("Depth", 3, "Integer"), parameter("Name", "x")]

    with pytest.raises(ValidationException, match=message):
        parse(definition(processing(), training(arguments=arguments), parameters=parameters))


@pytest.mark.parametrize(
    "arguments",
    [
        {"HyperParameters": {"depth": join(get("Parameters.Depth"))}},
        {
            "ResourceConfig": {
                "InstanceType": get("Parameters.Name"),
                "InstanceCount": get("Parameters.Depth"),
                "VolumeSizeInGB": 1,
            }
        },
        {"HyperParameters": {"rate": json_get("Prepare", "Report", "rate")}},
        {"Environment": {"WHEN": get("Steps.Prepare.CreationTime")}},
        {"EnableManagedSpotTraining": get("Parameters.Spot")},
    ],
)
def test_expression_of_the_type_of_its_place_is_read(arguments: Any) -> None:
    parameters = [
        parameter("Depth", 3, "Integer"),
        parameter("Name", "x"),
        parameter("Spot", default=True, kind="Boolean"),
    ]

    assert parse(
        definition(processing(PropertyFiles=report_file()), training(arguments=arguments), parameters=parameters)
    )
