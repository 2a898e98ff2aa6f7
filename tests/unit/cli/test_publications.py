"""Days and runs as the publish script leaves them in the catalog, listed and pointed back."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from publish import publish
from publish_history import History
from publish_plan import Mode

from cli.commands import publications
from cli.context import Context
from cli.errors import CommandError
from cli.published_runs import runs_of
from tests.fakes.glue import FakeGlue
from tests.fakes.publishing import DAY, NOW, plan_of, scored
from tests.fakes.s3 import FakeS3
from tests.unit.cli.fakes import context_with


def clock_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


class Lake:
    """A table that was published to, and a terminal."""

    def __init__(self, folder: Path) -> None:
        scored(folder)
        self.folder = folder
        self.s3, self.glue = FakeS3(), FakeGlue()
        self.context: Context
        self.printed: io.StringIO
        self.context, self.printed = context_with(s3=self.s3, glue=self.glue)
        self.context.__dict__["config"] = SimpleNamespace(athena_database="scores", athena_output_table="daily")

    def publish(self, *executions: str, hour: float = 0, **options: Any) -> None:
        for number, execution in enumerate(executions):
            plan = plan_of(self.folder, execution=execution, **options)
            publish(plan, self.s3, self.glue, clock_at(NOW + timedelta(hours=hour + number)))

    def list(self, days: int = 30) -> list[str]:
        publications.list_publications(self.context, argparse.Namespace(days=days))
        return self.printed.getvalue().splitlines()

    def restore(self, run: str, day: str = DAY) -> str:
        publications.restore(self.context, argparse.Namespace(day=day, to=run))
        return self.printed.getvalue()

    @property
    def location(self) -> str:
        return self.glue.location("scores", "daily", DAY)

    @property
    def history(self) -> History:
        return History.of(self.glue.partitions["scores", "daily", DAY])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_runs_of_a_day_are_listed_with_version_and_rows(lake: Lake) -> None:
    lake.publish("run-1", "run-2")

    lines = [line for line in lake.list() if DAY in line]

    assert all(text in lines[0] for text in ("run-2", "readers see it", " 1 ", " 40 ", "2026-01-31 13:30:00"))
    assert all(text in lines[1] for text in ("run-1", "kept", " 40 ", "2026-01-31 12:30:00"))


def test_newest_days_come_first_and_the_rest_is_counted(lake: Lake) -> None:
    for day in (1, 2, 3):
        lake.publish("run-1", day=date(2026, 1, day))

    text = "\n".join(lake.list(days=2))

    assert text.index("2026-01-03") < text.index("2026-01-02")
    assert "2026-01-01" not in text
    assert "1 earlier days not shown" in text


def test_attempts_of_one_execution_are_told_apart(lake: Lake) -> None:
    lake.publish("run-1", "run-1")

    lines = [line for line in lake.list() if DAY in line]

    assert all("run-1/" in line for line in lines)
    with pytest.raises(CommandError, match=r"has 2 runs of execution 'run-1': name one of them\. It has: run-1/"):
        lake.restore("run-1")


def test_table_that_does_not_exist_is_named(lake: Lake) -> None:
    with pytest.raises(CommandError, match=r"scores.daily does not exist: the first publish makes it"):
        lake.list()


def test_restore_points_a_day_back_in_one_call_and_keeps_the_other_run(lake: Lake) -> None:
    lake.publish("run-1", "run-2")
    lake.glue.changes.clear()

    said = lake.restore("run-1")

    assert lake.glue.changes == ["UpdatePartition"]
    assert "/run=run-1/" in lake.location
    assert lake.s3.read_table(lake.location).num_rows == 40
    assert (lake.history.current.replaced, [run.execution_id for run in lake.history.older]) == (None, ["run-2"])
    assert "is at run run-1/" in said


def test_day_that_was_restored_is_published_as_any_other(lake: Lake) -> None:
    lake.publish("run-1", "run-2")
    lake.restore("run-1")

    lake.publish("run-3", hour=3)

    assert [run.execution_id for run in lake.history.older] == ["run-1", "run-2"]


def test_restore_to_the_current_run_changes_nothing(lake: Lake) -> None:
    lake.publish("run-1")
    lake.glue.changes.clear()

    assert "is at run run-1/" in lake.restore("run-1")
    assert lake.glue.changes == []


def test_run_that_is_not_there_is_refused_with_those_that_are(lake: Lake) -> None:
    lake.publish("run-1", "run-2")

    with pytest.raises(CommandError, match=r"2026-01-31 has no run 'run-9'; it has: run-2, run-1\."):
        lake.restore("run-9")


def test_day_that_is_not_there_is_refused_with_those_that_are(lake: Lake) -> None:
    lake.publish("run-1")

    with pytest.raises(CommandError, match=r"scores.daily has no day 2026-02-01; it has: 2026-01-31\."):
        lake.restore("run-1", day="2026-02-01")


def test_day_that_is_none_is_refused(lake: Lake) -> None:
    with pytest.raises(CommandError, match="day 'today' is refused: write a day as YYYY-MM-DD"):
        lake.restore("run-1", day="today")


def test_run_whose_files_are_gone_is_refused(lake: Lake) -> None:
    lake.publish("run-1", "run-2")
    for place in [place for place in lake.s3.objects if "run-1" in place[1]]:
        del lake.s3.objects[place]
    before = lake.location

    with pytest.raises(CommandError, match=r"stays where it is: run run-1/\w+ is not whole .* has 0 files of 0 bytes"):
        lake.restore("run-1")

    assert lake.location == before


def test_publish_while_a_day_is_restored_is_not_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.publish("run-1", "run-2")
    monkeypatch.setattr(publications, "_check_files", lambda *_: lake.publish("run-3", hour=4))

    with pytest.raises(CommandError, match="was published meanwhile; look at `publications`"):
        lake.restore("run-1")

    assert "/run=run-3/" in lake.location


def test_table_with_every_run_readable_has_nothing_to_restore(lake: Lake) -> None:
    lake.publish("run-1", "run-2", mode=Mode.APPEND)

    with pytest.raises(CommandError, match=r"partition keys dt, run: .* there is nothing to point back"):
        lake.restore("run-1")

    lines = [line for line in lake.list() if DAY in line]
    assert [("readers see it" in line) for line in lines] == [True, True]


@pytest.mark.parametrize("text", ["{", "[]", '{"current": 1, "older": ["a"]}'])
def test_list_that_cannot_be_read_leaves_the_current_run(lake: Lake, text: str) -> None:
    lake.publish("run-1")
    lake.glue.partitions["scores", "daily", DAY]["Parameters"]["publications"] = text

    (run,) = runs_of(lake.glue.partitions["scores", "daily", DAY])

    assert (run.execution, run.is_current) == ("run-1", True)
