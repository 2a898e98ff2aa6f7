"""The one container that serves a model: read from a CreateModel request or a model package, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.model import ModelPackage

_FIDELITY = "docs/fidelity.md lists what is supported."

# Members that change what a container sees or does on AWS, and would change nothing here.
_UNSUPPORTED_MEMBERS = {
    "AdditionalModelDataSources": "put the files into model.tar.gz",
    "InferenceSpecificationName": "use a model package whose InferenceSpecification is the one",
    "ModelDataSource": "Batch Transform does not take it on AWS either, give a ModelDataUrl",
    "MultiModelConfig": "one container serves one model here",
}
_UNSUPPORTED_PACKAGED_MEMBERS = {"AdditionalS3DataSource": "put the files into model.tar.gz"}


def container_of_request(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the one container of a CreateModel request, from PrimaryContainer or from Containers.

    Raises:
        ValidationException: no container, both members at once, or a container that names nothing to run.
        UnsupportedFeature: several containers, or a member that this endpoint cannot honour.
    """
    model = f"model {request['ModelName']!r}"
    primary = request.get("PrimaryContainer")
    containers: list[Mapping[str, Any]] = [*([primary] if primary else []), *(request.get("Containers") or ())]
    if not containers or (primary and len(containers) > 1):
        raise ValidationException(
            f"Model {request['ModelName']!r} has {len(containers)} containers; "
            "give either PrimaryContainer or Containers, with one container."
        )
    if len(containers) > 1:
        raise UnsupportedFeature(
            f"Model {request['ModelName']!r} is an inference pipeline of {len(containers)} containers; "
            f"Containers with one container is supported here. {_FIDELITY}"
        )
    if request.get("EnableNetworkIsolation"):
        raise UnsupportedFeature(
            f"EnableNetworkIsolation of {model} is not supported: jobs share this machine's network. Leave it out."
        )
    _check_members(containers[0], model)
    return containers[0]


def container_of_package(package: ModelPackage) -> Mapping[str, Any]:
    """Give the one container of a model package.

    Raises:
        UnsupportedFeature: none or several, or a member that this endpoint cannot honour.
    """
    containers: list[Mapping[str, Any]] = (package.request.get("InferenceSpecification") or {}).get("Containers") or []
    if len(containers) != 1:
        raise UnsupportedFeature(
            f"{package.arn} has {len(containers)} containers in its InferenceSpecification; "
            f"exactly one is supported here. {_FIDELITY}"
        )
    _refuse_members(containers[0], {**_UNSUPPORTED_MEMBERS, **_UNSUPPORTED_PACKAGED_MEMBERS}, package.arn)
    return containers[0]


def _check_members(container: Mapping[str, Any], model: str) -> None:
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise UnsupportedFeature(
            f"Mode {container['Mode']!r} of {model} is not supported; SingleModel is supported here. {_FIDELITY}"
        )
    _refuse_members(container, _UNSUPPORTED_MEMBERS, model)
    if not container.get("ModelPackageName"):
        if not container.get("Image"):
            raise ValidationException(
                f"The container of {model} names neither Image nor ModelPackageName; name one of them."
            )
        return
    for member in ("Image", "ModelDataUrl"):
        if container.get(member):
            raise ValidationException(
                f"The container of {model} has {member} beside ModelPackageName, which brings its own; give one."
            )


def _refuse_members(container: Mapping[str, Any], unsupported: Mapping[str, str], where: str) -> None:
    for member, instead in unsupported.items():
        if container.get(member):
            raise UnsupportedFeature(f"{member} of {where} is not supported here; {instead}. {_FIDELITY}")
