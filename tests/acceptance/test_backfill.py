"""Days that have passed, run by the door on a started endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import FROM_S3, Endpoint, deploy, start, stop
from tests.acceptance.execution import SCORED, SCORED_IDS, published, small_options

DAYS = ("2026-01-03", "2026-01-04", "2026-01-05")
_ROW = re.compile(r"│ (\d{4}-\d\d-\d\d) │ ([a-z, ]+?) +│ (\w*) +│ (\d*) +│ (\d*) +│ ([\d.]*) +│ (.*?) *│")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint with customers, on which the second day is published already."""
    started = start(tmp_path_factory.mktemp("backfill"))
    try:
        deploy(started)
        assert run(started, DAYS[1], DAYS[1])[0] == 0
        yield started
    finally:
        stop(started)


def run(endpoint: Endpoint, first: str, last: str, *options: str, **parameters: str) -> tuple[int, str]:
    """Exit code and output of a backfill of the small customers."""
    given = [option for option in small_options(**parameters) if "InferenceDate" not in option]
    words = ["pipeline.py", "backfill", "end-to-end", "--local", *FROM_S3, "--from", first, "--to", last]
    done = endpoint.door(*words, *given, *options)
    return done.returncode, done.stdout + done.stderr


def table(text: str) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in _ROW.findall(text)}


def test_days_that_are_missing_are_published_and_the_others_stay(scored: Endpoint) -> None:
    before = {row["execution_id"] for row in published(scored, DAYS[1])}

    code, text = run(scored, DAYS[0], DAYS[2])

    assert code == 0, text
    rows = table(text)
    assert tuple(rows) == DAYS
    assert [rows[day][0] for day in DAYS] == ["published", "published before", "published"]
    for day in DAYS:
        found = published(scored, day)
        assert sorted(row["customer_id"] for row in found) == SCORED_IDS
        assert {row["execution_id"] for row in found} == {rows[day][1]}
        assert {row["model_package_arn"].rpartition("/")[2] for row in found} == {rows[day][2]}
        assert rows[day][3] == str(SCORED)
    assert {rows[DAYS[1]][1]} == before
    names = {
        summary["PipelineExecutionDisplayName"]
        for summary in scored.client("sagemaker").list_pipeline_executions(PipelineName="churn-end-to-end")[
            "PipelineExecutionSummaries"
        ]
    }
    assert names == {f"backfill-{day}" for day in DAYS}


def test_day_that_fails_is_in_the_table_with_its_reason(scored: Endpoint) -> None:
    code, text = run(scored, "2026-01-10", "2026-01-10", BatchIdStart="9000", BatchIdEnd="9001")

    assert code == 1
    assert table(text)["2026-01-10"][0] == "failed"
    assert re.search(r"2026-01-10  failed, [\d.]+ s \(\w+\): Preprocess: ", text)
    assert "0 of 1 days are published." in text


def test_model_is_refused_for_a_pipeline_that_trains_its_own(scored: Endpoint) -> None:
    code, text = run(scored, *DAYS[:2], "--model", "1")

    assert code == 1
    assert "--model 1 is refused: end-to-end has no parameter ModelVersion" in text
