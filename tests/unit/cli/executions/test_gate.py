from __future__ import annotations

import argparse
import copy
import io
import json
from typing import Any

import pytest

from cli.commands import executions
from cli.context import Context
from cli.executions import follow, gate
from tests.fakes.s3 import FakeS3
from tests.unit.cli.fakes import ARN, FakeSageMaker, context_with, step

REASON = "auc is 0.648, the threshold asks for at least 0.750; there is no champion yet"
METRIC = "binary_classification_metrics.auc.value"
JOB_ARN = "arn:aws:sagemaker:r:a:processing-job/pipelines-x-a-q"


def condition(kind: str, path: str, right: Any) -> dict[str, Any]:
    read = {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Evaluation"}, "Path": path}
    return {"Type": kind, "LeftValue": {"Std:JsonGet": read}, "RightValue": right}


GATE: dict[str, Any] = {
    "Name": "Gate",
    "Type": "Condition",
    "Arguments": {
        "Conditions": [condition("GreaterThanOrEqualTo", METRIC, {"Get": "Parameters.MetricThreshold"})],
        "IfSteps": [{"Name": "Register", "Type": "RegisterModel"}],
        "ElseSteps": [],
    },
}
CHAMPION = condition("LessThanOrEqualTo", "gate.shortfall", {"Get": "Parameters.ChampionTolerance"})
DEFINITION: dict[str, Any] = {
    "Parameters": [
        {"Name": "MetricThreshold", "Type": "Float", "DefaultValue": 0.75},
        {"Name": "ChampionTolerance", "Type": "Float", "DefaultValue": 0.01},
    ],
    "Steps": [
        {
            "Name": "Evaluate",
            "Type": "Processing",
            "PropertyFiles": [
                {"PropertyFileName": "Evaluation", "OutputName": "evaluation", "FilePath": "evaluation.json"}
            ],
        },
        GATE,
    ],
}
EVALUATED = step("Evaluate", "Succeeded", Metadata={"ProcessingJob": {"Arn": JOB_ARN}})
CHOSEN = step(
    "GetLatestApprovedModel",
    "Succeeded",
    Metadata={"Lambda": {"OutputParameters": [{"Name": "ModelPackageVersion", "Value": "4"}]}},
)


def decided(outcome: str) -> dict[str, Any]:
    return step("Gate", "Succeeded", Metadata={"Condition": {"Outcome": outcome}})


class Service(FakeSageMaker):
    """An execution with a gate."""

    def __init__(self, *steps: dict[str, Any], state: str = "Succeeded", **parameters: str) -> None:
        super().__init__([state], [steps])
        self.parameters = parameters
        self.definition = copy.deepcopy(DEFINITION)
        self.packages: dict[str, dict[str, Any]] = {}

    def describe_model_package(self, **request: Any) -> dict[str, Any]:
        return self.packages[request["ModelPackageName"]]

    def describe_pipeline_definition_for_execution(self, **_: Any) -> dict[str, Any]:
        return {"PipelineDefinition": json.dumps(self.definition)}

    def list_pipeline_parameters_for_execution(self, **_: Any) -> dict[str, Any]:
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in self.parameters.items()]}

    def describe_processing_job(self, **request: Any) -> dict[str, Any]:
        assert request == {"ProcessingJobName": "pipelines-x-A-Q"}
        output = {"OutputName": "evaluation", "S3Output": {"S3Uri": "s3://bucket/evaluation/e1"}}
        return {"ProcessingOutputConfig": {"Outputs": [output]}}


def terminal(client: Any, auc: Any = 0.6481, **members: Any) -> tuple[Context, io.StringIO]:
    s3 = FakeS3Reader()
    body = {"binary_classification_metrics": {"auc": {"value": auc}}, **members}
    s3.put_object(Bucket="bucket", Key="evaluation/e1/evaluation.json", Body=io.BytesIO(json.dumps(body).encode()))
    return context_with(sagemaker=client, s3=s3)


class FakeS3Reader(FakeS3):
    """Reads as well."""

    def get_object(self, **request: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[request["Bucket"], request["Key"]])}


def test_following_a_gate_that_was_not_met_shows_metric_value_and_threshold() -> None:
    context, printed = terminal(Service(EVALUATED, decided("False"), CHOSEN))

    assert follow.to_the_end(context, ARN) == 0

    reason = f"outcome False: {METRIC} is 0.648, MetricThreshold asks for at least 0.75"
    assert printed.getvalue().count(reason) == 2  # as it happens, and in the table
    assert "Nothing was registered; version 4 scored." in printed.getvalue()


def test_following_a_gate_that_was_met_shows_the_same_and_no_closing_line() -> None:
    context, printed = terminal(Service(EVALUATED, decided("True"), CHOSEN), auc=0.9)

    follow.to_the_end(context, ARN)

    assert f"outcome True: {METRIC} is 0.900, MetricThreshold asks for at least 0.75" in printed.getvalue()
    assert "Nothing was registered" not in printed.getvalue()


def test_training_whose_gate_was_not_met_says_that_nothing_was_registered() -> None:
    context, printed = terminal(Service(EVALUATED, decided("False")))

    assert follow.to_the_end(context, ARN) == 0

    assert "Nothing was registered.\n" in printed.getvalue()


@pytest.mark.parametrize(
    ("status", "told"),
    [("PendingManualApproval", ": python pipeline.py approve 5 --local"), ("Approved", "")],
)
def test_execution_that_registered_says_which_version_and_what_it_waits_for(status: str, told: str) -> None:
    registered = step(
        "Register", "Succeeded", Metadata={"RegisterModel": {"Arn": "arn:aws:sagemaker:x:0:model-package/g/5"}}
    )
    client = Service(EVALUATED, decided("True"), registered)
    client.packages = {
        "arn:aws:sagemaker:x:0:model-package/g/5": {
            "ModelPackageVersion": 5,
            "ModelPackageGroupName": "churn-models",
            "ModelApprovalStatus": status,
        }
    }
    context, printed = terminal(client, auc=0.9)

    follow.to_the_end(context, ARN)

    assert f"Version 5 of churn-models is {status}{told}\n" in printed.getvalue()


def test_status_shows_the_threshold_of_this_execution() -> None:
    context, printed = terminal(Service(EVALUATED, decided("False"), CHOSEN, MetricThreshold="0.99"))

    executions.status(context, argparse.Namespace(execution=ARN))

    assert f"outcome False: {METRIC} is 0.648, MetricThreshold asks for at least 0.99" in printed.getvalue()
    assert "Nothing was registered; version 4 scored." in printed.getvalue()


def test_a_gate_of_two_conditions_shows_both_comparisons() -> None:
    client = Service(EVALUATED, decided("False"))
    client.definition["Steps"][1]["Arguments"]["Conditions"].append(CHAMPION)
    context, _ = terminal(client, gate={"shortfall": 0.149})
    reasons: dict[str, str] = {}

    gate.add_reasons(context, ARN, [EVALUATED, decided("False")], reasons)

    assert reasons["Gate"] == (
        f"outcome False: {METRIC} is 0.648, MetricThreshold asks for at least 0.75; "
        "gate.shortfall is 0.149, ChampionTolerance asks for at most 0.01"
    )


def test_an_evaluation_with_a_reason_of_its_own_speaks_for_itself() -> None:
    client = Service(EVALUATED, decided("False"))
    client.definition["Steps"][1]["Arguments"]["Conditions"].append(CHAMPION)
    context, printed = terminal(client, gate={"shortfall": 0.0, "reason": REASON})

    executions.status(context, argparse.Namespace(execution=ARN))

    assert f"outcome False: {REASON}" in printed.getvalue()
    assert "asks for at most" not in printed.getvalue()


@pytest.mark.parametrize(("before", "value"), [([EVALUATED], None), ([EVALUATED], [1]), ([], 0.6)])
def test_a_gate_whose_value_cannot_be_read_shows_its_outcome_only(before: list[dict[str, Any]], value: Any) -> None:
    context, _ = terminal(Service(), auc=value)
    reasons: dict[str, str] = {}

    gate.add_reasons(context, ARN, [*before, decided("False")], reasons)

    assert reasons == {"Gate": "outcome False"}


def test_an_evaluation_from_the_cache_is_read_from_the_execution_that_made_it() -> None:
    client = Service(EVALUATED)
    client.described = 1
    context, _ = terminal(client)
    cached = step("Evaluate", "Succeeded", CacheHitResult={"SourcePipelineExecutionArn": f"{ARN}0"})
    reasons: dict[str, str] = {}

    gate.add_reasons(context, ARN, [cached, decided("False")], reasons)

    assert f"{METRIC} is 0.648" in reasons["Gate"]


@pytest.mark.parametrize(
    ("value", "threshold", "shown"),
    [
        (0.6481, 0.75, "0.648"),
        (0.74996, 0.75, "0.74996"),
        (0.75, 0.75, "0.750"),
        (0.0000123, 0.5, "1.23e-05"),
        (12345.678, 100, "12345.678"),
    ],
)
def test_a_value_is_rounded_but_never_onto_the_threshold(value: float, threshold: float, shown: str) -> None:
    assert gate._shown(value, threshold) == shown
