from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane

TOKEN = "token-1"
ARN = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn"
GROUP_ARN = "arn:aws:sagemaker:us-west-2:000000000000:model-package-group/churn"
SPECIFICATION = {
    "Containers": [{"Image": "sagemaker-xgboost:3.2-0-cpu-py3", "ModelDataUrl": "s3://pipes/model.tar.gz"}],
    "SupportedTransformInstanceTypes": ["ml.m5.large"],
    "SupportedContentTypes": ["application/x-parquet"],
    "SupportedResponseMIMETypes": ["application/x-parquet"],
}
METRICS = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://pipes/evaluation.json"}}}


@pytest.fixture
def with_group(plane: ControlPlane) -> ControlPlane:
    plane.call("CreateModelPackageGroup", ModelPackageGroupName="Churn")
    return plane


def create(plane: ControlPlane, **members: Any) -> str:
    defaults = {"ModelPackageGroupName": "Churn", "InferenceSpecification": SPECIFICATION}
    return str(plane.call("CreateModelPackage", **{**defaults, **members})["ModelPackageArn"])


def approve(plane: ControlPlane, version: int, status: str = "Approved") -> None:
    plane.call("UpdateModelPackage", ModelPackageArn=f"{ARN}/{version}", ModelApprovalStatus=status)


def versions(plane: ControlPlane, **request: Any) -> list[int]:
    found = plane.pages("ListModelPackages", "ModelPackageSummaryList", **request)
    return [item["ModelPackageVersion"] for item in found]


def test_group_is_described_as_it_was_created(plane: ControlPlane) -> None:
    created = plane.call(
        "CreateModelPackageGroup",
        ModelPackageGroupName="Churn",
        ModelPackageGroupDescription="Scores customers",
        Tags=[{"Key": "team", "Value": "x"}],
    )

    described = plane.call("DescribeModelPackageGroup", ModelPackageGroupName="Churn")

    assert created == {"ModelPackageGroupArn": GROUP_ARN}
    assert described["ModelPackageGroupDescription"] == "Scores customers"
    assert described["ModelPackageGroupStatus"] == "Completed"
    assert plane.call("DescribeModelPackageGroup", ModelPackageGroupName=GROUP_ARN) == described
    assert plane.call("ListTags", ResourceArn=GROUP_ARN)["Tags"] == [{"Key": "team", "Value": "x"}]


def test_group_name_that_is_taken_is_refused(with_group: ControlPlane) -> None:
    with pytest.raises(Refused, match=f"ValidationException: Model Package Group already exists: {GROUP_ARN}"):
        with_group.call("CreateModelPackageGroup", ModelPackageGroupName="Churn")


def test_group_with_managed_storage_is_refused_by_name(plane: ControlPlane) -> None:
    with pytest.raises(
        Refused, match="ValidationException: ManagedConfiguration of CreateModelPackageGroup is not supp"
    ):
        plane.call(
            "CreateModelPackageGroup",
            ModelPackageGroupName="Churn",
            ManagedConfiguration={"ManagedStorageType": "Restricted"},
        )


def test_groups_are_listed_oldest_first(plane: ControlPlane) -> None:
    for name in ("b-churn", "a-churn", "c-fraud"):
        plane.call("CreateModelPackageGroup", ModelPackageGroupName=name)

    def names(**request: Any) -> list[str]:
        found = plane.pages("ListModelPackageGroups", "ModelPackageGroupSummaryList", **request)
        return [group["ModelPackageGroupName"] for group in found]

    assert names() == ["b-churn", "a-churn", "c-fraud"]
    assert names(NameContains="churn", SortBy="Name", MaxResults=1) == ["a-churn", "b-churn"]
    assert names(CrossAccountFilterOption="CrossAccount") == []


def test_group_is_deleted_when_it_is_empty(with_group: ControlPlane) -> None:
    arn = create(with_group)
    with pytest.raises(Refused, match=r"ConflictException: Model package group 'Churn' still has .*model packages"):
        with_group.call("DeleteModelPackageGroup", ModelPackageGroupName="Churn")
    with_group.call("DeleteModelPackage", ModelPackageName=arn)

    assert with_group.call("DeleteModelPackageGroup", ModelPackageGroupName="Churn") == {}

    with pytest.raises(Refused, match="ValidationException: Model Package Group 'Churn' does not exist"):
        with_group.call("DescribeModelPackageGroup", ModelPackageGroupName="Churn")


def test_package_is_described_as_it_was_created(with_group: ControlPlane) -> None:
    arn = create(
        with_group,
        ModelMetrics=METRICS,
        ModelPackageDescription="first",
        CustomerMetadataProperties={"GitCommit": "abc"},
        ModelApprovalStatus="Approved",
    )

    described = with_group.call("DescribeModelPackage", ModelPackageName=arn)

    assert arn == f"{ARN}/1"
    assert described["ModelPackageGroupName"] == "Churn"
    assert described["ModelPackageVersion"] == 1
    assert described["ModelPackageStatus"] == "Completed"
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["InferenceSpecification"] == SPECIFICATION
    assert described["ModelMetrics"] == METRICS
    assert described["CustomerMetadataProperties"] == {"GitCommit": "abc"}


def test_package_waits_for_approval_unless_told_otherwise(with_group: ControlPlane) -> None:
    described = with_group.call("DescribeModelPackage", ModelPackageName=create(with_group))

    assert described["ModelApprovalStatus"] == "PendingManualApproval"


def test_package_into_a_group_that_is_not_there_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ValidationException: Model Package Group 'Churn' does not exist"):
        create(plane)


def test_package_created_again_with_the_same_token_is_one_version(with_group: ControlPlane) -> None:
    with ThreadPoolExecutor(8) as threads:
        arns = set(threads.map(lambda _: create(with_group, ClientToken=TOKEN), range(16)))

    assert arns == {f"{ARN}/1"}
    assert create(with_group) == f"{ARN}/2"


def test_packages_of_a_group_are_listed_oldest_first(with_group: ControlPlane) -> None:
    for _ in range(25):
        create(with_group)

    assert versions(with_group, ModelPackageGroupName="Churn") == list(range(1, 26))
    assert versions(with_group, ModelPackageGroupName=GROUP_ARN, SortOrder="Descending", MaxResults=4) == list(
        range(25, 0, -1)
    )


def test_latest_approved_package_is_found_as_the_guide_says(with_group: ControlPlane) -> None:
    for _ in range(4):
        create(with_group)
    approve(with_group, 1)
    approve(with_group, 3)
    approve(with_group, 4, "Rejected")

    answer = with_group.call(
        "ListModelPackages",
        ModelPackageGroupName="Churn",
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )

    assert [item["ModelPackageVersion"] for item in answer["ModelPackageSummaryList"]] == [3]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, []),
        ({"ModelPackageType": "Unversioned"}, []),
        ({"ModelPackageType": "Versioned"}, [1, 1]),
        ({"ModelPackageType": "Both"}, [1, 1]),
        ({"ModelPackageType": "Versioned", "NameContains": "Fra"}, [1]),
        ({"ModelPackageGroupName": "Churn"}, [1]),
        ({"ModelPackageGroupName": "Churn", "ModelPackageType": "Unversioned"}, []),
    ],
)
def test_packages_without_a_group_are_listed_by_type(
    with_group: ControlPlane, request_: dict[str, Any], expected: list[int]
) -> None:
    with_group.call("CreateModelPackageGroup", ModelPackageGroupName="Fraud")
    create(with_group)
    create(with_group, ModelPackageGroupName="Fraud")

    assert versions(with_group, **request_) == expected


def test_packages_of_a_group_that_is_not_there_are_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ValidationException: Model Package Group 'Churn' does not exist"):
        plane.call("ListModelPackages", ModelPackageGroupName="Churn")


def test_update_changes_approval_and_metadata(with_group: ControlPlane) -> None:
    arn = create(with_group, CustomerMetadataProperties={"a": "1", "b": "2"})

    with_group.call(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        ModelApprovalStatus="Rejected",
        ApprovalDescription="too low",
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )

    described = with_group.call("DescribeModelPackage", ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "Rejected"
    assert described["ApprovalDescription"] == "too low"
    assert described["CustomerMetadataProperties"] == {"b": "2", "c": "3"}


def test_update_without_an_approval_description_leaves_it_and_an_empty_one_clears_it(with_group: ControlPlane) -> None:
    arn = create(with_group)
    with_group.call("UpdateModelPackage", ModelPackageArn=arn, ApprovalDescription="too low")

    approve(with_group, 1)
    kept = with_group.call("DescribeModelPackage", ModelPackageName=arn)
    with_group.call("UpdateModelPackage", ModelPackageArn=arn, ApprovalDescription="")

    assert kept["ApprovalDescription"] == "too low"
    assert with_group.call("DescribeModelPackage", ModelPackageName=arn)["ApprovalDescription"] == ""


def test_update_moves_the_time_of_the_last_change_and_of_nothing_else(with_group: ControlPlane) -> None:
    arn = create(with_group)
    before = with_group.call("DescribeModelPackage", ModelPackageName=arn)

    with_group.call("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={"a": "1"})

    after = with_group.call("DescribeModelPackage", ModelPackageName=arn)
    assert after["LastModifiedTime"] > before["LastModifiedTime"] == before["CreationTime"]
    assert after["CreationTime"] == before["CreationTime"]


def test_metadata_beyond_fifty_is_refused_and_nothing_is_changed(with_group: ControlPlane) -> None:
    arn = create(with_group, CustomerMetadataProperties={f"k{number}": "v" for number in range(50)})

    with pytest.raises(Refused, match=r"ValidationException: .* would have 51 CustomerMetadataProperties; at most 50"):
        with_group.call(
            "UpdateModelPackage",
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"one more": "v"},
        )
    with_group.call(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        CustomerMetadataProperties={"one more": "v"},
        CustomerMetadataPropertiesToRemove=["k0"],
    )

    described = with_group.call("DescribeModelPackage", ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert len(described["CustomerMetadataProperties"]) == 50


@pytest.mark.parametrize("value", ["auc > 0.9", "a,b", "x" * 257])
def test_metadata_that_does_not_fit_is_refused(with_group: ControlPlane, value: str) -> None:
    arn = create(with_group)

    with pytest.raises(Refused, match=r"ValidationException: .*customerMetadataProperties\.k"):
        with_group.call("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={"k": value})


def test_tags_of_a_group_are_set_and_removed_and_those_of_a_version_refused(with_group: ControlPlane) -> None:
    arn = create(with_group)
    with_group.call("AddTags", ResourceArn=GROUP_ARN, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])

    with_group.call("DeleteTags", ResourceArn=GROUP_ARN, TagKeys=["a"])

    assert with_group.call("ListTags", ResourceArn=GROUP_ARN)["Tags"] == [{"Key": "b", "Value": ""}]
    with pytest.raises(Refused, match=r"ValidationException: .* is a version of a model package group, which takes no"):
        with_group.call("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])


def test_update_by_many_at_once_loses_no_metadata(with_group: ControlPlane) -> None:
    arn = create(with_group)

    def update(number: int) -> None:
        with_group.call("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={f"k{number}": "v"})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(update, range(24)))

    described = with_group.call("DescribeModelPackage", ModelPackageName=arn)
    assert len(described["CustomerMetadataProperties"]) == 24


def test_deleted_package_is_gone_and_its_number_stays_taken(with_group: ControlPlane) -> None:
    arn = create(with_group)

    assert with_group.call("DeleteModelPackage", ModelPackageName=arn) == {}

    for operation in ("DescribeModelPackage", "DeleteModelPackage"):
        with pytest.raises(Refused, match=f"ValidationException: ModelPackage .*{arn}.* does not exist"):
            with_group.call(operation, ModelPackageName=arn)
    assert create(with_group) == f"{ARN}/2"


def test_many_packages_are_described_at_once_with_the_errors_apart(with_group: ControlPlane) -> None:
    arn = create(with_group)

    answer = with_group.call("BatchDescribeModelPackage", ModelPackageArnList=[arn, f"{ARN}/9"])

    assert answer["ModelPackageSummaries"][arn]["InferenceSpecification"] == SPECIFICATION
    assert answer["BatchDescribeModelPackageErrorMap"][f"{ARN}/9"]["ErrorCode"] == "ValidationException"
