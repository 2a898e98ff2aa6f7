"""The registry's commands on a real registry: what they change, what they refuse, and what they say."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError
from cli.registry import scoring
from cli.registry.model_packages import versions
from tests.fakes.model_registry import CALLER, GROUP, ModelRegistry, found_by_the_function, say

LATEST = "it is the latest approved one."


def publish(registry: ModelRegistry, day: str, *numbers: int) -> None:
    """Publish a day with one version after another; readers see the last one."""
    runs = [{"location": f"s3://lake/dt={day}/run=e{n}/1/", "model_package_arn": registry.arn(n)} for n in numbers]
    history = {"current": runs[-1], "older": runs[:-1], "removing": []}
    registry.glue.tables["scores", "daily"] = {"PartitionKeys": [{"Name": "dt"}]}
    registry.glue.partitions["scores", "daily", day] = {
        "Values": [day],
        "StorageDescriptor": {"Location": runs[-1]["location"]},
        "Parameters": {"publications": json.dumps(history)},
    }


def test_approve_keeps_who_when_and_why_with_the_version(registry: ModelRegistry) -> None:
    registry.add("PendingManualApproval", {"GitCommit": "abc"})
    begin = datetime.now(UTC)

    text = say(registry, "approve 1", "better on every metric (see #12)")

    described = registry.describe(1)
    metadata = described["CustomerMetadataProperties"]
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "better on every metric (see #12)"
    assert metadata["ApprovedBy"] == CALLER
    assert begin <= datetime.fromisoformat(metadata["ApprovedAt"]) <= datetime.now(UTC)
    assert metadata["GitCommit"] == "abc"
    assert text == f"Version 1 of {GROUP}: Approved.\nVersion 1 scores from now on: {LATEST}\n"


def test_reason_of_an_earlier_decision_does_not_stay_beside_a_later_one(registry: ModelRegistry) -> None:
    registry.add("PendingManualApproval")
    say(registry, "reject 1", "recall fell")

    say(registry, "approve 1")

    assert registry.describe(1)["ApprovalDescription"] == "no reason given"


def test_approving_an_older_version_leaves_the_highest_one_scoring(registry: ModelRegistry) -> None:
    registry.add("PendingManualApproval")
    registry.add("Approved")

    assert f"Version 2 scores from now on: {LATEST}" in say(registry, "approve 1")


@pytest.mark.parametrize(("words", "number"), [("approve 3", 3), ("reject 2", 1), ("rollback", 1)])
def test_decision_counts_although_the_list_still_shows_what_was_before(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch, words: str, number: int
) -> None:
    for status in ("Approved", "Approved", "PendingManualApproval"):
        registry.add(status)
    before = versions(registry.context)
    monkeypatch.setattr("cli.registry.model_packages.versions", lambda _: before)

    assert f"Version {number} scores from now on: {LATEST}" in say(registry, words)


def test_reject_keeps_who_approved_before(registry: ModelRegistry) -> None:
    registry.add("PendingManualApproval")
    say(registry, "approve 1")

    text = say(registry, "reject 1", "wrong data")

    metadata = registry.describe(1)["CustomerMetadataProperties"]
    assert {"ApprovedBy", "ApprovedAt", "RejectedBy", "RejectedAt"} <= metadata.keys()
    assert "No version scores from now on: none is Approved; approve one with `python pipeline.py approve" in text


def test_version_that_is_not_there_is_refused_with_those_that_are(registry: ModelRegistry) -> None:
    registry.add()

    for words in ("approve 2", "reject 2", "pin 2"):
        with pytest.raises(CommandError, match=r"churn-models has no version 2; it has: 1\."):
            say(registry, words)


@pytest.mark.parametrize("words", ["approve 1", "reject 1", "pin 1"])
def test_group_that_was_never_registered_to_has_no_versions(registry: ModelRegistry, words: str) -> None:
    with pytest.raises(CommandError, match="has no version 1; it has: none yet"):
        say(registry, words)


@pytest.mark.parametrize(
    ("note", "message"), [("x" * 1025, "it has 1025 characters, 1024 are allowed"), ("a\nb", "has several lines")]
)
def test_note_that_the_registry_cannot_keep_is_refused_before_anything_changes(
    registry: ModelRegistry, note: str, message: str
) -> None:
    registry.add("PendingManualApproval")

    with pytest.raises(CommandError, match=message):
        say(registry, "approve 1", note)

    assert registry.describe(1)["ModelApprovalStatus"] == "PendingManualApproval"


def test_approving_a_version_without_its_artifact_says_that_nothing_scores(registry: ModelRegistry) -> None:
    registry.add("PendingManualApproval")
    registry.s3.objects.clear()

    text = say(registry, "approve 1")

    assert "No version scores from now on: version 1 is the latest approved one, but its artifact" in text
    assert "s3://models/1/model.tar.gz is not in S3: put it back, or" in text


def test_artifact_that_the_approver_may_not_look_at_is_no_obstacle(registry: ModelRegistry) -> None:
    """The function has a role of its own and looks again."""
    registry.add("PendingManualApproval")
    registry.s3.refused[registry.artifact(1)] = "403"

    assert "Version 1 scores from now on" in say(registry, "approve 1")


def test_rollback_rejects_the_newest_approved_version_with_a_note(registry: ModelRegistry) -> None:
    for status in ("Approved", "Rejected", "Approved", "PendingManualApproval"):
        registry.add(status)

    text = say(registry, "rollback")

    described = registry.describe(3)
    assert described["ModelApprovalStatus"] == "Rejected"
    assert described["ApprovalDescription"] == "rolled back to version 1"
    assert described["CustomerMetadataProperties"]["RejectedBy"] == CALLER
    assert f"Version 1 scores from now on: {LATEST}" in text
    assert found_by_the_function(registry) == "1"


def test_rollback_keeps_the_note_that_it_is_given(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()

    say(registry, "rollback", "scores drifted")

    assert registry.describe(2)["ApprovalDescription"] == "scores drifted"


@pytest.mark.parametrize(("count", "has"), [(0, "there is none"), (1, "version 1 is the only one")])
def test_rollback_without_a_version_to_go_back_to_is_refused(registry: ModelRegistry, count: int, has: str) -> None:
    for _ in range(count):
        registry.add()
    registry.add("Rejected")

    with pytest.raises(CommandError, match=rf"a rollback needs two versions .* are Approved, and {has}\. `python pip"):
        say(registry, "rollback")

    assert [package["ModelApprovalStatus"] for package in registry.packages()].count("Approved") == count


def test_rollback_while_a_version_is_pinned_is_refused_with_what_to_do(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()
    say(registry, "pin 2")

    with pytest.raises(CommandError, match=r"version 2 of churn-models is pinned .* `python pipeline\.py unpin` comes"):
        say(registry, "rollback")

    assert registry.describe(2)["ModelApprovalStatus"] == "Approved"


def test_rollback_to_a_version_without_its_artifact_is_refused(registry: ModelRegistry) -> None:
    registry.add()
    registry.add()
    del registry.s3.objects[registry.artifact(1)]

    with pytest.raises(CommandError, match=r"version 1 .* would score then, but its artifact .* `python .* reject 1`"):
        say(registry, "rollback")

    assert registry.describe(2)["ModelApprovalStatus"] == "Approved"


def test_commands_suggested_repeat_the_options(registry: ModelRegistry) -> None:
    registry.context.config_paths = (Path("mine.yaml"),)

    with pytest.raises(CommandError, match=r"`python pipeline\.py approve VERSION --config mine\.yaml`"):
        say(registry, "rollback")


def test_models_shows_metric_champion_decision_days_and_what_scores(registry: ModelRegistry) -> None:
    gate = {"champion": {"model_package_arn": registry.arn(1), "value": 0.8}, "reason": "auc is good enough."}
    registry.add(binary_classification_metrics={"auc": {"value": 0.8}})
    registry.add(
        metadata={"PipelineExecutionId": "e2"}, binary_classification_metrics={"auc": {"value": 0.9}}, gate=gate
    )
    say(registry, "approve 2", "why")
    publish(registry, "2026-01-30", 1)
    publish(registry, "2026-01-31", 1, 2)

    lines = say(registry, "models").splitlines()

    second, first = (line for line in lines if line.startswith("│"))
    for text in ("│ 2 ", "│ Approved ", " 0.9000 ", " 0.8000 ", " Approvers/anna@example.com ", "│ why ", "│ now "):
        assert text in second
    assert second.rstrip("│ ").endswith("│ 2026-01-31")
    for text in ("│ 1 ", "│ 0.8000 │          │", "│ automatic "):
        assert text in first
    assert first.endswith("│ 2026-01-31 (kept), 2026-01-30 │")
    assert "Version 2: registered by execution e2; auc 0.9000; the gate: auc is good enough." in lines
    assert lines[-1] == f"Version 2 scores now: {LATEST}"


def test_models_shows_the_pin_and_what_is_hidden(registry: ModelRegistry) -> None:
    for _ in range(3):
        registry.add()
    say(registry, "pin 1")

    lines = say(registry, "models --last 2").splitlines()

    assert "1 earlier versions not shown, raise --last" in lines
    assert lines[-1].startswith("Version 1 scores now: it is pinned")
    assert "│ now, pinned │" in say(registry, "models")


def test_models_without_versions_says_so(registry: ModelRegistry) -> None:
    assert say(registry, "models") == f"The model package group {GROUP} has no versions yet.\n"


def test_models_for_machines_has_everything(registry: ModelRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    registry.add(metadata={"PipelineExecutionId": "e1"}, binary_classification_metrics={"auc": {"value": 0.8}})
    registry.add("PendingManualApproval")
    say(registry, "pin 1", "incident/7")
    publish(registry, "2026-01-31", 1)

    say(registry, "models --json")

    document = json.loads(capsys.readouterr().out)
    assert (document["scores"], document["pin"]["version"], document["pin"]["note"]) == (1, "1", "incident/7")
    second, first = document["versions"]
    assert (second["version"], second["approval"], second["scores_now"]) == (2, "PendingManualApproval", False)
    assert (first["execution"], first["value"], first["is_pinned"]) == ("e1", 0.8, True)
    assert (first["metrics"], second["metrics"]) == ({"auc": 0.8}, {})
    assert first["artifact"] == "s3://models/1/model.tar.gz"
    assert first["days"] == [{"day": "2026-01-31", "run": "e1/1", "is_current": True}]
    assert (first["decided"]["by"], second["decided"]["at"]) == ("automatic", None)


def test_note_with_brackets_is_shown_as_it_was_written(registry: ModelRegistry) -> None:
    registry.add()
    say(registry, "approve 1", "[red]not markup[/red]")

    assert "[red]not markup[/red]" in say(registry, "models")


@pytest.mark.parametrize("words", ["models --last 0", "models --last some", "approve one", "approve", "unpin 1"])
def test_words_that_make_no_sense_are_refused_by_the_parser(
    registry: ModelRegistry, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        say(registry, words)

    assert "usage: pipeline.py" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(12))
def test_command_line_and_function_agree_on_what_scores(registry: ModelRegistry, seed: int) -> None:
    """The rule is written twice, because the function imports nothing: whatever happens, both give one answer."""
    chance = random.Random(seed)  # noqa: S311  # a walk that can be repeated
    for _ in range(14):
        _do_something(registry, chance)

        told = scoring.now(registry.context)

        found = found_by_the_function(registry)
        assert found == str(told.version.number) if told.version else not found.isdecimal(), (found, told)


def _do_something(registry: ModelRegistry, chance: random.Random) -> None:
    known = len(registry.packages()) if registry.s3.objects else 0
    number = chance.randint(1, max(known, 1))
    deeds: list[Any] = [
        lambda: registry.add(chance.choice(["Approved", "Rejected", "PendingManualApproval"])),
        lambda: say(registry, f"approve {number}"),
        lambda: say(registry, f"reject {number}"),
        lambda: say(registry, "rollback"),
        lambda: say(registry, f"pin {number}"),
        lambda: say(registry, "unpin"),
        # By other means than the commands:
        lambda: registry.pin(chance.choice(["1", str(number), "99", "two", ""])),
        lambda: registry.sagemaker.update_model_package(
            ModelPackageArn=registry.arn(number), ModelApprovalStatus=chance.choice(["Approved", "Rejected"])
        ),
        lambda: registry.s3.objects.pop(registry.artifact(number), None),
    ]
    deed = chance.choice(deeds) if known else deeds[0]
    try:
        deed()
    except CommandError:
        registry.printed()  # Refused: nothing has changed, which the comparison holds, too.
