"""Feature groups and the metadata of their features: create, describe, list, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import DESCENDING, Listing, after, before, contains
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.jobs import now
from sagemaker_local.errors import ResourceNotFound, ValidationException
from sagemaker_local.feature_store.groups import FeatureGroups
from sagemaker_local.records.feature_group import FeatureGroup, FeatureMetadata
from sagemaker_local.store.store import Store

# DescribeFeatureGroup shows this many features at a time.
_FEATURES_PAGE = 2500
_PARAMETERS_MAX = 25

_LISTING: Listing[FeatureGroup] = Listing(
    member="FeatureGroupSummaries",
    summary=lambda group: {
        "FeatureGroupName": group.name,
        "FeatureGroupArn": group.arn,
        "CreationTime": group.created,
        "FeatureGroupStatus": group.status,
        "OfflineStoreStatus": _offline_status(group),
    },
    identity=lambda group: group.name,
    sort_keys={
        "Name": lambda group: group.name,
        "CreationTime": lambda group: group.created,
        "FeatureGroupStatus": lambda group: group.status.value,
        "OfflineStoreStatus": lambda group: group.offline_status,
    },
    filters={
        "NameContains": contains(lambda group: group.name),
        "FeatureGroupStatusEquals": lambda group, status: group.status == status,
        "OfflineStoreStatusEquals": lambda group, status: group.offline_status == status,
        "CreationTimeAfter": after(lambda group: group.created),
        "CreationTimeBefore": before(lambda group: group.created),
    },
    sort_order=DESCENDING,
)


def operations(store: Store, groups: FeatureGroups) -> Mapping[str, Handler]:
    """Handlers for feature groups and feature metadata."""
    resource = _FeatureGroups(store, groups)
    metadata = _Metadata(store, groups)
    return {
        "CreateFeatureGroup": resource.create,
        "DescribeFeatureGroup": resource.describe,
        "ListFeatureGroups": resource.list,
        "UpdateFeatureGroup": resource.update,
        "DeleteFeatureGroup": resource.delete,
        "DescribeFeatureMetadata": metadata.describe,
        "UpdateFeatureMetadata": metadata.update,
    }


class _FeatureGroups:
    def __init__(self, store: Store, groups: FeatureGroups) -> None:
        self._store = store
        self._groups = groups

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        group = self._groups.create(request, as_mapping(request.get("Tags", [])))
        return {"FeatureGroupArn": group.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request["FeatureGroupName"])
        start = _read_token(request.get("NextToken"))
        features = group.request["FeatureDefinitions"]
        end = start + _FEATURES_PAGE
        return {
            **group.request,
            "FeatureDefinitions": features[start:end],
            "FeatureGroupArn": group.arn,
            "FeatureGroupName": group.name,
            "CreationTime": group.created,
            "LastModifiedTime": group.modified,
            "FeatureGroupStatus": group.status,
            "FailureReason": group.failure_reason,
            "OfflineStoreStatus": _offline_status(group) if group.has_offline_store else None,
            "LastUpdateStatus": {"Status": "Successful"} if group.was_updated else None,
            # Required by the model even when there is no next page.
            "NextToken": str(end) if end < len(features) else "",
        }

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return _LISTING.answer(self._store.feature_groups.all(), request)

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"FeatureGroupArn": self._groups.update(request).arn}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._groups.delete(request["FeatureGroupName"])
        return {}


class _Metadata:
    def __init__(self, store: Store, groups: FeatureGroups) -> None:
        self._store = store
        self._groups = groups

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request["FeatureGroupName"])
        name = request["FeatureName"]
        written = self._read(group, name)
        return {
            "FeatureGroupArn": group.arn,
            "FeatureGroupName": group.name,
            "FeatureName": name,
            "FeatureType": group.features[name],
            "CreationTime": group.created,
            "LastModifiedTime": written.modified,
            "Description": written.description,
            "Parameters": [{"Key": key, "Value": value} for key, value in written.parameters.items()],
        }

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            group = self._groups.get(request["FeatureGroupName"])
            written = self._read(group, request["FeatureName"])
            parameters = _changed_parameters(written.parameters, request)
            description = request.get("Description", written.description)
            self._store.feature_groups.write_metadata(
                FeatureMetadata(group.name, written.feature_name, description, parameters, now())
            )
        return {}

    def _read(self, group: FeatureGroup, name: str) -> FeatureMetadata:
        if name not in group.features:
            raise ResourceNotFound(
                f"Feature group '{group.name}' has no feature '{name}'; it has {', '.join(list(group.features)[:20])}."
            )
        known = self._store.feature_groups.metadata(group.name, name)
        return known or FeatureMetadata(group.name, name, None, {}, group.created)


def _changed_parameters(old: Mapping[str, str], request: Mapping[str, Any]) -> dict[str, str]:
    removed = set(request.get("ParameterRemovals", ()))
    kept = {key: value for key, value in old.items() if key not in removed}
    for item in request.get("ParameterAdditions", ()):
        if "Key" not in item or "Value" not in item:
            raise ValidationException(f"The parameter {item} needs a Key and a Value.")
        kept[item["Key"]] = item["Value"]
    if len(kept) > _PARAMETERS_MAX:
        raise ValidationException(f"The feature would have {len(kept)} parameters; at most {_PARAMETERS_MAX} may be.")
    return kept


def _offline_status(group: FeatureGroup) -> dict[str, Any]:
    return {"Status": group.offline_status, "BlockedReason": group.blocked_reason}


def _read_token(token: str | None) -> int:
    if not token:
        return 0
    if not token.isdecimal():
        raise ValidationException(f"NextToken '{token}' is not valid; send it as DescribeFeatureGroup returned it.")
    return int(token)
