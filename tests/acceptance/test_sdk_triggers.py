"""The SDK's run conditions on a started endpoint: a failure is mailed, seen, corrected and retried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.conftest import Endpoint, start, stop
from tests.acceptance.execution import Execution
from tests.acceptance.program import run


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    started = start(tmp_path_factory.mktemp("triggers"))
    try:
        yield started
    finally:
        stop(started)


@pytest.fixture(scope="module")
def failed(endpoint: Endpoint) -> dict[str, Any]:
    """An execution whose job has failed."""
    return run(endpoint, "sdk_triggers")["failed"]


def mails(endpoint: Endpoint) -> list[dict[str, str]]:
    done = endpoint.door("-m", "sagemaker_local", "outbox", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_failure_and_any_end_run_their_steps_and_the_others_never_start(failed: dict[str, Any]) -> None:
    assert {name: step["StepStatus"] for name, step in failed["steps"].items()} == {
        "Work": "Failed",
        "NotifyFailure-Work": "Succeeded",
        "Always": "Succeeded",
    }
    assert (failed["status"], failed["reason"]) == ("CompletedWithFailures", None)


def test_mails_of_a_failure_are_in_the_outbox(endpoint: Endpoint, failed: dict[str, Any]) -> None:
    found = mails(endpoint)

    assert {(mail["to"], mail["topic"], mail["body"]) for mail in found} == {
        ("ops@example.com", failed["topic"], failed["arn"])
    }
    assert sorted(mail["subject"] for mail in found) == ["Work ended", "Work failed"]


def test_doors_show_the_failure_and_a_retry_runs_the_job_without_a_second_mail_of_the_failure(
    endpoint: Endpoint, failed: dict[str, Any]
) -> None:
    shown = endpoint.door("pipeline.py", "status", failed["arn"], "--local")
    endpoint.client("s3").put_object(Bucket="sdk-bucket", Key="raw/ready", Body=b"")

    retried = endpoint.door("pipeline.py", "retry", failed["arn"], "--wait", "--local")

    assert "CompletedWithFailures" in shown.stdout
    assert "because Work failed" in shown.stdout
    assert "because Work ended" in shown.stdout
    assert "python pipeline.py retry" in shown.stdout
    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert Execution(endpoint, failed["arn"]).states() == dict.fromkeys(("Work", "Done", "Always"), "Succeeded")
    assert sorted(mail["subject"] for mail in mails(endpoint)) == ["Work ended", "Work ended", "Work failed", "done"]
