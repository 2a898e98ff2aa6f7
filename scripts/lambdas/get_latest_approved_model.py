"""The Lambda that finds the model to score with: the pinned version of a group, else the latest approved one."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

POLL_SECONDS = 2.0
LOOK_BACK = 20
"""At the first look, so many of the newest versions are described; more than that hardly register during one gate."""
MARGIN_SECONDS = 5.0
"""Kept of the function's own time to answer."""
EXECUTION_KEY = "PipelineExecutionId"
PIN_TAG = "PinnedModelPackageVersion"
"""Of the model package group: the version that scores whatever is approved later (`pipeline.py pin`)."""
LATEST = "latest"
NONE = "none"
OUTPUTS = ("ModelPackageArn", "ModelPackageVersion", "ModelDataUrl")
OUTPUT_MAX = 1024
"""Characters that a Lambda step takes as one output."""
GONE = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
FORBIDDEN = {"403", "AccessDenied", "Forbidden"}


class NoApprovedModel(Exception):
    """No version of the group is approved."""


class VersionRefused(Exception):
    """The version that is pinned, or asked for, may not score."""


class ModelArtifactMissing(Exception):
    """The chosen version's model.tar.gz is not where the version says."""


class ModelArtifactForbidden(Exception):
    """The function may not look whether the artifact is there."""


class VersionNotListed(Exception):
    """The gate passed, but the version that this execution registers did not appear in time."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, str]:
    """Return ModelPackageArn, ModelPackageVersion and ModelDataUrl of the version that scores, and a Note.

    When the gate passed, first wait until the version that this execution registered is listed: with automatic
    approval, it is the one that scores.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    sagemaker, s3 = boto3.client("sagemaker", region_name=region), boto3.client("s3", region_name=region)
    return find(sagemaker, s3, event, _seconds_left(context))


def find(
    sagemaker: Any,
    s3: Any,
    event: Mapping[str, Any],
    seconds_left: float = float("inf"),
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, str]:
    """Do the handler's work with given clients.

    Args:
        sagemaker: a client.
        s3: a client.
        event: ModelPackageGroupName; ModelApprovalStatus; ModelVersion, "latest" or a number; AllowNone, "true" to
            answer "none" instead of failing for want of a model; GateOutcome, PipelineExecutionId and WaitSeconds
            when a version of this execution may be on its way.
        seconds_left: of the function's own time.
        sleep: waits that many seconds.
        clock: seconds that only grow.

    Raises:
        NoApprovedModel: no version is approved.
        VersionRefused: the pinned or asked-for version is missing, not approved or not usable.
        ModelArtifactMissing: the chosen version's artifact is not in S3.
        ModelArtifactForbidden: its artifact may not be looked at.
        VersionNotListed: the version of this execution did not appear in time.
    """
    group = str(event["ModelPackageGroupName"])
    if _is_true(event.get("GateOutcome")):
        wait_seconds = min(float(event.get("WaitSeconds", 300)), seconds_left)
        wait_for_version(sagemaker, group, str(event["PipelineExecutionId"]), wait_seconds, sleep, clock)
    status = str(event.get("ModelApprovalStatus") or "Approved")
    try:
        chosen, way_out = choose(sagemaker, group, status, str(event.get("ModelVersion") or LATEST))
        url = artifact_of(sagemaker, s3, chosen, way_out)
    except (NoApprovedModel, ModelArtifactMissing) as error:
        if not _is_true(event.get("AllowNone")):
            raise
        print(f"There is no model, which is allowed here: {error}")
        return dict.fromkeys(OUTPUTS, NONE) | {"Note": str(error)[:OUTPUT_MAX]}
    # As text, which is what the step declares: outputs of a Lambda step have types.
    values = (str(chosen["ModelPackageArn"]), str(chosen["ModelPackageVersion"]), url)
    return dict(zip(OUTPUTS, values, strict=True)) | {"Note": NONE}


def choose(client: Any, group: str, status: str, wanted: str) -> tuple[dict[str, Any], str]:
    """Return the summary of the version that scores, and what to do when it cannot after all.

    What is asked for goes before what is pinned, and that before the highest version number with the status.

    Raises:
        NoApprovedModel: none has the status.
        VersionRefused: by its number and its reason.
    """
    if wanted != LATEST:
        way_out = f"ask for another version, or for {LATEST!r}"
        return _version(client, group, status, wanted, ("ModelVersion asks for", way_out)), way_out
    if pinned := pinned_version(client, group):
        way_out = "let the latest approved version score with `python pipeline.py unpin`, or pin another one"
        chosen = _version(client, group, status, pinned, (f"the tag {PIN_TAG} pins", way_out))
        print(f"Version {pinned} of {group} is pinned.")
        return chosen, way_out
    # A version whose creation failed can be approved by hand, but it holds no usable model.
    usable = [v for v in versions(client, group, ModelApprovalStatus=status) if v["ModelPackageStatus"] == "Completed"]
    if not usable:
        raise NoApprovedModel(
            f"Model package group {group!r} has no version whose status is {status}: train one, look at its metrics, "
            "and approve it with `python pipeline.py approve VERSION`."
        )
    number = usable[0]["ModelPackageVersion"]
    print(f"The latest {status} version of {group} is {number}.")
    return usable[0], f"let the approved version before it score with `python pipeline.py reject {number}`"


def _version(client: Any, group: str, status: str, text: str, asked: tuple[str, str]) -> dict[str, Any]:
    """Find one version by its number, as a text, and refuse it unless it may score."""
    who, way_out = asked
    listed = versions(client, group)
    found = next((item for item in listed if str(item["ModelPackageVersion"]) == text), None)
    if found is None:
        known = ", ".join(str(item["ModelPackageVersion"]) for item in listed[:LOOK_BACK]) or "none yet"
        raise VersionRefused(
            f"Model package group {group!r} has no version {text!r}, which {who}; the newest are: {known}. "
            f"{_sentence(way_out)}"
        )
    if found["ModelPackageStatus"] != "Completed":
        raise VersionRefused(
            f"Version {text} of model package group {group!r}, which {who}, is {found['ModelPackageStatus']}, not "
            f"Completed: it holds no usable model. {_sentence(way_out)}"
        )
    if found["ModelApprovalStatus"] != status:
        raise VersionRefused(
            f"Version {text} of model package group {group!r}, which {who}, is {found['ModelApprovalStatus']}, not "
            f"{status}: approve it with `python pipeline.py approve {text}`, or {way_out}."
        )
    return found


def pinned_version(client: Any, group: str) -> str | None:
    """Return the value of the group's pin; None without one, or without the group."""
    try:
        arn = client.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    except ClientError as error:
        if not _is_no_group(error):
            raise
        return None
    request = {"ResourceArn": arn}
    while True:
        page = client.list_tags(**request)
        for tag in page["Tags"]:
            if tag["Key"] == PIN_TAG:
                return str(tag["Value"])
        if not page.get("NextToken"):
            return None
        request["NextToken"] = page["NextToken"]


def artifact_of(sagemaker: Any, s3: Any, chosen: Mapping[str, Any], way_out: str) -> str:
    """Return the ModelDataUrl of a version, once it is sure that it is there.

    Raises:
        ModelArtifactMissing: it is not, or the version names none.
        ModelArtifactForbidden: the function's role may not look.
    """
    package = sagemaker.describe_model_package(ModelPackageName=chosen["ModelPackageArn"])
    named = f"Version {chosen['ModelPackageVersion']} of model package group {package['ModelPackageGroupName']!r}"
    url = str(package["InferenceSpecification"]["Containers"][0].get("ModelDataUrl") or "")
    if not url:
        raise ModelArtifactMissing(f"{named} names no ModelDataUrl, so it cannot score: {way_out}.")
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code in FORBIDDEN:
            raise ModelArtifactForbidden(
                f"{named} cannot be checked: {url} may not be looked at ({code}). Give the function's role "
                "s3:GetObject on it and s3:ListBucket on its bucket."
            ) from error
        if code not in GONE:
            raise
        raise ModelArtifactMissing(
            f"{named} cannot score: its artifact {url} is not in S3. Put it back, or {way_out}."
        ) from error
    return url


def wait_for_version(
    client: Any,
    group: str,
    execution_id: str,
    wait_seconds: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    """Return as soon as a version of the group, of any status, carries the execution's id."""
    described: set[str] = set()
    started = clock()
    while True:
        listed = [item["ModelPackageArn"] for item in versions(client, group)]
        # Versions that were there at the first look and are older than a few cannot be this execution's.
        for arn in [arn for arn in listed[:LOOK_BACK] if arn not in described]:
            metadata = client.describe_model_package(ModelPackageName=arn).get("CustomerMetadataProperties", {})
            if metadata.get(EXECUTION_KEY) == execution_id:
                print(f"Execution {execution_id} registered {arn}.")
                return
            described.add(arn)
        if clock() - started + POLL_SECONDS > wait_seconds:
            raise VersionNotListed(
                f"The gate passed, but after {wait_seconds:.0f} s no version of model package group {group!r} carries "
                f"{EXECUTION_KEY} {execution_id!r}: look at the step that registers the model, then retry."
            )
        sleep(POLL_SECONDS)


def versions(client: Any, group: str, **filters: Any) -> list[dict[str, Any]]:
    """Return the summary of every version of a group, the highest number first; none when there is no group."""
    request = {"ModelPackageGroupName": group, "SortBy": "CreationTime", "SortOrder": "Descending", **filters}
    found: list[dict[str, Any]] = []
    try:
        while True:
            page = client.list_model_packages(**request)
            found += page["ModelPackageSummaryList"]
            if not page.get("NextToken"):
                break
            request["NextToken"] = page["NextToken"]
    except ClientError as error:
        if not _is_no_group(error):
            raise
    return sorted(found, key=lambda item: int(item["ModelPackageVersion"]), reverse=True)


def _is_no_group(error: ClientError) -> bool:
    """Whether the group is missing: one that was never registered to is a group without versions."""
    return error.response.get("Error", {}).get("Code") == "ResourceNotFound" or "does not exist" in str(error)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() == "true"


def _seconds_left(context: Any) -> float:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else max(remaining() / 1000 - MARGIN_SECONDS, 0.0)
