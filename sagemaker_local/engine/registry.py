"""Models, model package groups and model packages: what may be created, changed, deleted, and served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sagemaker_local.engine.containers import container_of_package, container_of_request
from sagemaker_local.engine.jobs import now
from sagemaker_local.errors import (
    ResourceInUse,
    UnsupportedFeature,
    ValidationException,
)
from sagemaker_local.records.model import ApprovalStatus, Model, ModelContainer, ModelPackage, ModelPackageGroup
from sagemaker_local.records.names import Place
from sagemaker_local.store.store import Store

_ARN_PREFIX = "arn:"
_FIDELITY = "docs/fidelity.md lists what is supported."

# Members of CreateModelPackage that this endpoint would have to act upon, not only keep.
_UNSUPPORTED_PACKAGE_MEMBERS = ("ModelPackageName", "SourceAlgorithmSpecification", "ValidationSpecification")
_METADATA_MAX = 50
_UPDATED_VERBATIM = (
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


class Registry:
    """The models and the model registry of one endpoint."""

    def __init__(self, store: Store, place: Place, clock: Callable[[], datetime] = now) -> None:
        self._models = store.models
        self._packages = store.model_packages
        self._place = place
        self._clock = clock

    def create_model(self, request: Mapping[str, Any]) -> Model:
        """Accept a CreateModel request whose shape was checked.

        Raises:
            ValidationException: not exactly one container, or a model package that does not exist.
            UnsupportedFeature: a container, here or in the package, that this endpoint cannot serve.
            ResourceInUse: the name is taken.
        """
        if package := container_of_request(request).get("ModelPackageName"):
            container_of_package(self.model_package(package))
        name = request["ModelName"]
        model = Model(name, self._place.arn(f"model/{name.lower()}"), request, self._clock())
        self._models.add(model)
        return model

    def delete_model(self, name: str) -> None:
        """Forget a model; the files that it names stay."""
        self._models.get(name)
        self._models.delete(name)

    def container_of(self, model_name: str) -> ModelContainer:
        """Look up what serves a model; a model package's container is overlaid with the model's own environment."""
        request = self._models.get(model_name).request
        container = container_of_request(request)
        environment = dict(container.get("Environment") or {})
        if package := container.get("ModelPackageName"):
            container = container_of_package(self.model_package(package))
            environment = {**(container.get("Environment") or {}), **environment}
        return ModelContainer(
            container["Image"], container.get("ModelDataUrl"), environment, request.get("ExecutionRoleArn")
        )

    def create_model_package_group(self, request: Mapping[str, Any]) -> ModelPackageGroup:
        """Accept a CreateModelPackageGroup request; raises ResourceInUse when the name is taken."""
        name = request["ModelPackageGroupName"]
        group = ModelPackageGroup(
            name,
            self._place.arn(f"model-package-group/{name.lower()}"),
            self._clock(),
            request.get("ModelPackageGroupDescription"),
        )
        self._packages.add_group(group)
        return group

    def model_package_group(self, name_or_arn: str) -> ModelPackageGroup:
        """Find a group by its name or its ARN; raises what the store raises when there is none."""
        # An ARN has the name in small letters, so it cannot be cut back to the name.
        found = next((group.name for group in self._packages.groups() if group.arn == name_or_arn), name_or_arn)
        return self._packages.get_group(found)

    def ensure_model_package_group(self, name: str) -> ModelPackageGroup:
        """Give the group, made now when missing: RegisterModel steps need none made before."""
        try:
            return self.create_model_package_group({"ModelPackageGroupName": name})
        except (ResourceInUse, ValidationException):
            return self._packages.get_group(name)

    def delete_model_package_group(self, name_or_arn: str) -> None:
        """Forget an empty group.

        Raises:
            ConflictException: it still has model packages.
        """
        self._packages.delete_group(self.model_package_group(name_or_arn).name)

    def registered_by(self, execution_arn: str, request: Mapping[str, Any]) -> ModelPackage | None:
        """Find what an execution registered with this very request, when a kill kept its step from saying so."""
        group = self.model_package_group(request["ModelPackageGroupName"])
        packages = self._packages.all(group.name)
        return next((p for p in packages if p.generated_by == execution_arn and p.request == request), None)

    def create_model_package(self, request: Mapping[str, Any], generated_by: str | None = None) -> ModelPackage:
        """Accept a CreateModelPackage request as the next version of its group.

        Args:
            request: checked for its shape.
            generated_by: the ARN of the pipeline execution whose step registers it.

        Raises:
            UnsupportedFeature: not a versioned package, or one that AWS would have to validate.
        """
        if request.get("Tags") and request.get("ModelPackageGroupName"):
            raise ValidationException(
                "A model package with ModelPackageGroupName takes no Tags: tag the group, "
                "or use CustomerMetadataProperties."
            )
        for member in _UNSUPPORTED_PACKAGE_MEMBERS:
            if request.get(member):
                raise UnsupportedFeature(f"{member} of CreateModelPackage is not supported here. {_FIDELITY}")
        if not request.get("ModelPackageGroupName"):
            raise UnsupportedFeature(
                f"A model package without ModelPackageGroupName (unversioned) is not supported here. {_FIDELITY}"
            )
        group = self.model_package_group(request["ModelPackageGroupName"])
        created = self._clock()
        status = request.get("ModelApprovalStatus") or ApprovalStatus.PENDING_MANUAL_APPROVAL

        def build(version: int) -> ModelPackage:
            return ModelPackage(
                group_name=group.name,
                version=version,
                arn=self._place.arn(f"model-package/{group.name.lower()}/{version}"),
                approval_status=ApprovalStatus(status),
                request=request,
                created=created,
                modified=created,
                customer_metadata=dict(request.get("CustomerMetadataProperties") or {}),
                generated_by=generated_by,
            )

        return self._packages.add(build, group.name)

    def model_package(self, name_or_arn: str) -> ModelPackage:
        """Find a model package by its ARN.

        Raises:
            ValidationException: there is none, or the text is not the ARN of a version.
        """
        if not name_or_arn.startswith(_ARN_PREFIX):
            raise ValidationException(
                f"Model package {name_or_arn!r} does not exist: a version of a group is named by its ARN, "
                f"for example {self._place.arn('model-package/my-group/1')}."
            )
        return self._packages.get(name_or_arn)

    def update_model_package(self, request: Mapping[str, Any]) -> ModelPackage:
        """Apply an UpdateModelPackage request: approval, customer metadata, inference specification, life cycle.

        Raises:
            ValidationException: there is no such version, or it would have more than 50 metadata properties.
        """
        package = self.model_package(request["ModelPackageArn"])
        metadata = _changed_metadata(package, request)
        changed = {member: request[member] for member in _UPDATED_VERBATIM if request.get(member) is not None}
        if added := request.get("AdditionalInferenceSpecificationsToAdd"):
            known = package.request.get("AdditionalInferenceSpecifications") or []
            changed["AdditionalInferenceSpecifications"] = [*known, *added]
        updated = replace(
            package,
            approval_status=ApprovalStatus(request.get("ModelApprovalStatus") or package.approval_status),
            approval_description=request.get("ApprovalDescription", package.approval_description),
            customer_metadata=metadata,
            request={**package.request, **changed},
            modified=self._clock(),
        )
        self._packages.update(updated)
        return updated

    def delete_model_package(self, name_or_arn: str) -> None:
        """Forget a version; its number is never given again."""
        self._packages.delete(self.model_package(name_or_arn).arn)


def _changed_metadata(package: ModelPackage, request: Mapping[str, Any]) -> dict[str, str]:
    metadata = {**package.customer_metadata, **(request.get("CustomerMetadataProperties") or {})}
    for key in request.get("CustomerMetadataPropertiesToRemove") or ():
        metadata.pop(key, None)
    if len(metadata) > _METADATA_MAX:
        raise ValidationException(
            f"'{package.arn}' would have {len(metadata)} CustomerMetadataProperties; at most {_METADATA_MAX} are "
            "allowed. Remove some with CustomerMetadataPropertiesToRemove."
        )
    return metadata
