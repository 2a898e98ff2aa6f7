from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.descriptions import describe_model, describe_model_package, describe_model_package_group
from sagemaker_local.errors import ConflictException, UnsupportedFeature, ValidationException
from sagemaker_local.records.model import ApprovalStatus, ModelContainer, ModelPackage
from sagemaker_local.records.shapes import check_response
from tests.fakes.engine import Engine
from tests.fakes.step_definitions import IMAGE, ROLE, model, register

_DATA = "s3://bucket/models/model.tar.gz"


def _package(engine: Engine, **members: Any) -> ModelPackage:
    engine.registry.ensure_model_package_group("Churn")
    return engine.registry.create_model_package({**register()["Arguments"], **members})


def _model(engine: Engine, name: str = "scorer", **members: Any) -> str:
    request = {"ModelName": name, **model()["Arguments"], **members}
    return engine.registry.create_model({key: value for key, value in request.items() if value is not None}).name


def test_packages_of_a_group_count_from_one(engine: Engine) -> None:
    arns = [_package(engine).arn for _ in range(3)]

    prefix = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn"
    assert arns == [f"{prefix}/{version}" for version in (1, 2, 3)]


def test_version_number_of_a_deleted_package_is_not_given_again(engine: Engine) -> None:
    _package(engine)
    engine.registry.delete_model_package(_package(engine).arn)

    assert _package(engine).version == 3


def test_package_without_a_status_waits_for_approval(engine: Engine) -> None:
    assert _package(engine).approval_status is ApprovalStatus.PENDING_MANUAL_APPROVAL


def test_package_is_described_in_the_shape_of_aws(engine: Engine) -> None:
    statistics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/e.json"}}}
    package = _package(
        engine,
        ModelMetrics=statistics,
        CustomerMetadataProperties={"commit": "abc"},
        MetadataProperties={"CommitId": "abc"},
    )

    described = describe_model_package(package)

    check_response("sagemaker", "DescribeModelPackage", described)
    assert described["ModelMetrics"] == statistics
    assert described["CustomerMetadataProperties"] == {"commit": "abc"}
    assert described["MetadataProperties"] == {"CommitId": "abc"}
    assert described["ModelPackageVersion"] == 1
    assert described["ModelPackageStatus"] == "Completed"


def test_group_and_model_are_described_in_the_shape_of_aws(engine: Engine) -> None:
    group = engine.registry.create_model_package_group(
        {"ModelPackageGroupName": "Churn", "ModelPackageGroupDescription": "customers who leave"}
    )
    described_group = describe_model_package_group(group)
    described_model = describe_model(engine.store.models.get(_model(engine)))

    check_response("sagemaker", "DescribeModelPackageGroup", described_group)
    check_response("sagemaker", "DescribeModel", described_model)
    assert described_group["ModelPackageGroupDescription"] == "customers who leave"
    assert described_model["PrimaryContainer"]["Image"] == IMAGE


def test_update_approves_and_changes_customer_metadata(engine: Engine) -> None:
    package = _package(engine, CustomerMetadataProperties={"keep": "1", "drop": "2"})

    engine.registry.update_model_package(
        {
            "ModelPackageArn": package.arn,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "looks good",
            "CustomerMetadataProperties": {"new": "3"},
            "CustomerMetadataPropertiesToRemove": ["drop", "never there"],
        }
    )

    updated = engine.registry.model_package(package.arn)
    assert updated.approval_status is ApprovalStatus.APPROVED
    assert updated.approval_description == "looks good"
    assert updated.customer_metadata == {"keep": "1", "new": "3"}
    assert updated.modified > package.modified


def test_update_of_the_inference_specification_is_described(engine: Engine) -> None:
    package = _package(engine)
    extra = {"Name": "gpu", "Containers": [{"Image": IMAGE}]}

    updated = engine.registry.update_model_package(
        {
            "ModelPackageArn": package.arn,
            "InferenceSpecification": {"Containers": [{"Image": "new"}]},
            "AdditionalInferenceSpecificationsToAdd": [extra],
        }
    )

    described = describe_model_package(updated)
    assert described["InferenceSpecification"] == {"Containers": [{"Image": "new"}]}
    assert described["AdditionalInferenceSpecifications"] == [extra]


def test_group_with_packages_cannot_be_deleted(engine: Engine) -> None:
    package = _package(engine)

    with pytest.raises(ConflictException, match="still has model packages"):
        engine.registry.delete_model_package_group("Churn")

    engine.registry.delete_model_package(package.arn)
    engine.registry.delete_model_package_group("arn:aws:sagemaker:us-west-2:000000000000:model-package-group/churn")
    assert engine.store.model_packages.groups() == []


@pytest.mark.parametrize("name", ["Churn", "churn/1", "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn/9"])
def test_package_that_is_not_there_is_refused(engine: Engine, name: str) -> None:
    _package(engine)

    with pytest.raises(ValidationException, match="does not exist"):
        engine.registry.model_package(name)


def test_package_in_a_missing_group_is_refused(engine: Engine) -> None:
    with pytest.raises(ValidationException, match="'Churn' does not exist"):
        engine.registry.create_model_package(register()["Arguments"])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"ModelPackageGroupName": None}, "without ModelPackageGroupName .unversioned. is not supported"),
        (
            {"SourceAlgorithmSpecification": {"SourceAlgorithms": []}},
            "SourceAlgorithmSpecification of CreateModelPackage",
        ),
        ({"ValidationSpecification": {"ValidationRole": "r"}}, "ValidationSpecification of CreateModelPackage"),
    ],
)
def test_package_that_is_not_supported_is_refused_by_name(
    engine: Engine, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(UnsupportedFeature, match=message):
        _package(engine, **members)


def test_versioned_package_with_tags_is_refused(engine: Engine) -> None:
    with pytest.raises(ValidationException, match="takes no Tags"):
        _package(engine, Tags=[{"Key": "a", "Value": "b"}])


def test_container_of_a_plain_model_is_what_the_model_says(engine: Engine) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": _DATA, "Environment": {"A": "1"}}

    found = engine.registry.container_of(_model(engine, PrimaryContainer=container))

    assert found == ModelContainer(IMAGE, _DATA, {"A": "1"}, ROLE)


def test_container_of_a_packaged_model_is_the_packages_under_the_models_environment(engine: Engine) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": _DATA, "Environment": {"A": "package", "B": "package"}}
    package = _package(engine, InferenceSpecification={"Containers": [container]})
    own = {"ModelPackageName": package.arn, "Environment": {"B": "model"}}

    found = engine.registry.container_of(_model(engine, PrimaryContainer=None, Containers=[own]))

    assert found == ModelContainer(IMAGE, _DATA, {"A": "package", "B": "model"}, ROLE)


@pytest.mark.parametrize("member", ["AdditionalS3DataSource", "ModelDataSource"])
def test_model_of_a_package_that_cannot_be_served_is_refused(engine: Engine, member: str) -> None:
    container = {"Image": IMAGE, member: {"S3Uri": "s3://bucket/more/"}}
    package = _package(engine, InferenceSpecification={"Containers": [container]})

    with pytest.raises(UnsupportedFeature, match=f"{member} of {package.arn} is not supported"):
        _model(engine, PrimaryContainer={"ModelPackageName": package.arn})


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"PrimaryContainer": None}, ValidationException, "'scorer' has 0 containers"),
        (
            {"PrimaryContainer": {"ModelDataUrl": _DATA}},
            ValidationException,
            "names neither Image nor ModelPackageName",
        ),
        ({"Containers": [{"Image": IMAGE}]}, ValidationException, "give either PrimaryContainer or Containers"),
        (
            {"PrimaryContainer": None, "Containers": [{"Image": IMAGE}] * 2},
            UnsupportedFeature,
            "an inference pipeline of 2 containers",
        ),
        ({"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel"}}, UnsupportedFeature, "Mode 'MultiModel'"),
        ({"PrimaryContainer": {"ModelPackageName": "arn:aws:sagemaker:x"}}, ValidationException, "does not exist"),
        (
            {"PrimaryContainer": {"ModelPackageName": "arn:aws:sagemaker:x", "ModelDataUrl": _DATA}},
            ValidationException,
            "has ModelDataUrl beside ModelPackageName",
        ),
        ({"EnableNetworkIsolation": True}, UnsupportedFeature, "EnableNetworkIsolation of model 'scorer'"),
    ],
)
def test_model_that_cannot_be_served_is_refused(
    engine: Engine, members: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _model(engine, **members)


def test_model_that_is_deleted_is_gone(engine: Engine) -> None:
    engine.registry.delete_model(_model(engine))

    with pytest.raises(ValidationException, match="scorer"):
        engine.registry.container_of("scorer")
