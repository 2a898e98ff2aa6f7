"""A month: train now and then, score every day, approve in between; each row says which version it is from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv
import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.execution import GROUP, published, versions
from tests.acceptance.lifecycle import LEARNERS, SCORED_IDS, WHOM, Lifecycle, everybody

WORSE, BETTER = {"NumRound": "1", "MaxDepth": "1"}, {"NumRound": "80", "MaxDepth": "3"}
BOUNDS = tuple(f"--param={name}={value}" for name, value in WHOM.items())


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    """Both lifecycles are deployed, and nothing has run yet."""
    started = start(tmp_path_factory.mktemp("month"))
    try:
        yield Lifecycle.deploy(started, "training", "batch-inference")
    finally:
        stop(started)


def version_of(month: Lifecycle, day: str) -> int:
    """The one version of every row of a day; every customer must be there once."""
    rows = published(month.endpoint, day)
    assert sorted(row["customer_id"] for row in rows) == SCORED_IDS
    assert len({row["execution_id"] for row in rows}) == 1
    (arn,) = {row["model_package_arn"] for row in rows}
    return int(arn.rpartition("/")[2])


def test_the_month(month: Lifecycle, tmp_path: Path) -> None:
    first_version_waits_for_a_person_and_scores_two_days(month)
    worse_version_is_refused_and_the_scoring_goes_on(month)
    better_version_scores_once_it_is_approved(month)
    rollback_brings_the_first_one_back(month)
    missing_days_are_filled_and_one_is_scored_anew(month)
    everything_can_be_told_afterwards(month)
    labels_that_come_later_measure_a_published_day(month, tmp_path)


def first_version_waits_for_a_person_and_scores_two_days(month: Lifecycle) -> None:
    month.train({})
    assert [version["ModelApprovalStatus"] for version in versions(month.endpoint)] == ["PendingManualApproval"]
    assert f"'{GROUP}' has no version whose status is Approved" in month.score("2026-03-01", code=1)

    month.command("approve", "1", "--note", "the first one")

    for day in ("2026-03-01", "2026-03-02"):
        text = month.score(day)
        assert version_of(month, day) == 1
        assert re.search(r"roc_auc 0\.\d+", text), text


def worse_version_is_refused_and_the_scoring_goes_on(month: Lifecycle) -> None:
    text = month.train(WORSE)

    assert "outcome False" in text
    assert "champion" in text
    assert len(versions(month.endpoint)) == 1
    month.score("2026-03-03")
    assert version_of(month, "2026-03-03") == 1


def better_version_scores_once_it_is_approved(month: Lifecycle) -> None:
    month.train(BETTER)

    month.score("2026-03-04")
    assert version_of(month, "2026-03-04") == 1
    month.command("approve", "2")
    month.score("2026-03-05")
    assert version_of(month, "2026-03-05") == 2


def rollback_brings_the_first_one_back(month: Lifecycle) -> None:
    month.command("rollback", "--note", "complaints")

    month.score("2026-03-06")

    assert version_of(month, "2026-03-06") == 1


def missing_days_are_filled_and_one_is_scored_anew(month: Lifecycle) -> None:
    text = month.command("backfill", "batch-inference", "--from", "2026-03-06", "--to", "2026-03-08", *BOUNDS)

    assert re.search(r"2026-03-06 │ published before", text), text
    assert version_of(month, "2026-03-07") == version_of(month, "2026-03-08") == 1

    month.command("approve", "2", "--note", "it was the data")
    days = ("--from", "2026-03-02", "--to", "2026-03-02")
    month.command("backfill", "batch-inference", *days, "--model", "2", "--force", *BOUNDS)

    assert (version_of(month, "2026-03-01"), version_of(month, "2026-03-02")) == (1, 2)


def everything_can_be_told_afterwards(month: Lifecycle) -> None:
    done = month.endpoint.door("pipeline.py", "explain", SCORED_IDS[0], "--day", "2026-03-05", "--json", "--local")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["model_package_arn"].endswith("/2")

    shown = month.command("models")
    assert "2026-03-05" in shown
    assert "it was the data" in shown


def labels_that_come_later_measure_a_published_day(month: Lifecycle, tmp_path: Path) -> None:
    labels, page = tmp_path / "labels.csv", tmp_path / "page.html"
    known = everybody().slice(LEARNERS, 150).select(["customer_id", "churned"])
    pyarrow.csv.write_csv(known, labels)

    text = month.command("evaluate", "2026-03-05", "--labels", str(labels), "--output", str(page))

    assert re.search(r"roc_auc.* 0\.\d+", text), text
    evaluation = json.loads(month.objects(f"evaluation/batch/{month.latest('evaluation').id}/")["evaluation.json"])
    assert (evaluation["labelled_rows"], evaluation["unlabelled_rows"]) == (150, 50)
    assert evaluation["model_package_arn"].endswith("/2")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
