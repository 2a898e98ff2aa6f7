"""What CreateFeatureGroup refuses beyond its shape."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.feature_store.requests import check_new_group
from tests.fakes.feature_store import definitions, group_request

S3 = {"S3Uri": "s3://lake/features"}
GLUE = {"TableName": "t", "Catalog": "AwsDataCatalog", "Database": "d"}


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"OnlineStoreConfig": None},
        {"OfflineStoreConfig": None, "RoleArn": None},
        {"OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "Standard_V2"}},
        {"OfflineStoreConfig": {"S3StorageConfig": S3, "TableFormat": "Glue", "DataCatalogConfig": GLUE}},
        {"OfflineStoreConfig": {"S3StorageConfig": S3, "DisableGlueTableCreation": True}},
        {"FeatureDefinitions": definitions(id="Fractional", event_time="Fractional")},
        {"ThroughputConfig": {"ThroughputMode": "OnDemand"}},
    ],
)
def test_group_that_the_service_takes_is_taken(members: dict[str, Any]) -> None:
    check_new_group(group_request(**members))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"OnlineStoreConfig": None, "OfflineStoreConfig": None}, "Neither an online nor an offline store"),
        (
            {"OnlineStoreConfig": {"EnableOnlineStore": False}, "OfflineStoreConfig": None},
            "Neither an online nor an offline store",
        ),
        ({"RecordIdentifierFeatureName": "key"}, "RecordIdentifierFeatureName 'key' is not in FeatureDefinitions"),
        ({"EventTimeFeatureName": "time"}, "EventTimeFeatureName 'time' is not in FeatureDefinitions"),
        ({"EventTimeFeatureName": "id"}, "'id' cannot be both"),
        ({"EventTimeFeatureName": "calls"}, "The event time feature 'calls' is 'Integral'"),
        (
            {"FeatureDefinitions": definitions(id="String", event_time="String", ID="String")},
            "The feature name 'ID' is there twice",
        ),
        *(
            (
                {"FeatureDefinitions": definitions(id="String", event_time="String", **{name: "String"})},
                f"The feature name '{name}' is reserved",
            )
            for name in ("is_deleted", "Write_Time", "api_invocation_time", "year", "month", "day", "hour")
        ),
        ({"RoleArn": None}, "An OfflineStoreConfig needs a RoleArn"),
        ({"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "https://lake/a"}}}, "is not an S3 address"),
        (
            {"OfflineStoreConfig": {"S3StorageConfig": {**S3, "ResolvedOutputS3Uri": "s3://lake/x"}}},
            "ResolvedOutputS3Uri is worked out by the service",
        ),
        ({"ThroughputConfig": {"ThroughputMode": "Provisioned"}}, "'Provisioned' needs ProvisionedReadCapacityUnits"),
        (
            {"ThroughputConfig": {"ThroughputMode": "OnDemand", "ProvisionedReadCapacityUnits": 1}},
            "ProvisionedReadCapacityUnits needs ThroughputMode 'Provisioned'",
        ),
    ],
)
def test_group_that_contradicts_itself_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationException, match=reason):
        check_new_group(group_request(**members))


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"OfflineStoreConfig": {"S3StorageConfig": S3, "TableFormat": "Iceberg"}}, "TableFormat 'Iceberg'"),
        ({"OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "InMemory"}}, "StorageType 'InMemory'"),
        (
            {"OnlineStoreConfig": {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Days", "Value": 1}}},
            "TtlDuration",
        ),
        (
            {
                "FeatureDefinitions": [
                    *definitions(id="String", event_time="String"),
                    {"FeatureName": "tags", "FeatureType": "String", "CollectionType": "List"},
                ]
            },
            "CollectionType of feature 'tags'",
        ),
        (
            {"OfflineStoreConfig": {"S3StorageConfig": S3, "DataCatalogConfig": {**GLUE, "Catalog": "mine"}}},
            "The catalog 'mine'",
        ),
    ],
)
def test_what_this_endpoint_has_not_is_refused_by_name(members: dict[str, Any], name: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"{name} is not supported by the local endpoint"):
        check_new_group(group_request(**members))
