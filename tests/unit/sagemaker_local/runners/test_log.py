from __future__ import annotations

import time

import pytest

from sagemaker_local.records.job import JobKind
from sagemaker_local.runners import log as log_module
from sagemaker_local.runners.log import JobLog, stream_name
from tests.fakes.log_writer import FakeLogWriter


def test_stream_name_is_host_and_epoch() -> None:
    assert stream_name("job-1", 1_700_000_000.9) == "job-1/algo-1-1700000000"


def test_write_few_lines_reach_the_group_in_one_call_at_close() -> None:
    writer = FakeLogWriter()

    with JobLog(writer, JobKind.PROCESSING, "job", stream="job/algo-1-1") as log:
        log.write("one")
        log.write("two", "three")

    assert writer.lines == {("/aws/sagemaker/ProcessingJobs", "job/algo-1-1"): ["one", "two", "three"]}
    assert writer.calls == [3]


def test_write_nothing_makes_no_stream() -> None:
    writer = FakeLogWriter()

    with JobLog(writer, JobKind.TRAINING, "job"):
        pass

    assert writer.calls == []


def test_tick_after_half_a_second_flushes(monkeypatch: pytest.MonkeyPatch) -> None:
    writer, log = FakeLogWriter(), None
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    log = JobLog(writer, JobKind.PROCESSING, "job")

    log.write("one")
    log.tick()
    before = list(writer.calls)
    clock[0] += log_module.FLUSH_SECONDS
    log.tick()

    assert (before, writer.calls) == ([], [1])


def test_tail_keeps_the_last_lines_and_cuts_long_ones() -> None:
    log = JobLog(FakeLogWriter(), JobKind.PROCESSING, "job")

    log.write(*(str(number) for number in range(100)), "x" * 100_000)

    assert log.tail[:2] == ["81", "82"]
    assert log.tail[-1] == "x" * 2_000


def test_write_empty_line_is_sent_as_a_blank() -> None:
    """CloudWatch Logs refuses an event without text."""
    writer = FakeLogWriter()

    with JobLog(writer, JobKind.PROCESSING, "job") as log:
        log.write("", "a")

    assert writer.of("job") == [" ", "a"]


def test_write_flood_is_left_out_but_for_its_end_and_says_so() -> None:
    writer = FakeLogWriter()

    with JobLog(writer, JobKind.PROCESSING, "job", limit=1_000) as log:
        for number in range(10_000):
            log.write(f"line {number}")

    lines = writer.of("job")
    assert lines[0] == "line 0"
    assert lines[-1] == "line 9999"
    assert len(lines) < 150
    assert sum("[sagemaker_local]" in line for line in lines) == 2
    left_out = int(next(line for line in lines if line.endswith("left out here")).split()[1])
    assert left_out + len(lines) - 2 == 10_000


def test_write_just_over_the_limit_claims_no_missing_line() -> None:
    writer = FakeLogWriter()

    with JobLog(writer, JobKind.PROCESSING, "job", limit=10) as log:
        log.write("x" * 20, "the end")

    assert not any("0 lines left out" in line for line in writer.of("job"))
    assert writer.of("job")[-1] == "the end"


def test_listener_hears_every_line_also_over_the_limit() -> None:
    heard: list[str] = []

    with JobLog(FakeLogWriter(), JobKind.TRAINING, "job", limit=5, listener=lambda _, text: heard.append(text)) as log:
        log.write("aaaaaaaa", "bbbbbbbb", "cccccccc")

    assert heard == ["aaaaaaaa", "bbbbbbbb", "cccccccc"]
