"""Model packages: create, describe, list, update, delete, one or many at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing, after, before, contains
from sagemaker_local.engine.descriptions import describe_model_package
from sagemaker_local.engine.registry import Registry
from sagemaker_local.errors import ServiceError
from sagemaker_local.records.model import ModelPackage
from sagemaker_local.store.store import Store

_VERSIONED = "Versioned"
_UNVERSIONED = "Unversioned"

# Members of the Describe response that the List and BatchDescribe responses show, too.
_SUMMARY_MEMBERS = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
)
_LIST_MEMBERS = (*_SUMMARY_MEMBERS, "ModelLifeCycle", "ModelPackageRegistrationType")
_BATCH_MEMBERS = (*_SUMMARY_MEMBERS, "InferenceSpecification", "ModelPackageRegistrationType")


def operations(store: Store, registry: Registry) -> Mapping[str, Handler]:
    """Handlers for model packages."""
    packages = _ModelPackages(store, registry)
    return {
        "CreateModelPackage": packages.create,
        "DescribeModelPackage": packages.describe,
        "BatchDescribeModelPackage": packages.describe_many,
        "ListModelPackages": packages.list,
        "UpdateModelPackage": packages.update,
        "DeleteModelPackage": packages.delete,
    }


class _ModelPackages:
    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        # Between looking for a request's token and keeping its package no other request may come.
        self._creating = threading.Lock()

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._creating:
            package = self._created_before(request) or self._registry.create_model_package(request)
        return {"ModelPackageArn": package.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return describe_model_package(self._registry.model_package(request["ModelPackageName"]))

    def describe_many(self, request: Mapping[str, Any]) -> dict[str, Any]:
        summaries: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for arn in request["ModelPackageArnList"]:
            try:
                summaries[arn] = _chosen(self._registry.model_package(arn), _BATCH_MEMBERS)
            except ServiceError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Only versioned packages exist here, and without a group AWS lists the others unless told otherwise."""
        group = request.get("ModelPackageGroupName")
        name = None if group is None else self._registry.model_package_group(group).name
        kind = request.get("ModelPackageType", _UNVERSIONED if group is None else _VERSIONED)
        packages = [] if kind == _UNVERSIONED else self._store.model_packages.all(name)
        return _LISTING.answer(packages, request)

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            package = self._registry.update_model_package(request)
        return {"ModelPackageArn": package.arn}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._registry.delete_model_package(request["ModelPackageName"])
        return {}

    def _created_before(self, request: Mapping[str, Any]) -> ModelPackage | None:
        """The package that this very request made before: a client that got no answer sends it again."""
        token, group = request.get("ClientToken"), request.get("ModelPackageGroupName")
        if token is None or group is None:
            return None
        packages = self._store.model_packages.all(self._registry.model_package_group(group).name)
        return next((package for package in packages if package.request.get("ClientToken") == token), None)


def _chosen(package: ModelPackage, members: tuple[str, ...]) -> dict[str, Any]:
    described = describe_model_package(package)
    return {member: described[member] for member in members if member in described}


_LISTING: Listing[ModelPackage] = Listing(
    member="ModelPackageSummaryList",
    summary=lambda package: _chosen(package, _LIST_MEMBERS),
    # Versions of a group that were made at the same instant still go by their number.
    identity=lambda package: f"{package.version:09d}/{package.group_name}",
    sort_keys={"CreationTime": lambda package: package.created, "Name": lambda package: package.group_name},
    filters={
        "CreationTimeAfter": after(lambda package: package.created),
        "CreationTimeBefore": before(lambda package: package.created),
        "NameContains": contains(lambda package: package.group_name),
        "ModelApprovalStatus": lambda package, status: package.approval_status.value == status,
    },
)
