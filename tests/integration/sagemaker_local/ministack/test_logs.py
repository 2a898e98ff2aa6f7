"""The LogWriter port over MiniStack, and the journal that keeps what it wrote."""

from __future__ import annotations

import json
import resource
import threading

import pytest

from sagemaker_local.ministack import log_journal
from sagemaker_local.ministack.appending import append_line
from sagemaker_local.ministack.log_journal import LogJournal
from tests.integration.sagemaker_local.conftest import Served

_GROUP = "/aws/sagemaker/ProcessingJobs"


def _messages(served: Served, stream: str) -> list[str]:
    events = served.client("logs").get_log_events(logGroupName=_GROUP, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in events["events"]]


def test_lines_are_readable_by_a_client_in_order(served: Served) -> None:
    served.aws.logs.write(_GROUP, "job-1/algo-1", [(1_700_000_000_000, "first"), (1_700_000_000_001, "second")])
    served.aws.logs.write(_GROUP, "job-1/algo-1", [(1_700_000_000_001, "third")])

    assert _messages(served, "job-1/algo-1") == ["first", "second", "third"]


def test_many_threads_lose_no_line(served: Served) -> None:
    def write(number: int) -> None:
        for line in range(20):
            served.aws.logs.write(_GROUP, f"many/{number % 3}", [(1_700_000_000_000 + line, f"{number}-{line}")])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = {line for stream in range(3) for line in _messages(served, f"many/{stream}")}
    assert found == {f"{number}-{line}" for number in range(12) for line in range(20)}


def test_written_stream_and_events_are_on_disk_when_write_returns(served: Served) -> None:
    served.aws.logs.write(_GROUP, "kept/algo-1", [(1_700_000_000_000, "précis")])

    state = json.loads((served.settings.ministack_path / "cloudwatch_logs.json").read_text())
    groups = state["payload"]["log_groups"]["data"]
    assert any("kept/algo-1" in group["streams"] for group in groups.values())
    journal = (served.settings.ministack_path / "log-events.jsonl").read_text().splitlines()
    account, region, group, stream, events = json.loads(journal[-1])
    assert (account, region, group, stream) == ("000000000000", "eu-west-1", _GROUP, "kept/algo-1")
    assert [event["message"] for event in events] == ["précis"]


def test_saved_state_has_every_member_that_ministack_saves_but_no_event(served: Served) -> None:
    served.aws.logs.write(_GROUP, "stripped/algo-1", [(1_700_000_000_000, "line")])
    journal = served.aws.journal

    state = journal.get_state()

    assert state.keys() == journal._get_state_of_ministack().keys()
    streams = [stream for group in state["log_groups"]._data.values() for stream in group["streams"].values()]
    assert streams
    assert all(stream["events"] == [] for stream in streams)
    assert _messages(served, "stripped/algo-1") == ["line"]


def test_cut_last_line_of_the_journal_is_left_out(served: Served) -> None:
    journal: LogJournal = served.aws.journal
    served.aws.logs.write(_GROUP, "whole/algo-1", [(1_700_000_000_000, "whole")])
    with journal._path.open("a") as file:
        file.write('["000000000000", "eu-west-1", "/aws/sagema')

    owners = [owner for owner, _ in journal._lines()]

    assert owners[-1][3] == "whole/algo-1"
    with journal._path.open("a") as file:
        file.write("\n")


def test_batch_that_the_disk_takes_only_in_part_leaves_the_journal_whole(served: Served) -> None:
    journal: LogJournal = served.aws.journal
    before = journal._path.read_bytes()
    # The system refuses what lies beyond this length, as a full disk does.
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, unlimited[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            append_line(journal._path, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    assert journal._path.read_bytes() == before


def test_stream_that_grows_without_end_forgets_its_oldest_events(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_journal, "KEPT_EVENTS_PER_STREAM", 5)

    for number in range(30):
        served.aws.logs.write(_GROUP, "endless/algo-1", [(1_700_000_000_000 + number, str(number))])

    kept = _messages(served, "endless/algo-1")
    assert 5 <= len(kept) <= 10
    assert kept == [str(number) for number in range(30 - len(kept), 30)]
    records = served.aws.journal._logs._log_records._data.values()
    assert len([record for record in records if record["@logStream"] == "endless/algo-1"]) == len(kept)
