"""Gate, approval and days that are published twice: what is told, what still happens, and how one goes on."""

from __future__ import annotations

import re

from tests.acceptance.conftest import Endpoint, deploy
from tests.acceptance.execution import GROUP, SCORED, SCORED_IDS, published, small_options, start, versions


def test_no_approved_model_is_said_with_the_command_that_approves_one(own_endpoint: Endpoint) -> None:
    deploy(own_endpoint)

    failed = own_endpoint.door(
        *("pipeline.py", "start", "end-to-end", "--local", "--wait"),
        *small_options(ModelApprovalStatus="PendingManualApproval"),
    )

    assert failed.returncode == 1
    assert f"'{GROUP}' has no version whose status is Approved" in failed.stdout
    assert "python pipeline.py approve VERSION" in failed.stdout
    resume = re.search(r"resume it: python (pipeline\.py retry \w+ --wait --local)", failed.stdout)
    assert resume is not None, failed.stdout

    approved = own_endpoint.door("pipeline.py", "approve", "1", "--local")
    assert approved.returncode == 0, approved.stderr
    resumed = own_endpoint.door(*resume[1].split())

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert [version["ModelPackageVersion"] for version in versions(own_endpoint)] == [1]
    assert len(published(own_endpoint)) == SCORED


def test_two_executions_at_once_run_apart_and_their_day_is_one_run_whole(deployed: Endpoint) -> None:
    both = [start(deployed, InferenceDate="2026-02-03", NumRound=rounds) for rounds in ("3", "4")]

    ended = {execution.id: execution.wait() for execution in both}
    # When both publish at the same moment, the first to switch wins and the other says so.
    assert "Succeeded" in ended.values()
    for execution in both:
        failed = [name for name, step in execution.steps().items() if step["StepStatus"] == "Failed"]
        assert failed == ([] if ended[execution.id] == "Succeeded" else ["PublishToAthena"])
    registered = {execution.steps()["Register"]["Metadata"]["RegisterModel"]["Arn"] for execution in both}
    assert len(registered) == 2
    rows = published(deployed, "2026-02-03")
    assert sorted(row["customer_id"] for row in rows) == SCORED_IDS
    assert {row["execution_id"] for row in rows} in [{execution.id} for execution in both]


def test_a_second_run_on_the_same_day_replaces_the_days_predictions(deployed: Endpoint) -> None:
    seen = []
    for rounds in ("3", "4"):
        execution = start(deployed, InferenceDate="2026-02-04", NumRound=rounds)
        assert execution.wait() == "Succeeded"
        rows = published(deployed, "2026-02-04")
        seen.append((len(rows), {row["execution_id"] for row in rows} == {execution.id}))

    assert seen == [(SCORED, True), (SCORED, True)]


def test_a_gate_that_says_no_registers_nothing_and_scores_with_the_last_approved(deployed: Endpoint) -> None:
    if not versions(deployed):
        assert start(deployed, InferenceDate="2026-02-01").wait() == "Succeeded"
    before = versions(deployed)

    execution = start(deployed, MetricThreshold="0.9999", InferenceDate="2026-02-02")

    assert execution.wait() == "Succeeded"
    steps = execution.steps()
    assert steps["Gate"]["Metadata"]["Condition"]["Outcome"] == "False"
    assert "Register" not in steps
    assert versions(deployed) == before
    approved = [version for version in before if version["ModelApprovalStatus"] == "Approved"]
    rows = published(deployed, "2026-02-02")
    assert len(rows) == SCORED
    assert {row["model_package_arn"] for row in rows} == {approved[-1]["ModelPackageArn"]}
