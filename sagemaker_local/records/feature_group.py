"""Feature groups of SageMaker Feature Store, and what is said about their features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sagemaker_local.records.s3_uri import S3Uri

ONLINE = "OnlineStore"
OFFLINE = "OfflineStore"


class FeatureGroupStatus(StrEnum):
    """Creating -> Created | CreateFailed; any of these -> Deleting, then it is gone."""

    CREATING = "Creating"
    """Its table is being made; it takes no records yet."""
    CREATED = "Created"
    CREATE_FAILED = "CreateFailed"
    DELETING = "Deleting"
    """It takes no records; what it was given is written to the offline store, then it is forgotten."""


class FeatureType(StrEnum):
    """How a feature's texts are read, and what they become in the offline store."""

    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"
    STRING = "String"


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """A feature group; `request` has the members of CreateFeatureGroup as DescribeFeatureGroup shows them."""

    name: str
    arn: str
    request: Mapping[str, Any]
    status: FeatureGroupStatus
    created: datetime
    modified: datetime
    failure_reason: str | None = None
    blocked_reason: str | None = None
    """Why records cannot reach the offline store at the moment; they wait."""
    was_updated: int = 0
    """1 when UpdateFeatureGroup changed it since its creation."""

    @property
    def identifier_feature(self) -> str:
        """The name of the feature that names a record."""
        return str(self.request["RecordIdentifierFeatureName"])

    @property
    def event_time_feature(self) -> str:
        """The name of the feature that says when a record became true."""
        return str(self.request["EventTimeFeatureName"])

    @property
    def features(self) -> dict[str, FeatureType]:
        """Types by name, in the order of definition."""
        return {item["FeatureName"]: FeatureType(item["FeatureType"]) for item in self.request["FeatureDefinitions"]}

    @property
    def has_online_store(self) -> bool:
        """Whether GetRecord can be asked."""
        return bool((self.request.get("OnlineStoreConfig") or {}).get("EnableOnlineStore"))

    @property
    def storage_type(self) -> str:
        """Of the online store: Standard or Standard_V2."""
        return str((self.request.get("OnlineStoreConfig") or {}).get("StorageType", "Standard"))

    @property
    def has_offline_store(self) -> bool:
        """Whether records are written to S3."""
        return self.request.get("OfflineStoreConfig") is not None

    @property
    def stores(self) -> tuple[str, ...]:
        """What TargetStores may name."""
        return (ONLINE,) * self.has_online_store + (OFFLINE,) * self.has_offline_store

    @property
    def offline_location(self) -> S3Uri:
        """ResolvedOutputS3Uri: the folder of the offline store's table; only of a group that has one."""
        return S3Uri.parse(self.request["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"])

    @property
    def owns_table(self) -> bool:
        """Whether the service made a table for the offline store, and keeps its partitions."""
        config = self.request.get("OfflineStoreConfig")
        return config is not None and not config.get("DisableGlueTableCreation", False)

    @property
    def table(self) -> tuple[str, str]:
        """(database, table) in the Glue catalog; only of a group that owns one."""
        config = self.request["OfflineStoreConfig"]["DataCatalogConfig"]
        return config["Database"], config["TableName"]

    @property
    def offline_status(self) -> str:
        """Active, Blocked or Disabled."""
        if not self.has_offline_store:
            return "Disabled"
        return "Blocked" if self.blocked_reason else "Active"


@dataclass(frozen=True, slots=True)
class FeatureMetadata:
    """What people wrote about one feature."""

    group_name: str
    feature_name: str
    description: str | None
    parameters: Mapping[str, str]
    modified: datetime
