from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli import main
from cli.commands import evaluate
from cli.errors import CommandError
from tests.fakes.glue import FakeGlue
from tests.unit.cli.evaluated import DOCUMENT, PAGE, evaluating_step, terminal
from tests.unit.cli.fakes import ARN

STEP = evaluating_step("EvaluatePublished")
REPORT = "s3://bucket/evaluation/batch/e1/report.html"


class Desk:
    """A terminal of a project whose pipeline does what it should."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *steps: dict[str, Any], state: str = "Succeeded") -> None:
        self.glue = FakeGlue()
        self.context, self.printed, self.s3 = terminal(DOCUMENT, *steps, state=state, glue=self.glue)
        self.context.__dict__["config"] = SimpleNamespace(
            root_uri="s3://bucket/mlops", athena_database="scores", athena_output_table="daily"
        )
        self.done: list[tuple[str, ...]] = []
        self.started: dict[str, str] = {}
        monkeypatch.setattr("cli.executions.follow.time.sleep", lambda _: None)
        monkeypatch.setattr("cli.commands.definitions.deploy", lambda _, name: self.done.append(("deploy", name)))
        monkeypatch.setattr(evaluate, "start_execution", self._start)
        self.publish("2026-01-31")

    def publish(self, *days: str) -> None:
        self.glue.tables["scores", "daily"] = {"Name": "daily", "PartitionKeys": [{"Name": "dt"}]}
        for day in days:
            storage = {"Location": f"s3://bucket/out/dt={day}/run=e/1/"}
            self.glue.partitions["scores", "daily", day] = {"Values": [day], "StorageDescriptor": storage}

    def run(self, *words: str) -> int | None:
        options = main.build_parser().parse_args(["evaluate", *words])
        code: int | None = options.run(self.context, options)
        return code

    def _start(self, _: Any, pipeline: str, parameters: dict[str, str]) -> str:
        self.done.append(("start", pipeline))
        self.started = parameters
        return ARN


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(monkeypatch, STEP)
    found.s3.put_object(Bucket="bucket", Key="in/labels.csv", Body=io.BytesIO(b"A,1\n"))
    return found


def test_evaluating_runs_the_pipeline_for_the_day_and_shows_what_it_found(desk: Desk) -> None:
    assert desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv") == 0

    assert desk.done == [("deploy", "evaluation"), ("start", "evaluation")]
    assert desk.started == {"InferenceDate": "2026-01-31", "LabelsUri": "s3://bucket/in/labels.csv"}
    text = desk.printed.getvalue()
    assert "EvaluatePublished        Succeeded" in text
    assert "Evaluation of 2026-01-31" in text
    assert "0.8422" in text
    assert text.splitlines()[-1] == f"The page with the plots: {REPORT}"


def test_labels_on_this_machine_are_uploaded_first(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("A,1\n")

    desk.run("2026-01-31", "--labels", str(path))

    assert desk.started["LabelsUri"].startswith("s3://bucket/mlops/data/labels-late/")
    assert [key.rpartition("/")[2] for key in desk.s3.uploads] == ["labels.csv"]


def test_page_is_saved_where_it_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv", "--output", str(tmp_path / "page.html"))

    assert (tmp_path / "page.html").read_bytes() == PAGE
    assert desk.printed.getvalue().splitlines()[-1] == f"Saved as {tmp_path / 'page.html'}"


def test_evaluation_that_fails_has_the_exit_code_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, evaluating_step("EvaluatePublished", "Stopped"), state="Stopped")
    desk.s3.put_object(Bucket="bucket", Key="in/labels.csv", Body=io.BytesIO(b"A,1\n"))

    assert desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv") == 1

    assert "Evaluation of" not in desk.printed.getvalue()


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("31.01.2026", r"day '31\.01\.2026' is refused: write a day as YYYY-MM-DD"),
        ("2026-02-10", "daily has no day 2026-02-10; the nearest days that it has are 2026-01-28, .*31, 2026-02-20.$"),
    ],
)
def test_day_that_is_not_published_is_refused_before_a_job_is_paid_for(desk: Desk, day: str, message: str) -> None:
    desk.publish("2026-01-01", "2026-01-28", "2026-01-29", "2026-01-30", "2026-02-20", "__HIVE_DEFAULT_PARTITION__")

    with pytest.raises(CommandError, match=message):
        desk.run(day, "--labels", "s3://bucket/in/labels.csv")

    assert desk.done == []


@pytest.mark.parametrize("has_table", [True, False])
def test_day_of_a_project_that_published_nothing_is_refused(desk: Desk, has_table: bool) -> None:
    desk.glue.partitions.clear()
    if not has_table:
        desk.glue.tables.clear()

    with pytest.raises(CommandError, match=r"scores\.daily has no day 2026-01-31; no day is published yet"):
        desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv")


def test_labels_that_are_nowhere_are_refused_before_a_job_is_paid_for(desk: Desk) -> None:
    with pytest.raises(CommandError, match="there is no such object"):
        desk.run("2026-01-31", "--labels", "s3://bucket/in/others.csv")

    assert desk.done == []


@pytest.mark.parametrize("output", [".", "missing/page.html"])
def test_page_that_cannot_be_saved_is_refused_before_a_job_is_paid_for(desk: Desk, output: str) -> None:
    with pytest.raises(CommandError, match=r"--output .* is refused: name a file in a folder that exists"):
        desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv", "--output", output)

    assert desk.done == []


def test_pipeline_without_its_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, evaluating_step("Another"))
    desk.s3.put_object(Bucket="bucket", Key="in/labels.csv", Body=io.BytesIO(b"A,1\n"))

    with pytest.raises(CommandError, match="has no step EvaluatePublished that succeeded"):
        desk.run("2026-01-31", "--labels", "s3://bucket/in/labels.csv")
