"""The commands: what they print, and their exit codes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sagemaker_local.settings import Settings
from tests.integration.sagemaker_local.cli.conftest import Run
from tests.integration.sagemaker_local.conftest import client

_REPOSITORY = Path(__file__).parents[4]


def test_up_prints_the_address_and_is_idempotent(
    settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("up") == 0
    assert run("up") == 0

    assert capsys.readouterr().out.splitlines() == [settings.url, settings.url]


def test_up_on_another_port_while_it_runs_is_refused(run_shared: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_shared("up", "--port", "1") == 1

    assert "already, not on port 1" in capsys.readouterr().err


def test_status_of_no_endpoint_fails(settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 3

    assert capsys.readouterr().out == f"not running (root {settings.root})\n"


def test_status_tells_where_it_runs(shared: Settings, run_shared: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_shared("status") == 0

    printed = capsys.readouterr().out
    assert f"running at {shared.url} (process " in printed
    assert "region  eu-west-1" in printed


def test_down_stops_it_and_keeps_the_state(settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("up")
    client("sns", settings.url).create_topic(Name="kept")

    assert run("down") == 0
    assert run("down") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["stopped", "was not running"]

    run("up")
    assert [topic["TopicArn"].rpartition(":")[2] for topic in client("sns", settings.url).list_topics()["Topics"]] == [
        "kept"
    ]


def test_env_replaces_every_aws_setting_of_a_shell(
    shared: Settings, run_shared: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")

    assert run_shared("env") == 0

    script = capsys.readouterr().out + 'echo "$AWS_ENDPOINT_URL $AWS_REGION ${AWS_PROFILE-none}"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == f"{shared.url} eu-west-1 none\n"


def test_env_without_an_endpoint_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("env") == 1

    assert "Start it with `python -m sagemaker_local up`" in capsys.readouterr().err


def test_reset_deletes_state_and_nothing_else(settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("up")
    client("s3", settings.url).create_bucket(
        Bucket="gone", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    (settings.root / "notes.txt").write_text("mine")

    assert run("reset", "--yes") == 0

    assert [path.name for path in settings.root.iterdir()] == ["notes.txt"]
    run("up")
    assert client("s3", settings.url).list_buckets()["Buckets"] == []


@pytest.mark.parametrize("answer", ["n", ""])
def test_reset_without_consent_deletes_nothing(
    shared: Settings, run_shared: Run, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: answer)

    assert run_shared("reset") == 1

    assert (shared.root / "state").is_dir()
    assert run_shared("status") == 0


def test_taken_port_and_bad_port_have_clear_errors(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_LOCAL_PORT", "many")
    assert run("up") == 1
    assert "SAGEMAKER_LOCAL_PORT is not a number" in capsys.readouterr().err

    assert run("up", "--port", "70000") == 1
    assert "'70000' is not between 1 and 65535" in capsys.readouterr().err


def test_help_answers_fast_and_loads_no_service() -> None:
    code = "import sys; from sagemaker_local.cli.main import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    began = time.monotonic()

    ended = subprocess.run([sys.executable, "-c", code], cwd=_REPOSITORY, capture_output=True, text=True, check=True)

    loaded = set(ended.stdout.split())
    assert loaded.isdisjoint({"ministack", "boto3", "uvicorn", "duckdb", "sagemaker_local.app.compose"})
    assert time.monotonic() - began < 5
