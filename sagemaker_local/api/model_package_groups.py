"""Model package groups: create, describe, list, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing, after, before, contains
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.descriptions import describe_model_package_group
from sagemaker_local.engine.registry import Registry
from sagemaker_local.errors import UnsupportedFeature
from sagemaker_local.records.model import ModelPackageGroup
from sagemaker_local.store.store import Store

_SUMMARY_MEMBERS = (
    "ModelPackageGroupName",
    "ModelPackageGroupArn",
    "ModelPackageGroupDescription",
    "CreationTime",
    "ModelPackageGroupStatus",
)


def operations(store: Store, registry: Registry) -> Mapping[str, Handler]:
    """Handlers for model package groups."""
    groups = _ModelPackageGroups(store, registry)
    return {
        "CreateModelPackageGroup": groups.create,
        "DescribeModelPackageGroup": groups.describe,
        "ListModelPackageGroups": groups.list,
        "DeleteModelPackageGroup": groups.delete,
    }


class _ModelPackageGroups:
    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if "ManagedConfiguration" in request:
            raise UnsupportedFeature(
                "ManagedConfiguration of CreateModelPackageGroup is not supported here; leave it out. "
                "docs/fidelity.md lists what is supported."
            )
        tags = as_mapping(request.get("Tags", []))
        with self._store.transaction():
            group = self._registry.create_model_package_group(request)
            self._store.tags.add(group.arn, tags)
        return {"ModelPackageGroupArn": group.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return describe_model_package_group(self._registry.model_package_group(request["ModelPackageGroupName"]))

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Nobody shares groups with this account, so CrossAccount lists none."""
        groups = (
            [] if request.get("CrossAccountFilterOption") == "CrossAccount" else self._store.model_packages.groups()
        )
        return _LISTING.answer(groups, request)

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._registry.delete_model_package_group(request["ModelPackageGroupName"])
        return {}


def _summary(group: ModelPackageGroup) -> dict[str, Any]:
    described = describe_model_package_group(group)
    return {member: described.get(member) for member in _SUMMARY_MEMBERS}


_LISTING: Listing[ModelPackageGroup] = Listing(
    member="ModelPackageGroupSummaryList",
    summary=_summary,
    identity=lambda group: group.name,
    sort_keys={"CreationTime": lambda group: group.created, "Name": lambda group: group.name},
    filters={
        "CreationTimeAfter": after(lambda group: group.created),
        "CreationTimeBefore": before(lambda group: group.created),
        "NameContains": contains(lambda group: group.name),
    },
)
