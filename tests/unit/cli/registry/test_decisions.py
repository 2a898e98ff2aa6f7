from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.registry.decisions import Decision, decision_of

REGISTERED = datetime(2026, 1, 31, 2, 0, tzinfo=UTC)
LATER = REGISTERED + timedelta(hours=1)
ANNA = "arn:aws:iam::123456789012:user/anna"


def package(status: str = "Approved", *, changed: datetime | None = REGISTERED, **members: Any) -> dict[str, Any]:
    """A version as DescribeModelPackage gives it; without `changed` it has no LastModifiedTime."""
    times = {"CreationTime": REGISTERED} | ({"LastModifiedTime": changed} if changed else {})
    return {"ModelApprovalStatus": status, **times, **members}


def kept(**at: datetime) -> dict[str, str]:
    return {f"{status}At": moment.isoformat() for status, moment in at.items()} | {f"{status}By": ANNA for status in at}


def test_decision_that_was_kept_is_read_whatever_changed_the_version_later() -> None:
    metadata = kept(Approved=LATER) | {"LastChallengerValue": "0.7"}
    described = package(
        changed=LATER + timedelta(days=9), ApprovalDescription="good", CustomerMetadataProperties=metadata
    )

    assert decision_of(described) == Decision(ANNA, LATER, "good")


@pytest.mark.parametrize(("status", "at"), [("Approved", LATER), ("Rejected", LATER + timedelta(minutes=1))])
def test_of_two_decisions_the_later_one_counts(status: str, at: datetime) -> None:
    other = {"Approved": "Rejected", "Rejected": "Approved"}[status]
    metadata = kept(**{status: at, other: at - timedelta(seconds=1)})

    assert decision_of(package(status, changed=at, CustomerMetadataProperties=metadata)).at == at


def test_decision_made_elsewhere_after_ours_is_not_told_as_ours() -> None:
    user = {"UserProfileName": "studio-anna"}
    described = package(
        "Approved", changed=LATER, CustomerMetadataProperties=kept(Rejected=REGISTERED), LastModifiedBy=user
    )

    assert decision_of(described) == Decision("studio-anna", LATER, "")


@pytest.mark.parametrize("changed", [REGISTERED, None])
def test_version_that_was_registered_as_approved_was_approved_automatically(changed: datetime | None) -> None:
    assert decision_of(package(changed=changed)) == Decision("automatic", REGISTERED, "")


def test_reason_that_the_pipeline_registered_is_why() -> None:
    metadata = {"ApprovalReason": "all 2 rules hold", "RegisteredAs": "Approved"}
    described = package(changed=LATER, CustomerMetadataProperties=metadata)

    assert decision_of(described) == Decision("automatic", REGISTERED, "all 2 rules hold")


def test_reason_alone_does_not_make_an_approval_automatic_that_was_changed_since() -> None:
    """Every version is registered with a reason, also one that waits; what changed it may have been a person."""
    described = package(changed=LATER, CustomerMetadataProperties={"ApprovalReason": "waits for somebody"})

    assert decision_of(described).by == "unknown"


def test_version_that_waits_shows_why_and_nobody() -> None:
    metadata = {"ApprovalReason": "recall is below 0.6", "RegisteredAs": "PendingManualApproval"}

    found = decision_of(package("PendingManualApproval", CustomerMetadataProperties=metadata))

    assert found == Decision("", None, "recall is below 0.6")


@pytest.mark.parametrize(
    ("user", "by"),
    [
        ({"IamIdentity": {"Arn": ANNA}}, ANNA),
        ({"UserProfileName": "studio-anna", "IamIdentity": {"Arn": ANNA}}, "studio-anna"),
        ({}, "unknown"),
    ],
)
def test_version_approved_by_other_means_shows_who_changed_it_last(user: dict[str, Any], by: str) -> None:
    metadata = {"RegisteredAs": "PendingManualApproval", "ApprovalReason": "waits"}
    described = package(
        changed=LATER, CustomerMetadataProperties=metadata, ApprovalDescription="seen", LastModifiedBy=user
    )

    assert decision_of(described) == Decision(by, LATER, "seen")
