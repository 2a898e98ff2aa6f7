"""The Lambda that finds the model to score with: the newest approved version of a model package group."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

POLL_SECONDS = 2.0
LOOK_BACK = 20
"""At the first look, so many of the newest versions are described; more than that hardly register during one gate."""
MARGIN_SECONDS = 5.0
"""Kept of the function's own time to answer."""
EXECUTION_KEY = "PipelineExecutionId"


class NoApprovedModel(Exception):
    """No version of the group is approved."""


class VersionNotListed(Exception):
    """The gate passed, but the version that this execution registers did not appear in time."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, str]:
    """Return ModelPackageArn, ModelPackageVersion and ModelDataUrl of the newest approved version.

    When the gate passed, first wait until the version that this execution registered is listed: with automatic
    approval, it is the one that scores.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return find(boto3.client("sagemaker", region_name=region), event, _seconds_left(context))


def find(
    client: Any,
    event: Mapping[str, Any],
    seconds_left: float = float("inf"),
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, str]:
    """Do the handler's work with a given client.

    Raises:
        NoApprovedModel: no version is approved.
        VersionNotListed: the version of this execution did not appear in time.
    """
    group = str(event["ModelPackageGroupName"])
    if str(event.get("GateOutcome", "")).strip().lower() == "true":
        wait_seconds = min(float(event.get("WaitSeconds", 300)), seconds_left)
        wait_for_version(client, group, str(event["PipelineExecutionId"]), wait_seconds, sleep, clock)
    status = str(event.get("ModelApprovalStatus") or "Approved")
    # A version whose creation failed can be approved by hand, but it holds no usable model.
    usable = (v for v in versions(client, group, ModelApprovalStatus=status) if v["ModelPackageStatus"] == "Completed")
    newest = next(usable, None)
    if newest is None:
        raise NoApprovedModel(
            f"Model package group {group!r} has no version whose status is {status}: train one, look at its metrics, "
            "and approve it with `python pipeline.py approve VERSION`."
        )
    package = client.describe_model_package(ModelPackageName=newest["ModelPackageArn"])
    print(f"The newest {status} version of {group} is {newest['ModelPackageVersion']}.")
    return {
        "ModelPackageArn": str(newest["ModelPackageArn"]),
        # As text, which is what the step declares: outputs of a Lambda step have types.
        "ModelPackageVersion": str(newest["ModelPackageVersion"]),
        "ModelDataUrl": str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]),
    }


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


def versions(client: Any, group: str, **filters: Any) -> Iterator[dict[str, Any]]:
    """Give every version of a group, newest first; versions of the same time by their number."""
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
        # A group that was never registered to is a group without versions.
        code = error.response.get("Error", {}).get("Code")
        if code != "ResourceNotFound" and "does not exist" not in str(error):
            raise
    return iter(sorted(found, key=lambda item: (item["CreationTime"], item["ModelPackageVersion"]), reverse=True))


def _seconds_left(context: Any) -> float:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else max(remaining() / 1000 - MARGIN_SECONDS, 0.0)
