"""The pin of the configured model package group: tags that name the version which scores whatever is approved later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cli import identity
from cli.context import Context
from cli.registry import model_packages, texts
from cli.registry.model_packages import Version

VERSION = "PinnedModelPackageVersion"
"""scripts/lambdas/get_latest_approved_model.py reads this tag."""
WITH_IT = _BY, _AT, _NOTE = "PinnedBy", "PinnedAt", "PinnedNote"


@dataclass(frozen=True, slots=True)
class Pin:
    """Which version is pinned; the rest is empty when the tag was set by other means."""

    version: str
    """As the tag has it, which may be no number."""
    by: str = ""
    at: str = ""
    note: str = ""


def find(context: Context) -> Pin | None:
    """The pin, if there is one."""
    arn = model_packages.group_arn(context)
    if arn is None:
        return None
    pages = context.client("sagemaker").get_paginator("list_tags").paginate(ResourceArn=arn)
    tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    if not tags.get(VERSION):
        return None
    return Pin(tags[VERSION], tags.get(_BY, ""), tags.get(_AT, ""), tags.get(_NOTE, ""))


def put(context: Context, version: Version, note: str, now: datetime) -> None:
    """Pin a version, in one call; a pin that was there is replaced, its note with it."""
    tags = {
        VERSION: str(version.number),
        _BY: texts.metadata(identity.caller(context)),
        _AT: now.isoformat(timespec="seconds"),
        _NOTE: texts.tag(note),
    }
    context.client("sagemaker").add_tags(
        ResourceArn=model_packages.group_arn(context),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def remove(context: Context) -> None:
    """Take the pin away."""
    context.client("sagemaker").delete_tags(ResourceArn=model_packages.group_arn(context), TagKeys=[VERSION, *WITH_IT])
