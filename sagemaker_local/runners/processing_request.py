"""Reads CreateProcessingJob requests, and refuses what this endpoint cannot do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import transfer

_LOCAL_ROOT = PurePosixPath("/opt/ml/processing")
CONTINUOUS = "Continuous"
DEFAULT_MAX_RUNTIME_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ProcessingInput:
    """An S3 location and the folder of the container where it lands."""

    name: str
    uri: str
    local_path: str
    data_type: str


@dataclass(frozen=True, slots=True)
class ProcessingOutput:
    """A folder of the container and the S3 location that gets its files."""

    name: str
    uri: S3Uri
    local_path: str
    continuous: bool


def command_of(request: Mapping[str, Any]) -> list[str]:
    """The entry point and its arguments; the arguments of the image are dropped, as by `docker run --entrypoint`."""
    application = request["AppSpecification"]
    return [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]


def inputs_of(request: Mapping[str, Any]) -> list[ProcessingInput]:
    """The S3 inputs in the request's order."""
    found = []
    for item in request.get("ProcessingInputs") or []:
        source = item["S3Input"]
        found.append(ProcessingInput(item["InputName"], source["S3Uri"], source["LocalPath"], source["S3DataType"]))
    return found


def outputs_of(request: Mapping[str, Any]) -> list[ProcessingOutput]:
    """The S3 outputs in the request's order."""
    found = []
    for item in (request.get("ProcessingOutputConfig") or {}).get("Outputs") or []:
        target = item["S3Output"]
        is_continuous = target["S3UploadMode"] == CONTINUOUS
        found.append(
            ProcessingOutput(item["OutputName"], S3Uri.parse(target["S3Uri"]), target["LocalPath"], is_continuous)
        )
    return found


def max_runtime_of(request: Mapping[str, Any]) -> int:
    """The time limit in seconds."""
    limit = (request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds")
    return DEFAULT_MAX_RUNTIME_SECONDS if limit is None else int(limit)


def check(request: Mapping[str, Any]) -> None:
    """Refuse a request that cannot run here.

    Raises:
        UnsupportedFeature: what SageMaker can do and this endpoint cannot, by name.
        ValidationException: what SageMaker would refuse.
    """
    application = request["AppSpecification"]
    if not application.get("ContainerEntrypoint"):
        raise UnsupportedFeature(
            f"The image {application['ImageUri']!r} without a ContainerEntrypoint is not supported: there is no Docker "
            "here that knows the image's own program. Give AppSpecification.ContainerEntrypoint, as ScriptProcessor "
            "does."
        )
    cluster = request["ProcessingResources"]["ClusterConfig"]
    for resources in (cluster, *(cluster.get("InstancePreferences") or ())):
        count = resources.get("InstanceCount", 1)
        if count != 1:
            raise UnsupportedFeature(
                f"InstanceCount {count} is not supported: a job has one host here. Use InstanceCount 1."
            )
    if (request.get("NetworkConfig") or {}).get("EnableNetworkIsolation"):
        raise UnsupportedFeature(
            "EnableNetworkIsolation is not supported: jobs share this machine's network. Leave it out."
        )
    for item in request.get("ProcessingInputs") or []:
        _check_input(item)
    for item in (request.get("ProcessingOutputConfig") or {}).get("Outputs") or []:
        _check_output(item)
    _check_unique("InputName", [item.name for item in inputs_of(request)])
    _check_unique("input LocalPath", [item.local_path.rstrip("/") for item in inputs_of(request)])
    _check_unique("OutputName", [item.name for item in outputs_of(request)])
    _check_unique("output LocalPath", [item.local_path.rstrip("/") for item in outputs_of(request)])


def _check_input(item: Mapping[str, Any]) -> None:
    where = f"the input {item['InputName']!r}"
    _refuse(where, item, "DatasetDefinition", "run the query in a step before and give its output as S3Input")
    _refuse(where, item, "AppManaged", "leave it out")
    source = item.get("S3Input")
    if source is None:
        raise ValidationException(f"S3Input is missing in {where}; give S3Uri, LocalPath and S3DataType.")
    if source.get("S3InputMode", "File") != "File":
        raise UnsupportedFeature(f"S3InputMode {source['S3InputMode']!r} of {where} is not supported; use 'File'.")
    if source.get("S3CompressionType", "None") != "None":
        compression = source["S3CompressionType"]
        raise UnsupportedFeature(
            f"S3CompressionType {compression!r} of {where} is not supported: it needs Pipe mode; use 'None'."
        )
    if source["S3DataType"] not in {transfer.S3_PREFIX, transfer.MANIFEST_FILE}:
        raise UnsupportedFeature(
            f"S3DataType {source['S3DataType']!r} of {where} is not supported; use 'S3Prefix' or 'ManifestFile'."
        )
    S3Uri.parse(source["S3Uri"])
    _check_local_path(where, source.get("LocalPath"))


def _check_output(item: Mapping[str, Any]) -> None:
    where = f"the output {item['OutputName']!r}"
    _refuse(where, item, "FeatureStoreOutput", "put the records with the feature store's runtime from the script")
    _refuse(where, item, "AppManaged", "leave it out")
    target = item.get("S3Output")
    if target is None:
        raise ValidationException(f"S3Output is missing in {where}; give S3Uri, LocalPath and S3UploadMode.")
    S3Uri.parse(target["S3Uri"])
    _check_local_path(where, target.get("LocalPath"))


def _refuse(where: str, item: Mapping[str, Any], member: str, instead: str) -> None:
    if item.get(member):
        raise UnsupportedFeature(f"{member} of {where} is not supported; {instead}.")


def _check_local_path(where: str, text: str | None) -> None:
    path = PurePosixPath(text or "")
    if path.parts[:4] != _LOCAL_ROOT.parts or len(path.parts) < 5 or ".." in path.parts:
        raise ValidationException(
            f"The LocalPath {text!r} of {where} is not below {_LOCAL_ROOT}; use for example {_LOCAL_ROOT}/input/data."
        )


def _check_unique(what: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValidationException(f"The {what} {value!r} is used twice; give each a value of its own.")
