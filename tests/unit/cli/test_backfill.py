"""Days that have passed, run some at a time: which are started, what becomes of each, and what is told."""

from __future__ import annotations

import argparse
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import backfill, definitions
from cli.errors import CommandError
from tests.unit.cli.backfill_fakes import NAMES, TODAY, Terminal, parameters_of


@pytest.fixture
def definition(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the pipeline's definition has; a test may change it."""
    document = {
        "Parameters": [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in NAMES.items()],
        "Steps": [{"Name": "Transform"}, publish_step("daily")],
    }
    built = SimpleNamespace(definition=lambda: json.dumps(document))
    monkeypatch.setattr(definitions, "build", lambda *_: built)
    return document


def publish_step(table: str) -> dict[str, Any]:
    words = ["--database", "scores", "--table", table]
    return {"Name": "PublishToAthena", "Arguments": {"AppSpecification": {"ContainerArguments": words}}}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(definitions, "deploy_built", lambda _, built: found.append(built))
    return found


@pytest.fixture
def terminal(definition: dict[str, Any], deployed: list[Any], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr("cli.backfill.time.sleep", lambda _: None)
    monkeypatch.setattr(backfill, "_today", lambda: TODAY)
    monkeypatch.setattr("cli.executions.start.git_commit", lambda: "0123abc")
    return Terminal()


def test_days_are_run_in_their_order_each_as_of_its_day(terminal: Terminal, deployed: list[Any]) -> None:
    exit_code = terminal.run("--parallel", "1")

    assert exit_code == 0
    assert len(deployed) == 1
    assert terminal.started == ["2026-02-01", "2026-02-02", "2026-02-03"]
    request = terminal.service.requests[0]
    assert request["PipelineName"] == "churn-end-to-end"
    assert request["PipelineExecutionDisplayName"] == "backfill-2026-02-01"
    assert parameters_of(request) == {"GitCommit": "0123abc", "InferenceDate": "2026-02-01"}
    assert len({request["ClientRequestToken"] for request in terminal.service.requests}) == 3


def test_table_of_days_comes_last(terminal: Terminal) -> None:
    terminal.run()

    assert list(terminal.rows) == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert terminal.rows["2026-02-02"] == ["published", "run000000002", "1", "1,001", "7.5", ""]
    assert "3 of 3 days are published." in terminal.printed.getvalue()


@pytest.mark.parametrize(("options", "most"), [((), 2), (("--parallel", "1"), 1), (("--parallel", "3"), 3)])
def test_so_many_days_run_at_once_and_no_more(terminal: Terminal, options: tuple[str, ...], most: int) -> None:
    terminal.run(*options, last="2026-02-05")

    assert terminal.service.most_at_once == most


def test_each_day_has_a_line_when_it_starts_and_when_it_ends(terminal: Terminal) -> None:
    terminal.run(last="2026-02-01")

    lines = [line[10:] for line in terminal.printed.getvalue().splitlines() if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert lines == [
        "2026-02-01  starts as run000000001",
        "2026-02-01  published, 1,001 rows by version 1, 7.5 s (run000000001)",
    ]


def test_days_that_are_published_are_skipped_and_shown_with_their_version(terminal: Terminal) -> None:
    terminal.service.publish("2026-02-02", "before000000", version="7")

    assert terminal.run() == 0

    assert terminal.started == ["2026-02-01", "2026-02-03"]
    assert terminal.rows["2026-02-02"] == ["published before", "before000000", "7", "1,001", "", ""]
    assert "3 days, 1 of them published already, 2 at a time" in terminal.printed.getvalue()


def test_days_that_another_version_published_are_skipped_and_that_is_said(terminal: Terminal) -> None:
    terminal.service.publish("2026-02-02", "before000000", version="7")

    assert terminal.run("--model", "1") == 0

    assert terminal.started == ["2026-02-01", "2026-02-03"]
    assert (
        "1 of them by another version than 1, as before: --force publishes them again." in terminal.printed.getvalue()
    )


def test_force_publishes_days_again(terminal: Terminal) -> None:
    terminal.service.publish("2026-02-02", "before000000", version="7")

    assert terminal.run("--force") == 0

    assert terminal.started == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert terminal.rows["2026-02-02"][:3] == ["published", "run000000002", "1"]


def test_when_every_day_is_published_nothing_is_started(terminal: Terminal) -> None:
    terminal.service.publish("2026-02-01", "before000000")

    assert terminal.run(last="2026-02-01") == 0
    assert terminal.started == []


def test_of_a_day_with_several_readable_runs_the_last_is_shown(terminal: Terminal) -> None:
    terminal.service.publish("2026-02-01", "first0000000", version="1")
    partition = terminal.service.glue.partitions.pop(("scores", "daily", "2026-02-01"))
    terminal.service.publish("2026-02-01", "second000000", version="2")
    newer = terminal.service.glue.partitions.pop(("scores", "daily", "2026-02-01"))
    newer["Parameters"]["publications"] = newer["Parameters"]["publications"].replace("T03:00", "T04:00")
    terminal.service.glue.partitions["scores", "daily", "2026-02-01", "b"] = newer
    terminal.service.glue.partitions["scores", "daily", "2026-02-01", "a"] = partition

    terminal.run(last="2026-02-01")

    assert terminal.rows["2026-02-01"][:3] == ["published before", "second000000", "2"]


def test_model_and_parameters_reach_every_execution(terminal: Terminal) -> None:
    terminal.run("--model", "1", "--param", "BatchIdEnd=4500")

    for request in terminal.service.requests:
        assert parameters_of(request).items() >= {"ModelVersion": "1", "BatchIdEnd": "4500"}.items()


def test_failed_day_does_not_stop_the_others(terminal: Terminal) -> None:
    terminal.service.outcomes["2026-02-01"] = "Failed"

    exit_code = terminal.run("--parallel", "1")

    assert exit_code == 1
    reason = "Transform: no [capacity] on 2026-02-01"
    assert terminal.rows["2026-02-01"] == ["failed", "run000000001", "", "", "7.5", reason]
    assert [row[0] for row in terminal.rows.values()] == ["failed", "published", "published"]
    assert "2 of 3 days are published." in terminal.printed.getvalue()
    assert "2026-02-01: python pipeline.py status run000000001 --local" in terminal.printed.getvalue()


def test_execution_that_fails_before_the_table_was_ever_made_is_a_failed_day(terminal: Terminal) -> None:
    terminal.service.outcomes["2026-02-01"] = "Failed"

    exit_code = terminal.run(last="2026-02-01")

    assert exit_code == 1
    assert terminal.rows["2026-02-01"][0] == "failed"


def test_stop_on_failure_starts_no_more_days(terminal: Terminal) -> None:
    terminal.service.outcomes["2026-02-01"] = "Failed"

    exit_code = terminal.run("--stop-on-failure", last="2026-02-05")

    assert exit_code == 1
    # The second was under way when the first failed.
    assert [row[0] for row in terminal.rows.values()] == ["failed", "published", *["not started"] * 3]
    assert terminal.rows["2026-02-05"] == ["not started", "", "", "", "", "an earlier day failed"]


@pytest.mark.parametrize(
    ("outcome", "is_published", "state"),
    [
        ("Failed", True, "published, with failures"),
        ("CompletedWithFailures", True, "published, with failures"),
        ("CompletedWithFailures", False, "failed"),
        ("Stopped", False, "stopped"),
        ("Lost", False, "replaced"),
    ],
)
def test_state_of_a_day_says_whether_readers_see_it(
    terminal: Terminal, outcome: str, is_published: bool, state: str
) -> None:
    terminal.service.publish("2026-01-01", "some00000000")
    terminal.service.outcomes["2026-02-01"] = outcome
    if is_published:
        terminal.service.publishes.add("2026-02-01")

    assert terminal.run(last="2026-02-01") == 1

    assert terminal.rows["2026-02-01"][0] == state


def test_execution_that_an_earlier_backfill_left_is_followed(terminal: Terminal) -> None:
    terminal.service.is_left("2026-02-02", GitCommit="fedcba9")

    assert terminal.run() == 0

    assert terminal.started == ["2026-02-01", "2026-02-03"]
    assert terminal.rows["2026-02-02"][:2] == ["published", "left00000000"]
    assert "2026-02-02  is under way already in left00000000" in terminal.printed.getvalue()


@pytest.mark.parametrize(
    ("state", "parameters"),
    [
        ("Failed", {}),
        ("Executing", {"ModelVersion": "7"}),
        ("Executing", {"InferenceDate": "2026-01-01"}),
        ("Executing", {"BatchIdEnd": "4100"}),
    ],
)
def test_execution_that_is_over_or_does_something_else_is_not_followed(
    terminal: Terminal, state: str, parameters: dict[str, str]
) -> None:
    terminal.service.is_left("2026-02-02", state, **parameters)

    terminal.run()

    assert "2026-02-02" in terminal.started


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ConnectionError])
def test_when_the_person_or_the_connection_goes_what_goes_on_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    def leave(_: float) -> None:
        raise kind("gone")

    monkeypatch.setattr("cli.backfill.time.sleep", leave)

    with pytest.raises(kind):
        terminal.run(last="2026-02-04")

    text = terminal.printed.getvalue()
    for number in (1, 2):
        status = f"python pipeline.py status run00000000{number} --local"
        assert f"2026-02-0{number}  goes on as run00000000{number}: {status}" in text
    assert "2 days were not started: 2026-02-03, 2026-02-04" in text


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-02-03", "2026-02-01", r"--to 2026-02-01 is before --from 2026-02-03"),
        ("2026-02-01", "2026-02-11", r"--to 2026-02-11 is in the future: today is 2026-02-10"),
        ("2025-01-01", "2026-02-10", r"are 406 days, an execution each; allowed are 366\. Add --yes"),
        ("yesterday", "2026-02-01", r"--from 'yesterday' is refused: write a day as YYYY-MM-DD"),
        ("2026-02-01", "2026-02-30", r"--to '2026-02-30' is refused: write a day as YYYY-MM-DD"),
        ("20260201", "2026-02-01", r"--from '20260201' is refused: write the day as 2026-02-01"),
    ],
)
def test_bad_range_is_refused_before_anything_is_deployed(
    terminal: Terminal, deployed: list[Any], first: str, last: str, message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        terminal.run(first=first, last=last)

    assert (deployed, terminal.started) == ([], [])


def test_long_range_with_a_yes_has_every_day() -> None:
    options = argparse.Namespace(first="2024-02-28", last="2026-02-10", yes=True)

    days = backfill.days_of(options, TODAY)

    assert (days[0], days[1], days[2], days[-1]) == ("2024-02-28", "2024-02-29", "2024-03-01", "2026-02-10")
    assert len(days) == len(set(days)) == 714


def test_today_is_a_day_that_can_be_run(terminal: Terminal) -> None:
    assert terminal.run(first="2026-02-10", last="2026-02-10") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--parallel", "0"), "--parallel 0 is refused: allowed are 1 to 20"),
        (("--parallel", "21"), "--parallel 21 is refused"),
        (("--param", "InferenceDate=2026-01-01"), "--param InferenceDate is refused: use --from and --to"),
        (("--param", "ModelVersion=1"), "--param ModelVersion is refused: use --model"),
        (("--param", "Depth=1"), "--param Depth is refused: end-to-end has no such parameter; it has: InferenceDate"),
        (("--model", "newest"), "--model 'newest' is refused: write the number of a version, or latest"),
        (("--model", "9"), "churn-models has no version 9; it has: 1, 2"),
        (("--model", "2"), r"version 2 of churn-models is Rejected, .*`python pipeline.py approve 2 --local` approves"),
    ],
)
def test_bad_option_is_refused_before_anything_is_deployed(
    terminal: Terminal, deployed: list[Any], options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        terminal.run(*options)

    assert (deployed, terminal.started) == ([], [])


def test_model_for_a_pipeline_that_takes_none_is_refused_by_name(
    terminal: Terminal, definition: dict[str, Any]
) -> None:
    definition["Parameters"] = [{"Name": "InferenceDate", "DefaultValue": "today"}]

    with pytest.raises(
        CommandError, match=r"--model 1 is refused: end-to-end has no parameter ModelVersion\. Leave it"
    ):
        terminal.run("--model", "1")


def test_pipeline_that_does_not_publish_days_is_refused_with_what_it_lacks(
    terminal: Terminal, definition: dict[str, Any]
) -> None:
    definition.update(Parameters=[], Steps=[{"Name": "IngestFeatures"}])

    with pytest.raises(CommandError, match="it lacks the parameter InferenceDate and a step PublishToAthena"):
        terminal.run()


def test_pipeline_that_publishes_to_another_table_is_refused_with_both(
    terminal: Terminal, definition: dict[str, Any]
) -> None:
    definition["Steps"] = [publish_step("daily_uploads")]

    with pytest.raises(CommandError, match=r"it publishes to daily_uploads, not to scores\.daily\. Backfill"):
        terminal.run()
