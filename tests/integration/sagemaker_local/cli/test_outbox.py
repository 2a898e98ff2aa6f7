"""`outbox`: the mails, for a person and for a program, whether the endpoint runs or not."""

from __future__ import annotations

import json

import pytest

from sagemaker_local.settings import Settings
from tests.integration.sagemaker_local.cli.conftest import Run
from tests.integration.sagemaker_local.conftest import client


@pytest.fixture
def sent(settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]) -> str:
    """A topic that has sent three mails."""
    run("up")
    sns = client("sns", settings.url)
    topic: str = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    for number in range(1, 4):
        sns.publish(TopicArn=topic, Subject=f"mail {number}", Message=f"first line {number}\n\nlast line \U0001f600")
    capsys.readouterr()
    return topic


def test_outbox_shows_the_newest_mail_last(sent: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outbox") == 0

    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("subject:")] == [
        f"subject: mail {number}" for number in (1, 2, 3)
    ]
    assert printed.endswith("\n    first line 3\n\n    last line \U0001f600\n")
    assert f"to:      ops@example.com\ntopic:   {sent}\n" in printed


def test_outbox_as_json_is_a_list_of_mails(sent: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outbox", "--json", "--limit", "2") == 0

    mails = json.loads(capsys.readouterr().out)
    assert [mail["subject"] for mail in mails] == ["mail 2", "mail 3"]
    assert mails[0].keys() == {"time", "to", "topic", "subject", "body"}
    assert (mails[0]["to"], mails[0]["topic"]) == ("ops@example.com", sent)


@pytest.mark.usefixtures("sent")
def test_outbox_can_be_read_when_the_endpoint_is_down_and_is_gone_after_a_reset(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("down")
    capsys.readouterr()

    run("outbox", "--json")
    kept = json.loads(capsys.readouterr().out)
    run("reset", "--yes")
    capsys.readouterr()
    run("outbox", "--json")

    assert len(kept) == 3
    assert json.loads(capsys.readouterr().out) == []


def test_outbox_of_no_endpoint_says_that_there_are_no_mails(
    settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("outbox") == 0

    assert capsys.readouterr().out == f"no mails (root {settings.root})\n"


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5"])
def test_limit_that_is_no_number_of_mails_is_refused(run: Run, capsys: pytest.CaptureFixture[str], limit: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("outbox", f"--limit={limit}")

    assert f"'{limit}' is no number of mails; give 1 or more" in capsys.readouterr().err


def test_half_a_character_in_a_mail_does_not_stop_the_others(
    settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ministack_path.mkdir(parents=True)
    mail = {"time": "2026-01-31T02:00:00.000Z", "to": "a@example.com", "topic": "arn", "subject": "s"}
    lines = [json.dumps({**mail, "body": body}) for body in ("half \ud800", "whole")]
    (settings.ministack_path / "outbox.jsonl").write_text("".join(f"{line}\n" for line in lines))

    assert run("outbox") == 0

    assert capsys.readouterr().out.endswith(
        "    half ?\n\n" + "time:    2026-01-31T02:00:00.000Z\nto:      a@example.com\n"
        "topic:   arn\nsubject: s\n\n    whole\n"
    )
