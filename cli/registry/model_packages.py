"""The versions of the configured model package group, the highest number first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.context import Context
from cli.errors import CommandError

COMPLETED = "Completed"


@dataclass(frozen=True, slots=True)
class Version:
    """One version, as a list shows it."""

    number: int
    arn: str
    approval: str
    status: str
    """Completed, or what its creation is at or came to."""
    registered: datetime

    @property
    def is_usable(self) -> bool:
        """Whether it holds a model: one whose creation failed can be approved, too."""
        return self.status == COMPLETED


def versions(context: Context) -> list[Version]:
    """All versions of all pages; none when the group is missing."""
    client = context.client("sagemaker")
    pages = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=context.config.model_package_group, SortBy="CreationTime", SortOrder="Descending"
    )
    try:
        found = [_version(summary) for page in pages for summary in page["ModelPackageSummaryList"]]
    except client.exceptions.ClientError as error:
        if is_no_group(error):
            return []
        raise
    return sorted(found, key=lambda version: version.number, reverse=True)


def version(context: Context, number: int) -> Version:
    """The version of this number.

    Raises:
        CommandError: there is none.
    """
    listed = versions(context)
    found = next((version for version in listed if version.number == number), None)
    if found is None:
        known = ", ".join(str(version.number) for version in reversed(listed)) or "none yet"
        raise CommandError(f"{context.config.model_package_group} has no version {number}; it has: {known}.")
    return found


def describe(context: Context, version: Version) -> dict[str, Any]:
    """Everything that the registry has of a version."""
    described: dict[str, Any] = context.client("sagemaker").describe_model_package(ModelPackageName=version.arn)
    return described


def artifact_uri(package: dict[str, Any]) -> str:
    """Where a described version's model.tar.gz is."""
    return str(package["InferenceSpecification"]["Containers"][0].get("ModelDataUrl") or "")


def group_arn(context: Context) -> str | None:
    """The ARN of the group; None before the first registration, which makes it."""
    client = context.client("sagemaker")
    try:
        arn: str = client.describe_model_package_group(ModelPackageGroupName=context.config.model_package_group)[
            "ModelPackageGroupArn"
        ]
    except client.exceptions.ClientError as error:
        if is_no_group(error):
            return None
        raise
    return arn


def is_no_group(error: Exception) -> bool:
    """Whether AWS refused the group's name because nothing was registered yet."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    return code == "ResourceNotFound" or "does not exist" in str(error)


def _version(summary: dict[str, Any]) -> Version:
    return Version(
        number=int(summary["ModelPackageVersion"]),
        arn=summary["ModelPackageArn"],
        approval=summary["ModelApprovalStatus"],
        status=summary["ModelPackageStatus"],
        registered=summary["CreationTime"],
    )
