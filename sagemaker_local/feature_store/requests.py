"""What CreateFeatureGroup and UpdateFeatureGroup refuse, beyond the shape of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.s3_uri import S3Uri

CATALOG = "AwsDataCatalog"
EXTRA_COLUMNS = ("write_time", "api_invocation_time", "is_deleted")
PARTITION_KEYS = ("year", "month", "day", "hour")

_SUPPORTED_STORAGE = ("Standard", "Standard_V2")
_UNITS = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")


def check_new_group(request: Mapping[str, Any]) -> None:
    """Refuse a CreateFeatureGroup that the service would refuse, or that this endpoint cannot serve.

    Raises:
        ValidationException: the members contradict each other.
        UnsupportedFeature: Iceberg, InMemory, collections, time to live.
    """
    online = request.get("OnlineStoreConfig") or {}
    offline = request.get("OfflineStoreConfig")
    if not online.get("EnableOnlineStore") and offline is None:
        raise ValidationException(
            "Neither an online nor an offline store is enabled. Set OnlineStoreConfig.EnableOnlineStore to true, "
            "or give an OfflineStoreConfig, or both."
        )
    check_features(request["FeatureDefinitions"])
    _check_roles_of_features(request)
    check_online(online)
    check_throughput(request.get("ThroughputConfig"))
    if offline is not None:
        _check_offline(offline, request)


def check_features(definitions: Iterable[Mapping[str, Any]], known: Iterable[str] = ()) -> None:
    """Refuse names that are reserved or there twice, and collections.

    Args:
        definitions: as in the request.
        known: names that the group has already.
    """
    seen = {name.lower() for name in known}
    for definition in definitions:
        name = definition["FeatureName"]
        for member in ("CollectionType", "CollectionConfig"):
            if member in definition:
                raise UnsupportedFeature(
                    f"{member} of feature '{name}' is not supported by the local endpoint: "
                    "features are single texts and numbers here. Keep collections as JSON in a String feature."
                )
        if name.lower() in (*EXTRA_COLUMNS, *PARTITION_KEYS):
            raise ValidationException(
                f"The feature name '{name}' is reserved: the offline store has columns "
                f"{', '.join((*EXTRA_COLUMNS, *PARTITION_KEYS))} of its own. Choose another name."
            )
        if name.lower() in seen:
            raise ValidationException(
                f"The feature name '{name}' is there twice, letters' case aside. Give each feature a name of its own."
            )
        seen.add(name.lower())


def check_online(config: Mapping[str, Any]) -> None:
    """Refuse an online store that this endpoint has not."""
    if "TtlDuration" in config:
        raise refuse_ttl()
    storage = config.get("StorageType", "Standard")
    if storage not in _SUPPORTED_STORAGE:
        raise UnsupportedFeature(
            f"StorageType '{storage}' is not supported by the local endpoint; {' and '.join(_SUPPORTED_STORAGE)} are."
        )


def check_throughput(config: Mapping[str, Any] | None) -> None:
    """Refuse capacity units without Provisioned, and Provisioned without both of them."""
    if config is None:
        return
    is_provisioned = config.get("ThroughputMode") == "Provisioned"
    given = [unit for unit in _UNITS if unit in config]
    if is_provisioned and len(given) < len(_UNITS):
        raise ValidationException(f"ThroughputMode 'Provisioned' needs {' and '.join(_UNITS)}.")
    if given and not is_provisioned:
        raise ValidationException(f"{given[0]} needs ThroughputMode 'Provisioned'; OnDemand has no capacity units.")


def refuse_ttl() -> UnsupportedFeature:
    """The refusal of a time to live, wherever it is asked for."""
    return UnsupportedFeature(
        "TtlDuration is not supported by the local endpoint: records stay until they are deleted. "
        "Leave it out, and delete records with DeleteRecord."
    )


def _check_roles_of_features(request: Mapping[str, Any]) -> None:
    types = {item["FeatureName"]: item["FeatureType"] for item in request["FeatureDefinitions"]}
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if request[member] not in types:
            raise ValidationException(
                f"{member} '{request[member]}' is not in FeatureDefinitions, which has {', '.join(list(types)[:20])}. "
                "Define it there, too."
            )
    event_time = request["EventTimeFeatureName"]
    if event_time == request["RecordIdentifierFeatureName"]:
        raise ValidationException(f"'{event_time}' cannot be both the record identifier and the event time.")
    if types[event_time] == "Integral":
        raise ValidationException(
            f"The event time feature '{event_time}' is 'Integral'; make it String (ISO 8601) or Fractional (seconds)."
        )


def _check_offline(config: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    if "RoleArn" not in request:
        raise ValidationException("An OfflineStoreConfig needs a RoleArn: the role that may write to the S3 location.")
    if config.get("TableFormat", "Default") == "Iceberg":
        raise UnsupportedFeature(
            "TableFormat 'Iceberg' is not supported by the local endpoint; Glue is, which is also the Default."
        )
    if "ResolvedOutputS3Uri" in config["S3StorageConfig"]:
        raise ValidationException("ResolvedOutputS3Uri is worked out by the service; give S3Uri only.")
    S3Uri.parse(config["S3StorageConfig"]["S3Uri"])
    catalog = (config.get("DataCatalogConfig") or {}).get("Catalog", CATALOG)
    if catalog.lower() != CATALOG.lower():
        raise UnsupportedFeature(f"The catalog '{catalog}' is not supported by the local endpoint; '{CATALOG}' is.")
