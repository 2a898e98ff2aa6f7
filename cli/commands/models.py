"""`models`, `approve`, `reject`: the versions in the Model Registry."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import urlsplit

from rich.table import Table

from cli import history
from cli.context import Context
from cli.errors import CommandError


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("models", parents=[shared], help="the registered model versions, newest first")
    command.set_defaults(run=list_models)
    for name, status, text in (
        ("approve", "Approved", "approve a model version: the newest approved one scores"),
        ("reject", "Rejected", "reject a model version"),
    ):
        command = commands.add_parser(name, parents=[shared], help=text)
        command.add_argument("version", type=int, metavar="VERSION")
        command.add_argument("--note", default="", help="why; kept in the registry as the approval description")
        command.set_defaults(run=decide, approval_status=status)


def list_models(context: Context, _: argparse.Namespace) -> None:
    """Print every version with its approval, its metric and where it came from."""
    group = context.config.model_package_group
    packages = all_packages(context)
    if not packages:
        context.console.print(f"The model package group {group} has no versions yet.")
        return
    table = Table("version", "approval", _metric_name(context), "registered (UTC)", "execution", "note", title=group)
    for summary in packages:
        described = context.client("sagemaker").describe_model_package(ModelPackageName=summary["ModelPackageArn"])
        value = metric_of(context, described)
        table.add_row(
            str(described["ModelPackageVersion"]),
            described["ModelApprovalStatus"],
            "" if value is None else f"{value:.4f}",
            history.utc_text(described["CreationTime"]),
            described.get("CustomerMetadataProperties", {}).get("PipelineExecutionId", ""),
            described.get("ApprovalDescription", ""),
        )
    context.console.print(table)


def decide(context: Context, options: argparse.Namespace) -> None:
    """Set a version's approval status."""
    arn = package_arn(context, options.version)
    note = {"ApprovalDescription": options.note} if options.note else {}
    context.client("sagemaker").update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus=options.approval_status, **note
    )
    context.console.print(
        f"Version {options.version} of {context.config.model_package_group}: {options.approval_status}."
    )


def all_packages(context: Context) -> list[dict[str, Any]]:
    """The summaries of all versions of the configured group, newest first; empty when the group is missing."""
    client = context.client("sagemaker")
    pages = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=context.config.model_package_group, SortBy="CreationTime", SortOrder="Descending"
    )
    try:
        return [summary for page in pages for summary in page["ModelPackageSummaryList"]]
    except client.exceptions.ClientError as error:
        # The group is made by the first registration; before that AWS refuses its name.
        if "does not exist" in str(error) or error.response["Error"]["Code"] == "ResourceNotFound":
            return []
        raise


def package_arn(context: Context, version: int) -> str:
    """The ARN of one version of the configured group.

    Raises:
        CommandError: no such version.
    """
    versions = {summary["ModelPackageVersion"]: summary["ModelPackageArn"] for summary in all_packages(context)}
    if version not in versions:
        known = ", ".join(str(number) for number in sorted(versions)) or "none yet"
        raise CommandError(f"{context.config.model_package_group} has no version {version}; it has: {known}.")
    arn: str = versions[version]
    return arn


def metric_of(context: Context, package: dict[str, Any]) -> float | None:
    """The gate's metric out of the evaluation that was registered with a version."""
    statistics = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    if "S3Uri" not in statistics:
        return None
    location = urlsplit(statistics["S3Uri"])
    s3 = context.client("s3")
    try:
        body = s3.get_object(Bucket=location.netloc, Key=location.path.lstrip("/"))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    value: Any = json.loads(body)
    for part in context.config.gate.metric.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _metric_name(context: Context) -> str:
    """`auc` for the path `binary_classification_metrics.auc.value`."""
    parts: list[str] = context.config.gate.metric.split(".")
    return parts[-2] if parts[-1] == "value" and len(parts) > 1 else parts[-1]
