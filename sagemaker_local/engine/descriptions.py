"""The Describe responses of jobs, models, model packages and groups; step properties resolve against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.records.model import Model, ModelPackage, ModelPackageGroup
from sagemaker_local.records.shapes import Shape, element_shape, member_shape, output_shape

_SERVICE = "sagemaker"

_SECONDARY_STATUS = {
    JobStatus.IN_PROGRESS: "Starting",
    JobStatus.COMPLETED: "Completed",
    JobStatus.FAILED: "Failed",
    JobStatus.STOPPING: "Stopping",
    JobStatus.STOPPED: "Stopped",
}

# What AWS fills in when the request leaves it out.
_DEFAULTS: Mapping[JobKind, Mapping[str, Any]] = {
    JobKind.PROCESSING: {"StoppingCondition": {"MaxRuntimeInSeconds": 86_400}},
    JobKind.TRAINING: {
        "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    },
    JobKind.TRANSFORM: {},
}


def describe_job(job: Job) -> dict[str, Any]:
    """Give the response of DescribeProcessingJob, DescribeTrainingJob or DescribeTransformJob."""
    response: dict[str, Any] = {
        **_DEFAULTS[job.kind],
        **job.request,
        **job.details,
        job.kind.name_member: job.name,
        job.kind.arn_member: job.arn,
        job.kind.status_member: job.status.value,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        f"{job.kind.value}StartTime": job.started,
        f"{job.kind.value}EndTime": job.ended,
        "FailureReason": job.failure_reason,
    }
    if job.kind is JobKind.TRAINING:
        response |= _training_members(job)
    return described(f"Describe{job.kind.value}Job", response)


def describe_model(model: Model) -> dict[str, Any]:
    """Give the response of DescribeModel."""
    response: dict[str, Any] = {
        "EnableNetworkIsolation": False,
        **model.request,
        "ModelName": model.name,
        "ModelArn": model.arn,
        "CreationTime": model.created,
    }
    return described("DescribeModel", response)


def describe_model_package(package: ModelPackage) -> dict[str, Any]:
    """Give the response of DescribeModelPackage."""
    metadata = dict(package.request.get("MetadataProperties") or {})
    if package.generated_by:
        metadata["GeneratedBy"] = package.generated_by
    response: dict[str, Any] = {
        "CertifyForMarketplace": False,
        "SkipModelValidation": "None",
        **package.request,
        # AWS, too, answers with the group's name here: a version has no name of its own.
        "ModelPackageName": package.group_name,
        "ModelPackageGroupName": package.group_name,
        "ModelPackageVersion": package.version,
        "ModelPackageArn": package.arn,
        "CreationTime": package.created,
        "LastModifiedTime": package.modified,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "ModelApprovalStatus": package.approval_status.value,
        "ApprovalDescription": package.approval_description,
        "CustomerMetadataProperties": dict(package.customer_metadata) or None,
        "MetadataProperties": metadata or None,
        "CreatedBy": {},
        "LastModifiedBy": {},
    }
    return described("DescribeModelPackage", response)


def describe_model_package_group(group: ModelPackageGroup) -> dict[str, Any]:
    """Give the response of DescribeModelPackageGroup."""
    response: dict[str, Any] = {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "ModelPackageGroupDescription": group.description,
        "ModelPackageGroupStatus": "Completed",
        "CreationTime": group.created,
        "CreatedBy": {},
    }
    return described("DescribeModelPackageGroup", response)


def as_properties(description: Mapping[str, Any]) -> dict[str, Any]:
    """Make a description storable as JSON and usable in expressions: times become ISO 8601 texts."""
    properties: dict[str, Any] = _replace_times(description, lambda time: time.isoformat())
    return properties


def as_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Make a runner's details storable as JSON: times become epoch seconds."""
    stored: dict[str, Any] = _replace_times(details, lambda time: time.timestamp())
    return stored


def _training_members(job: Job) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if job.status.is_final or "SecondaryStatus" not in job.details:
        # A runner may end with a closer word than the job's own state: MaxRuntimeExceeded.
        members["SecondaryStatus"] = job.details.get("SecondaryStatus") or _SECONDARY_STATUS[job.status]
    if job.started and job.ended:
        seconds = max(1, round((job.ended - job.started).total_seconds()))
        members["TrainingTimeInSeconds"] = members["BillableTimeInSeconds"] = seconds
    return members


def described(operation: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """Give a response the shape of its operation: unknown members and None left out, times as aware datetimes."""
    typed: dict[str, Any] = _typed(output_shape(_SERVICE, operation), response)
    return typed


def _typed(shape: Shape, value: Any) -> Any:
    """Keep the members that the shape has and that are set, and make every timestamp an aware datetime."""
    kind = shape["type"]
    if kind == "structure" and isinstance(value, Mapping):
        known = {name: member_shape(_SERVICE, shape, name) for name in value}
        return {
            name: _typed(member, value[name])
            for name, member in known.items()
            if member is not None and value[name] is not None
        }
    if kind == "list" and isinstance(value, list | tuple):
        return [_typed(element_shape(_SERVICE, shape), item) for item in value]
    if kind == "timestamp":
        return _time(value)
    return value


def _time(value: Any) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _replace_times(value: Any, convert: Callable[[datetime], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replace_times(item, convert) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_times(item, convert) for item in value]
    return convert(value) if isinstance(value, datetime) else value
