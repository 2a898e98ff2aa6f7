"""`pin` and `unpin` on a real registry: what they keep, what they refuse, and which version scores."""

from __future__ import annotations

from datetime import datetime

import pytest

from cli.errors import CommandError
from tests.fakes.model_registry import CALLER, GROUP, ModelRegistry, found_by_the_function, say

LATEST = "it is the latest approved one."


def test_pin_is_kept_on_the_group_with_who_and_when(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()

    text = say(registry, "pin 1", "incident/7")

    tags = registry.tags()
    assert (tags["PinnedModelPackageVersion"], tags["PinnedBy"], tags["PinnedNote"]) == ("1", CALLER, "incident/7")
    assert datetime.fromisoformat(tags["PinnedAt"]).tzinfo is not None
    assert "Version 1 scores from now on: it is pinned by Approvers/anna@example.com (incident/7); " in text
    assert "unpin` lets version 2 score, the latest approved one." in text
    assert found_by_the_function(registry) == "1"


def test_pin_takes_the_place_of_another_one_and_of_its_note(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()
    say(registry, "pin 1", "incident/7")

    text = say(registry, "pin 2")

    assert registry.tags()["PinnedModelPackageVersion"] == "2"
    assert registry.tags()["PinnedNote"] == ""
    assert "it is pinned by Approvers/anna@example.com, and the latest approved one." in text


def test_unpin_leaves_other_tags_and_the_latest_approved_scores(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()
    arn = registry.sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupArn"]
    registry.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "churn"}])
    say(registry, "pin 1")

    text = say(registry, "unpin")

    assert registry.tags() == {"team": "churn"}
    assert f"Version 2 scores from now on: {LATEST}" in text
    assert "is pinned; nothing was changed" in say(registry, "unpin")


def test_pin_on_a_version_that_cannot_score_is_refused(registry: ModelRegistry) -> None:
    registry.add("Rejected")
    registry.add()
    registry.s3.objects.clear()

    with pytest.raises(
        CommandError, match=r"version 1 was not pinned: it is Rejected, not Approved\. Pin one that can"
    ):
        say(registry, "pin 1")
    with pytest.raises(CommandError, match=r"version 2 was not pinned: its artifact s3://models/2/.* is not in S3"):
        say(registry, "pin 2")

    assert registry.tags() == {}


def test_note_that_a_tag_cannot_hold_is_refused_with_what_is_allowed(registry: ModelRegistry) -> None:
    registry.add()

    with pytest.raises(CommandError, match=r"'!' ',' is in it\. .* letters, digits, spaces and _\.:/=\+-@ are allowed"):
        say(registry, "pin 1", "worse, again!")

    assert registry.tags() == {}


def test_pinned_version_is_not_rejected(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()
    say(registry, "pin 1")

    with pytest.raises(
        CommandError, match=r"version 1 is pinned, and nothing could score .* `python pipeline\.py unpi"
    ):
        say(registry, "reject 1")

    assert registry.describe(1)["ModelApprovalStatus"] == "Approved"
    say(registry, "reject 2")
    assert registry.describe(2)["ModelApprovalStatus"] == "Rejected"
