"""Texts of small pipeline definitions."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.records import ROLE

PARAMETERS: list[dict[str, Any]] = [
    {"Name": "Date", "Type": "String", "DefaultValue": "today"},
    {"Name": "Rounds", "Type": "Integer"},
    {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.75},
    {"Name": "Dry", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Size", "Type": "String", "DefaultValue": "small", "EnumValues": ["small", "large"]},
]


def processing_request(**members: Any) -> dict[str, Any]:
    """A CreateProcessingJob request without its name."""
    return {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "sagemaker-xgboost:3.2-0-cpu-py3"},
        "RoleArn": ROLE,
        **members,
    }


def definition(*step_names: str, parameters: list[dict[str, Any]] | None = None, **members: Any) -> str:
    """A chain of processing steps, each after the one before."""
    steps: list[dict[str, Any]] = []
    for name in step_names or ("Work",):
        step = {"Name": name, "Type": "Processing", "Arguments": processing_request()}
        if steps:
            step["DependsOn"] = [steps[-1]["Name"]]
        steps.append(step)
    return json.dumps(
        {"Version": "2020-12-01", "Metadata": {}, "Parameters": parameters or [], "Steps": steps, **members}
    )
