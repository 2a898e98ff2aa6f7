"""Definitions fit AWS's JSON schema of pipeline definitions.

pipeline-definition.schema.json is the schema that AWS publishes (aws-sagemaker-mlops/
sagemaker-model-building-pipeline-definition-JSON-schema, April 2025), brought up to date with what its own SDK emits
and the service accepts: Join and JsonGet as values, EnumValues, PropertyFiles, retry policies with several exception
types, Not conditions, run conditions, all members of RegisterModel. The arguments of jobs are left to botocore.
"""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # publishes no types
import pytest

SCHEMA = json.loads(Path(__file__).with_name("pipeline-definition.schema.json").read_text(encoding="utf-8"))


def faults(document: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(document)]


def test_definition_fits_the_schema(definition: dict[str, Any]) -> None:
    assert faults(definition) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"RetryPolicies": [{"ExceptionType": ["Step.NOBODY"]}]},
        {"CacheConfig": {"Enabled": "perhaps"}},
        {"Descripton": "x"},
        {"PropertyFiles": [{"Name": "x"}]},
    ],
)
def test_schema_sees_a_fault(definition: dict[str, Any], fault: dict[str, Any]) -> None:
    document = copy.deepcopy(definition)
    document["Steps"][0].update(fault)

    assert faults(document)
