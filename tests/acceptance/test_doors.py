"""The README's commands as they stand there, in the order of a newcomer's first hour, after `make demo`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.conftest import PROJECT
from tests.acceptance.execution import GROUP, TABLE, until
from tests.acceptance.terminal import Terminal, readme_command

STEPS = (
    "QueryFeatures",
    "Preprocess",
    "Train",
    "GetChampion",
    "Evaluate",
    "Verdict",
    "Gate",
    "Register",
    "GetLatestApprovedModel",
    "CreateModel",
    "Transform",
    "EvaluateIfLabelled",
    "PublishToAthena",
)
DAILY = ("QueryFeatures", "GetLatestApprovedModel", "CreateModel", "Transform", "EvaluateIfLabelled", "PublishToAthena")
SCORED = 1001
"""Customers 4000 to 5000, as the configuration says."""


@dataclass(frozen=True)
class Demo:
    """The terminal after `make demo`, and what that printed."""

    terminal: Terminal
    output: str
    seconds: float


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    terminal = Terminal.open(tmp_path_factory.mktemp("doors"))
    begin = time.monotonic()
    try:
        # The body of `make demo`.
        output = terminal.output(("python", "-m", "cli.demo"))
        yield Demo(terminal, output, time.monotonic() - begin)
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def terminal(demo: Demo) -> Terminal:
    return demo.terminal


def rows_by_day(terminal: Terminal) -> dict[str, int]:
    text = terminal.output(
        ("python", "pipeline.py", "query", "--local", f"SELECT dt, count(*) AS n FROM {TABLE} GROUP BY dt")
    )
    return {day: int(count) for day, count in re.findall(r"(\d{4}-\d\d-\d\d)\D+(\d+)", text)}


def executions(terminal: Terminal) -> list[str]:
    """The ids of all executions, newest first."""
    return re.findall(r"│ ([a-z0-9]{12}) │", terminal.readme("executions"))


def states(text: str) -> dict[str, str]:
    """The table of steps that `status` and the end of an execution print."""
    return dict(re.findall(r"│ (\w+) +│ (Succeeded|Failed|Stopped|Executing) ", text))


def stopped_status(terminal: Terminal, execution: str) -> str:
    """What `status` prints once the execution has stopped."""
    words = ("python", "pipeline.py", "status", execution, "--local")
    until(lambda: "\nStopped" in terminal.output(words), timeout=60)
    return terminal.output(words)


def test_demo_shows_the_dag_with_the_time_of_each_step(demo: Demo) -> None:
    shown = dict(re.findall(r"│ (\w+) +│[^│]*│ \d+\.\d s +│ (\d+\.\d) s", demo.output))

    assert tuple(shown) == STEPS
    assert "│ Train " in demo.output


def test_demo_shows_the_metrics_and_the_approved_version(demo: Demo) -> None:
    assert f"Version 1 of {GROUP} is Approved" in demo.output
    auc = re.search(r"auc (0\.\d+), accuracy 0\.\d+, precision 0\.\d+, recall 0\.\d+, f1 0\.\d+", demo.output)
    assert auc is not None
    assert float(auc[1]) > 0.8


def test_demo_shows_the_count_of_each_class_and_the_first_predictions(demo: Demo) -> None:
    counts = {int(label): int(count) for label, count in re.findall(r"│ ([01]) +│ (\d+) +│ 0\.\d+ +│", demo.output)}

    assert counts.keys() == {0, 1}
    assert sum(counts.values()) == SCORED
    assert len(re.findall(r"│ CUST_00\d{4} │ [01] +│ 0\.\d+ +│ \d{4}-\d\d-\d\d │", demo.output)) == 5


def test_demo_says_what_to_try_next_and_takes_less_than_a_minute(demo: Demo) -> None:
    assert "Try next" in demo.output
    assert demo.seconds < 60


def test_a_second_run_on_the_same_day_leaves_the_row_count_the_same(terminal: Terminal) -> None:
    before = rows_by_day(terminal)

    text = terminal.readme("start")

    assert states(text) == dict.fromkeys(STEPS, "Succeeded")
    # A second day when midnight lay between the two runs.
    assert {**rows_by_day(terminal), **before} == rows_by_day(terminal)
    assert set(rows_by_day(terminal).values()) == {SCORED}


def test_execute_pipeline_follows_an_execution_and_succeeds(terminal: Terminal) -> None:
    text = terminal.readme("execute_pipeline.py")

    assert re.search(r"\d\d:\d\d:\d\d  Train +Executing +\d+\.\d s", text)
    assert states(text) == dict.fromkeys(STEPS, "Succeeded")


def test_list_names_the_pipelines(terminal: Terminal) -> None:
    text = terminal.readme("list")

    assert "│ end-to-end " in text
    assert "│ churn-end-to-end " in text


def test_definition_needs_no_network_and_no_aws_settings(tmp_path: Path) -> None:
    words = readme_command("definition")

    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    names = [step["Name"] for step in json.loads(done.stdout)["Steps"]]
    assert {"Preprocess", "Train", "Gate", "PublishToAthena"} <= set(names)


def test_definition_for_a_reader_that_stops_early_is_quiet(terminal: Terminal) -> None:
    done = terminal.run(("bash", "-c", f'"{sys.executable}" pipeline.py definition end-to-end | head -c 10'))

    assert done.stdout == '{"Version"'
    assert done.stderr == ""


def test_upsert_again_changes_nothing(terminal: Terminal) -> None:
    text = terminal.readme("upsert")

    assert "files: 0 uploaded" in text
    assert "unchanged" in text


def test_executions_status_and_logs_show_what_ran(terminal: Terminal) -> None:
    newest = executions(terminal)[0]

    status, log = terminal.readme("status"), terminal.readme("logs")

    assert f"execution/{newest}" in status
    assert "MetricThreshold=" in status
    assert "validation-auc:" in log
    log = terminal.output(("python", "pipeline.py", "logs", newest, "GetLatestApprovedModel", "--local"))
    assert "The latest Approved version of " in log


def test_the_short_form_starts_what_stop_stops_and_retry_finishes(terminal: Terminal) -> None:
    started = terminal.output(("python", "pipeline.py", "--config", "configs/pipeline_config.yaml", "--local"))
    identity = re.search(r"pipeline\.py status (\w+) --local", started)
    assert identity is not None

    stopped = terminal.readme("stop")
    text = stopped_status(terminal, identity[1])
    resumed = terminal.output(("python", "pipeline.py", "retry", "latest", "--wait", "--local"))

    assert f"Resume it: python pipeline.py retry {identity[1]} --wait --local" in stopped
    assert "PublishToAthena" not in states(text)
    assert states(resumed) == dict.fromkeys(DAILY, "Succeeded")


def test_reject_and_approve_change_what_models_shows(terminal: Terminal) -> None:
    terminal.output(("python", "pipeline.py", "reject", "1", "--note", "why", "--local"))
    rejected = terminal.readme("models")
    approved = terminal.readme("approve")

    assert re.search(r"│ 1 +│ Rejected +│ 0\.\d+ .*│ why +│", rejected)
    assert "Approved" in approved
    assert re.search(r"│ 1 +│ Approved +│", terminal.readme("models"))


def test_query_counts_the_customers_of_each_class(terminal: Terminal) -> None:
    text = terminal.readme("query")

    counts = [int(count) for count in re.findall(r"│ [01] +│ (\d+) +│", text)]
    assert sum(counts) % SCORED == 0
    assert "2 rows" in text


def test_a_gate_that_says_no_shows_value_and_threshold_and_who_scored(terminal: Terminal) -> None:
    text = terminal.output(
        ("python", "execute_pipeline.py", "end-to-end", "--local", "--param", "MetricThreshold=0.999")
    )

    assert re.search(
        r"outcome False: auc is 0\.\d+, the threshold asks for at least 0\.999; the champion \(version \d+\)",
        text,
    )
    assert re.search(r"Nothing was registered; version \d+ scored\.", text)


def test_a_file_is_listed_and_removed_by_its_name(terminal: Terminal) -> None:
    config = ("--local", "--config", "configs/breast_cancer.yaml")
    terminal.output(("python", "scripts/generate_customers.py", "--rows", "10", "--output", "wrong.csv"))
    terminal.output(("python", "pipeline.py", "upload", "wrong.csv", *config))

    listed = terminal.output(("python", "pipeline.py", "files", *config))
    removed = terminal.output(("python", "pipeline.py", "remove", "wrong.csv", *config), answer="y\n")

    assert re.search(r"│ wrong\.csv +│ [\d,]+ +│ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +│", listed)
    assert "Removed wrong.csv" in removed
    assert "There are no files" in terminal.output(("python", "pipeline.py", "files", *config))


def test_upload_puts_files_where_the_pipeline_reads(terminal: Terminal) -> None:
    words = ("python", "scripts/generate_customers.py", "--rows", "10", "--output", "customers.csv")
    terminal.output(words)

    # Elsewhere than the README's: the same customers twice are refused by the next execution of another test.
    text = terminal.output((*readme_command("upload"), "--to", "s3://mlbucket-sagemaker/elsewhere/"))

    assert "customers.csv -> s3://mlbucket-sagemaker/elsewhere/customers.csv" in text


def test_delete_asks_and_takes_no_for_an_answer(terminal: Terminal) -> None:
    config = ("--config", "configs/breast_cancer.yaml")
    terminal.output((*readme_command("upsert"), *config))

    kept = terminal.run((*readme_command("delete"), *config), answer="n\n")
    deleted = terminal.output((*readme_command("delete"), *config), answer="y\n")
    again = terminal.run((*readme_command("delete"), *config, "--yes"))

    assert (kept.returncode, again.returncode) == (1, 1)
    assert "was not deleted" in kept.stderr
    assert "Deleted breast-cancer-end-to-end" in deleted
    assert "breast-cancer-end-to-end" in again.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("pipeline.py fly", 2, "invalid choice: 'fly'"),
        ("pipeline.py upsert nothing --local", 1, "nothing"),
        ("pipeline.py start end-to-end --local --param Depth=1", 1, "Depth"),
        ("pipeline.py start end-to-end --local --param Depth", 1, "not of the form Name=Value"),
        ("pipeline.py status nobody --local", 1, "there is no execution 'nobody'"),
        ("pipeline.py logs latest Nothing --local", 1, "has no step 'Nothing'"),
        ("pipeline.py approve 99 --local", 1, "has no version 99"),
        ("pipeline.py query --local SELECT", 1, "error: "),
        ("pipeline.py upload nothing.csv --local", 1, "'nothing.csv' is not a file"),
        ("pipeline.py upload pipeline.py --local", 1, "'pipeline.py' is neither CSV nor Parquet"),
        ("pipeline.py upload configs --local", 1, "'configs' is a folder"),
        ("pipeline.py remove nothing.csv --yes --local", 1, "there is no file 'nothing.csv' below"),
        ("pipeline.py list --config nothing.yaml", 1, "nothing.yaml"),
    ],
)
def test_a_command_that_cannot_work_says_why_in_one_line(
    terminal: Terminal, words: str, code: int, message: str
) -> None:
    done = terminal.run(("python", *words.split()))

    assert done.returncode == code, done.stdout + done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_local_and_without_an_account_the_door_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "pipeline.py", "executions", "end-to-end"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "Add --local" in done.stderr
