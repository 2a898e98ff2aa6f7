"""Reads CreateTrainingJob requests, and refuses what this endpoint cannot do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import images, metrics, script_mode, transfer

DEFAULT_MAX_RUNTIME_SECONDS = 86_400
DEFAULT_CHECKPOINT_PATH = "/opt/ml/checkpoints"
UNCOMPRESSED = "NONE"

# Members that change what happens on AWS and cannot here. Spot, warm pools, VPCs, keys, placement and retries of
# infrastructure change nothing on one machine: those are accepted.
_UNSUPPORTED = {
    "DebugHookConfig": "save what you need from the script, to /opt/ml/output/data",
    "DebugRuleConfigurations": "leave them out",
    "ProfilerRuleConfigurations": "leave them out",
    "TensorBoardOutputConfig": "write the event files to /opt/ml/output/data",
    "EnableNetworkIsolation": "leave it out: jobs share this machine's network",
    "ServerlessJobConfig": "train with a container image",
    "MlflowConfig": "log metrics with MetricDefinitions",
    "ModelPackageConfig": "register the model in a step of its own",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """An input of a training job; it lands at /opt/ml/input/data/<name>."""

    name: str
    uri: str
    data_type: str
    configuration: Mapping[str, str]
    """Its entry in inputdataconfig.json."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """A folder of the container that equals an S3 location, before, while and after the job runs."""

    uri: S3Uri
    local_path: str


def channels_of(request: Mapping[str, Any]) -> list[Channel]:
    """The channels in the request's order."""
    default_mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    found = []
    for item in request.get("InputDataConfig") or []:
        source = item["DataSource"]["S3DataSource"]
        configuration = {
            "TrainingInputMode": item.get("InputMode", default_mode),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": item.get("RecordWrapperType", "None"),
        }
        if "ContentType" in item:
            configuration = {"ContentType": item["ContentType"], **configuration}
        found.append(Channel(item["ChannelName"], source["S3Uri"], source["S3DataType"], configuration))
    return found


def checkpoints_of(request: Mapping[str, Any]) -> Checkpoints | None:
    """Where checkpoints are kept, if anywhere."""
    config = request.get("CheckpointConfig")
    if not config:
        return None
    return Checkpoints(S3Uri.parse(config["S3Uri"]), config.get("LocalPath", DEFAULT_CHECKPOINT_PATH))


def output_of(request: Mapping[str, Any]) -> S3Uri:
    """`<S3OutputPath>/<job>/output`, under which all artifacts lie."""
    return S3Uri.parse(request["OutputDataConfig"]["S3OutputPath"]).join(request["TrainingJobName"], "output")


def is_compressed(request: Mapping[str, Any]) -> bool:
    """Whether artifacts become archives."""
    return bool(request["OutputDataConfig"].get("CompressionType") != UNCOMPRESSED)


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
    for member, instead in _UNSUPPORTED.items():
        if request.get(member):
            raise UnsupportedFeature(f"{member} is not supported; {instead}.")
    if (request.get("RemoteDebugConfig") or {}).get("EnableRemoteDebug"):
        raise UnsupportedFeature("RemoteDebugConfig.EnableRemoteDebug is not supported; leave it out.")
    if request.get("ProfilerConfig") and not request["ProfilerConfig"].get("DisableProfiler"):
        raise UnsupportedFeature("ProfilerConfig is not supported; leave it out, or set its DisableProfiler to true.")
    _check_resources(request)
    _check_algorithm(request)
    _check_channels(request)
    S3Uri.parse(request["OutputDataConfig"]["S3OutputPath"])
    checkpoints = checkpoints_of(request)
    if checkpoints is not None and PurePosixPath(checkpoints.local_path).parts[:3] != ("/", "opt", "ml"):
        raise UnsupportedFeature(
            f"The LocalPath {checkpoints.local_path!r} of CheckpointConfig is not supported: only folders below "
            f"/opt/ml are the job's own here. Use {DEFAULT_CHECKPOINT_PATH!r}."
        )


def _check_resources(request: Mapping[str, Any]) -> None:
    resources = request.get("ResourceConfig") or {}
    if resources.get("InstanceGroups"):
        raise UnsupportedFeature("InstanceGroups is not supported: a job has one host here. Use InstanceCount 1.")
    for item in (resources, *(resources.get("InstancePreferences") or ())):
        count = item.get("InstanceCount", 1)
        if count != 1:
            raise UnsupportedFeature(
                f"InstanceCount {count} is not supported: distributed training needs several hosts. "
                "Use InstanceCount 1."
            )


def _check_algorithm(request: Mapping[str, Any]) -> None:
    algorithm = request["AlgorithmSpecification"]
    if algorithm.get("AlgorithmName"):
        raise UnsupportedFeature(
            f"AlgorithmName {algorithm['AlgorithmName']!r} is not supported: use a TrainingImage and a script of yours."
        )
    _check_metrics(algorithm)
    if algorithm.get("ContainerEntrypoint"):
        return
    if algorithm.get("ContainerArguments"):
        raise UnsupportedFeature(
            "ContainerArguments without ContainerEntrypoint is not supported: there is no Docker here that knows the "
            "image's own program. Give the ContainerEntrypoint, too."
        )
    image = algorithm.get("TrainingImage")
    if not image:
        raise ValidationException("AlgorithmSpecification has no TrainingImage; give the address of an image.")
    images.require_xgboost(image, "training without a ContainerEntrypoint")
    script_mode.check(request)


def _check_metrics(algorithm: Mapping[str, Any]) -> None:
    definitions = algorithm.get("MetricDefinitions") or []
    if definitions and images.Image.parse(algorithm.get("TrainingImage", "")).is_xgboost:
        raise ValidationException(
            "MetricDefinitions: you can't override the metric definitions for Amazon SageMaker algorithms, and the "
            "XGBoost image is one. Leave them out: metrics such as 'validation:auc' are found without."
        )
    metrics.check(definitions)


def _check_channels(request: Mapping[str, Any]) -> None:
    default_mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    names = [item["ChannelName"] for item in request.get("InputDataConfig") or []]
    for item in request.get("InputDataConfig") or []:
        if names.count(item["ChannelName"]) > 1:
            raise ValidationException(f"The ChannelName {item['ChannelName']!r} is used twice; give each its own.")
        _check_channel(item, default_mode)


def _check_channel(item: Mapping[str, Any], default_mode: str) -> None:
    where = f"the channel {item['ChannelName']!r}"
    mode = "InputMode" if "InputMode" in item else "TrainingInputMode"
    _require(where, mode, item.get("InputMode", default_mode), "File", "FastFile")
    _require(where, "CompressionType", item.get("CompressionType", "None"), "None")
    _require(where, "RecordWrapperType", item.get("RecordWrapperType", "None"), "None")
    if item.get("ShuffleConfig"):
        raise UnsupportedFeature(f"ShuffleConfig of {where} is not supported; shuffle in the script.")
    source = item["DataSource"].get("S3DataSource")
    if source is None or len(item["DataSource"]) > 1:
        kinds = " and ".join(sorted(item["DataSource"])) or "nothing"
        raise UnsupportedFeature(f"The DataSource of {where} is {kinds}; only S3DataSource is supported.")
    _require(where, "S3DataType", source["S3DataType"], transfer.S3_PREFIX, transfer.MANIFEST_FILE)
    for member in ("AttributeNames", "InstanceGroupNames", "ModelAccessConfig", "HubAccessConfig"):
        if source.get(member):
            raise UnsupportedFeature(f"{member} of {where} is not supported; leave it out.")
    S3Uri.parse(source["S3Uri"])


def _require(where: str, member: str, value: str, *allowed: str) -> None:
    if value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        raise UnsupportedFeature(f"{member} {value!r} of {where} is not supported; use {words}.")
