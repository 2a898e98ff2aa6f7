"""Who approved or rejected a version, when and why: written with the decision, and read back.

LastModifiedBy and LastModifiedTime change with every update of a version, so who and when are kept as metadata of its
own; why is the approval description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cli import identity
from cli.context import Context
from cli.registry import texts
from cli.registry.model_packages import Version

APPROVED, REJECTED = "Approved", "Rejected"
AUTOMATIC = "automatic"
NO_REASON = "no reason given"
REGISTERED_AS, APPROVAL_REASON = "RegisteredAs", "ApprovalReason"
"""Metadata that a pipeline may register: the status it chose for the version, and why."""
_UNTOUCHED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """The latest decision about a version."""

    by: str = ""
    """An ARN; `automatic` when the version was registered like that; empty while nobody decided."""
    at: datetime | None = None
    why: str = ""


def decide(context: Context, version: Version, status: str, note: str, now: datetime) -> Version:
    """Approve or reject a version, and keep who did it, when and why, in one call; give it as it is now."""
    context.client("sagemaker").update_model_package(
        ModelPackageArn=version.arn,
        ModelApprovalStatus=status,
        # Always: else an earlier decision's reason would stand beside this one.
        ApprovalDescription=texts.description(note) or NO_REASON,
        CustomerMetadataProperties={
            f"{status}By": texts.metadata(identity.caller(context)),
            f"{status}At": now.isoformat(),
        },
    )
    return replace(version, approval=status)


def decision_of(package: Mapping[str, Any]) -> Decision:
    """Read the decision about a described version, made here, by its registration, or by other means."""
    status = package["ModelApprovalStatus"]
    metadata = package.get("CustomerMetadataProperties") or {}
    why = package.get("ApprovalDescription") or ""
    if _last_decided(metadata) == status:
        return Decision(metadata.get(f"{status}By", ""), datetime.fromisoformat(metadata[f"{status}At"]), why)
    if _is_as_registered(package, metadata):
        reason = metadata.get(APPROVAL_REASON, why)
        if status not in {APPROVED, REJECTED}:
            return Decision(why=reason)
        return Decision(AUTOMATIC, package["CreationTime"], reason)
    return Decision(_changed_by(package), package.get("LastModifiedTime"), why)


def _last_decided(metadata: Mapping[str, str]) -> str | None:
    """The status of the latest decision that was made with these commands."""
    made = {status: metadata[f"{status}At"] for status in (APPROVED, REJECTED) if f"{status}At" in metadata}
    return max(made, key=lambda status: datetime.fromisoformat(made[status]), default=None)


def _is_as_registered(package: Mapping[str, Any], metadata: Mapping[str, str]) -> bool:
    if _last_decided(metadata) is not None:
        return False
    if REGISTERED_AS in metadata:
        return bool(metadata[REGISTERED_AS] == package["ModelApprovalStatus"])
    changed = package.get("LastModifiedTime") or package["CreationTime"]
    return bool(changed - package["CreationTime"] < _UNTOUCHED)


def _changed_by(package: Mapping[str, Any]) -> str:
    """Who changed the version last, by other means than these commands."""
    user = package.get("LastModifiedBy") or {}
    return str(user.get("UserProfileName") or user.get("IamIdentity", {}).get("Arn") or "unknown")
