from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane
from tests.fakes.records import NOON, ROLE, a_model

CONTAINER = {"Image": "sagemaker-xgboost:3.2-0-cpu-py3", "ModelDataUrl": "s3://pipes/model.tar.gz"}
ARN = "arn:aws:sagemaker:us-west-2:000000000000:model/scorer"


def create(plane: ControlPlane, **members: Any) -> dict[str, Any]:
    defaults = {"ModelName": "scorer", "ExecutionRoleArn": ROLE, "PrimaryContainer": CONTAINER}
    return plane.call("CreateModel", **{**defaults, **members})


def test_model_is_described_as_it_was_created(plane: ControlPlane) -> None:
    assert create(plane) == {"ModelArn": ARN}

    described = plane.call("DescribeModel", ModelName="scorer")

    assert described["PrimaryContainer"] == CONTAINER
    assert described["ModelArn"] == ARN
    assert described["ExecutionRoleArn"] == ROLE


def test_model_name_that_is_taken_is_refused_and_keeps_the_tags_of_the_first(plane: ControlPlane) -> None:
    create(plane, Tags=[{"Key": "team", "Value": "first"}])

    with pytest.raises(Refused, match=f'ValidationException: Cannot create already existing model "{ARN}"'):
        create(plane, Tags=[{"Key": "team", "Value": "second"}])

    assert plane.call("ListTags", ResourceArn=ARN)["Tags"] == [{"Key": "team", "Value": "first"}]


def test_model_without_container_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ValidationException: Model 'scorer' has 0 containers"):
        plane.call("CreateModel", ModelName="scorer")


def test_model_of_a_package_that_is_not_there_is_refused(plane: ControlPlane) -> None:
    package = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn/1"

    with pytest.raises(Refused, match=f"ValidationException: ModelPackage .*{package}.* does not exist"):
        create(plane, PrimaryContainer={"ModelPackageName": package})


def test_deleted_model_is_gone(plane: ControlPlane) -> None:
    create(plane)

    assert plane.call("DeleteModel", ModelName="scorer") == {}

    for operation in ("DescribeModel", "DeleteModel"):
        with pytest.raises(Refused, match='ValidationException: Could not find model "scorer"'):
            plane.call(operation, ModelName="scorer")


def test_models_are_listed_newest_first_page_by_page(plane: ControlPlane) -> None:
    for number in range(25):
        plane.store.models.add(a_model(f"model-{number:02d}", created=NOON + timedelta(hours=number)))

    def names(**request: Any) -> list[str]:
        return [model["ModelName"] for model in plane.pages("ListModels", "Models", **request)]

    assert names() == [f"model-{number:02d}" for number in reversed(range(25))]
    assert names(NameContains="-1", SortBy="Name", SortOrder="Ascending", MaxResults=3) == [
        f"model-{number}" for number in range(10, 20)
    ]
    assert names(CreationTimeAfter=(NOON + timedelta(hours=24)).timestamp()) == ["model-24"]
