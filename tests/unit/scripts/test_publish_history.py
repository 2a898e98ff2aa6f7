"""Which runs of a day stay, which go, and that a publish killed anywhere leaves the table whole."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from publish import publish
from publish_history import PARAMETER, History
from publish_plan import Mode

from tests.fakes.glue import FakeGlue, error
from tests.fakes.publishing import DAY, NOW, plan_of, scored
from tests.fakes.s3 import FakeS3

DAILY = ("scores", "daily")


def at(hours: float) -> Callable[[], datetime]:
    """A clock that stands so many hours after NOW."""
    return lambda: NOW + timedelta(hours=hours)


def history(glue: FakeGlue) -> History:
    return History.of(glue.partitions[(*DAILY, DAY)])


def runs_in(s3: FakeS3) -> set[str]:
    return {key.split("/run=")[1].split("/")[0] for _, key in s3.objects}


def publish_runs(folder: Path, s3: Any, glue: Any, *hours: float, **options: Any) -> None:
    """Publish run-0, run-1, ... at these hours."""
    for number, hour in enumerate(hours):
        publish(plan_of(folder, execution=f"run-{number}", **options), s3, glue, at(hour))


def test_history_is_kept_with_the_partition(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish_runs(tmp_path, s3, glue, 0, 2)

    found = history(glue)
    assert (found.current.execution_id, found.current.rows, found.current.files) == ("run-1", 40, 1)
    assert found.current.bytes == sum(len(body) for (_, key), body in s3.objects.items() if "run-1" in key)
    assert (found.current.model_package_arn, found.current.published) == ("arn:model/1", "2026-01-31T14:30:00+00:00")
    assert [(run.execution_id, run.replaced) for run in found.older] == [("run-0", "2026-01-31T14:30:00+00:00")]


def test_older_runs_beyond_those_to_keep_are_removed_after_the_switch(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish_runs(tmp_path, s3, glue, 0, 2, 4, 6, 8, keep_runs=2)

    assert runs_in(s3) == {"run-2", "run-3", "run-4"}
    assert [run.execution_id for run in history(glue).older] == ["run-3", "run-2"]


def test_previous_run_is_never_removed(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish_runs(tmp_path, s3, glue, 0, 100, keep_runs=1)

    assert runs_in(s3) == {"run-0", "run-1"}


def test_runs_that_may_have_readers_stay_for_an_hour(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish_runs(tmp_path, s3, glue, 0, 0.1, 0.2, 0.3, keep_runs=1)
    assert runs_in(s3) == {"run-0", "run-1", "run-2", "run-3"}

    publish(plan_of(tmp_path, execution="run-4", keep_runs=1), s3, glue, at(1.25))
    assert runs_in(s3) == {"run-2", "run-3", "run-4"}


def test_partition_without_a_list_keeps_what_it_was_at(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish_runs(tmp_path, s3, glue, 0)
    before = glue.location(*DAILY, DAY)
    del glue.partitions[(*DAILY, DAY)]["Parameters"]

    publish(plan_of(tmp_path, execution="run-1"), s3, glue, at(2))

    assert [(run.location, run.rows) for run in history(glue).older] == [(before, None)]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"current": {}}', '{"current": {"location": 1, "more": 2}}'])
def test_list_that_cannot_be_read_counts_as_none(text: str) -> None:
    partition = {"StorageDescriptor": {"Location": "s3://lake/a/"}, "Parameters": {PARAMETER: text}}

    found = History.of(partition)

    assert (found.current.location, found.older, found.removing) == ("s3://lake/a/", (), ())


def test_partition_that_was_moved_by_hand_keeps_the_run_it_was_moved_to(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish_runs(tmp_path, s3, glue, 0, 2)
    first = history(glue).older[0].location
    glue.partitions[(*DAILY, DAY)]["StorageDescriptor"]["Location"] = first

    found = history(glue)

    assert (found.current.location, [run.execution_id for run in found.older]) == (first, ["run-1"])


def test_parameters_of_others_stay(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish_runs(tmp_path, s3, glue, 0)
    glue.partitions[(*DAILY, DAY)]["Parameters"]["owner"] = "analysts"

    publish(plan_of(tmp_path, execution="run-1"), s3, glue, at(2))

    assert glue.partitions[(*DAILY, DAY)]["Parameters"]["owner"] == "analysts"


def test_refused_clean_up_does_not_undo_a_publish_and_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    def refused(**_: Any) -> None:
        raise error("AccessDenied", "DeleteObject")

    with monkeypatch.context() as patched:
        patched.setattr(s3, "delete_object", refused)
        publish_runs(tmp_path, s3, glue, 0, 2, 4, keep_runs=1)
        publish(plan_of(tmp_path, execution="run-3", keep_runs=1), s3, glue, at(6))
    assert "run-0" in runs_in(s3)
    assert "is removed later" in capsys.readouterr().out

    publish(plan_of(tmp_path, execution="run-4", keep_runs=1), s3, glue, at(8))

    assert runs_in(s3) == {"run-3", "run-4"}


@pytest.mark.parametrize("place", ["s3://lake/", "s3://other/out/daily/dt=2026-01-31/run=a/", "s3://lake/out/daily/"])
def test_list_makes_nobody_remove_what_is_no_run_of_the_day(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish_runs(tmp_path, s3, glue, 0)
    found = history(glue)
    glue.partitions[(*DAILY, DAY)]["Parameters"] = History(found.current, removing=(place,)).as_parameters()

    publish(plan_of(tmp_path, execution="run-1"), s3, glue, at(2))

    assert runs_in(s3) == {"run-0", "run-1"}
    assert f"{place!r} is not removed" in capsys.readouterr().out


class Killed(BaseException):
    """The process is gone."""


class Doomed:
    """Hands calls on, until the one at which the process is killed."""

    def __init__(self, target: Any, calls: list[str], last: int, *, is_after: bool) -> None:
        self._target, self._calls, self._last, self._is_after = target, calls, last, is_after

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self._calls.append(name)
            if len(self._calls) == self._last and not self._is_after:
                raise Killed
            try:
                return getattr(self._target, name)(**request)
            finally:  # also in place of an error
                if len(self._calls) == self._last:
                    raise Killed

        if name == "get_paginator":
            return lambda _: self
        return call


def whole_run(s3: FakeS3, glue: FakeGlue, *values: str) -> str:
    """The one run that a reader of a partition sees; all its rows are there."""
    rows = s3.read_table(glue.location(*DAILY, *values))
    (run,) = set(rows["execution_id"].to_pylist())
    assert rows["customer_id"].to_pylist() == [f"CUST_{number:06d}" for number in range(1, 41)]
    return str(run)


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_publish_killed_at_any_call_and_run_again_leaves_the_table_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_after: bool
) -> None:
    scored(tmp_path)
    monkeypatch.setattr("publish_rows.MAX_FILE_BYTES", 1)
    killed_at: list[str] = []
    for last in count(1):
        s3, glue = FakeS3(), FakeGlue()
        publish_runs(tmp_path, s3, glue, 0, 2, keep_runs=1)
        plan = plan_of(tmp_path, execution="run-2", keep_runs=1)
        calls: list[str] = []
        doomed_s3, doomed_glue = (Doomed(client, calls, last, is_after=is_after) for client in (s3, glue))
        try:
            publish(plan, doomed_s3, doomed_glue, at(4))
            break
        except Killed:
            killed_at.append(calls[-1])

        assert whole_run(s3, glue, DAY) in {"run-1", "run-2"}
        publish(plan, s3, glue, at(6))

        found = history(glue)
        assert whole_run(s3, glue, DAY) == "run-2"
        assert "run-0" not in runs_in(s3)
        for run in found.older:
            assert s3.read_table(run.location).num_rows == 40

    assert {"put_object", "paginate", "get_table", "update_partition", "delete_object"} <= set(killed_at)


@pytest.mark.parametrize("mode", list(Mode))
def test_first_publish_killed_at_any_call_and_run_again_leaves_one_whole_run(tmp_path: Path, mode: Mode) -> None:
    scored(tmp_path)
    plan = plan_of(tmp_path, mode=mode)
    values = plan.partition_values
    killed_at: list[str] = []
    for last in count(1):
        s3, glue = FakeS3(), FakeGlue()
        calls: list[str] = []
        doomed_s3, doomed_glue = (Doomed(client, calls, last, is_after=True) for client in (s3, glue))
        try:
            publish(plan, doomed_s3, doomed_glue)
            break
        except Killed:
            killed_at.append(calls[-1])

        assert (*DAILY, *values) not in glue.partitions or whole_run(s3, glue, *values) == "run-1"
        publish(plan, s3, glue)
        assert whole_run(s3, glue, *values) == "run-1"

    assert {"create_database", "create_table", "put_object", "create_partition"} <= set(killed_at)
