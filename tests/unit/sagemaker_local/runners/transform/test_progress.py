from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.runners.transform.messages import Failure
from sagemaker_local.runners.transform.plan import Plan, PlannedObject, save_objects
from sagemaker_local.runners.transform.progress import Progress, Task
from tests.unit.sagemaker_local.runners.transform.plans import plan


class Events:
    """An EventWriter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def write(self, kind: str, **members: Any) -> None:
        self.told.append({"event": kind, **members})


def started(folder: Path, rules: Plan, *bodies: bytes) -> tuple[Progress, Events]:
    """A job over objects 0, 1, ... with these bodies."""
    objects = [PlannedObject(number, f"b/{number}") for number in range(len(bodies))]
    for name in ("input", "output", "pieces"):
        (folder / name).mkdir()
    for planned, body in zip(objects, bodies, strict=True):
        planned.input_path(folder).write_bytes(body)
    save_objects(folder, objects)
    events = Events()
    return Progress(rules, folder, events), events  # type: ignore[arg-type]  # a fake of its one method


def work(task: Task, failure: Failure | None = None) -> Failure | None:
    """Do what a worker does: copy the chunk, in capitals."""
    body = Path(task.work.path).read_bytes()[task.work.offset :][: task.work.length]
    Path(task.work.output).write_bytes(body.upper())
    return failure


def taken(progress: Progress) -> list[Task]:
    """All tasks that can be had now."""
    return list(iter(progress.next, None))


def finish_all(progress: Progress) -> None:
    while tasks := taken(progress):
        for task in reversed(tasks):
            progress.finish(task, work(task))


def test_whole_objects_are_one_task_each(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(), b"one", b"two")

    finish_all(progress)

    assert progress.is_over
    assert sorted(event["number"] for event in events.told) == [0, 1]
    assert [(tmp_path / "output" / name).read_bytes() for name in "01"] == [b"ONE", b"TWO"]


def test_chunks_finished_in_reverse_are_stored_in_order(tmp_path: Path) -> None:
    body = b"".join(b"line %d\n" % number for number in range(50))
    progress, events = started(tmp_path, plan(splits_lines=True), body)

    finish_all(progress)

    assert events.told == [{"event": "finished", "number": 0}]
    assert (tmp_path / "output" / "0").read_bytes() == body.upper()


def test_gzip_chunks_are_removed_after_their_use(tmp_path: Path) -> None:
    body = b"".join(b"line %d\n" % number for number in range(50))
    progress, _ = started(tmp_path, plan(splits_lines=True, is_gzip=True), gzip.compress(body))

    finish_all(progress)

    assert (tmp_path / "output" / "0").read_bytes() == body.upper()
    assert list((tmp_path / "pieces").iterdir()) == []


def test_open_tasks_are_bounded_and_go_on_when_the_first_is_back(tmp_path: Path) -> None:
    progress, _ = started(tmp_path, plan(splits_lines=True, worker_count=2), b"0123456789\n" * 100)
    first, *others = taken(progress)
    for task in others:
        progress.finish(task, work(task))

    stuck = progress.next()
    progress.finish(first, work(first))

    assert len(others) == 7
    assert stuck is None
    assert progress.next() is not None


def test_object_without_records_has_an_empty_output(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(splits_lines=True), b"")

    finish_all(progress)

    assert events.told == [{"event": "finished", "number": 0}]
    assert (tmp_path / "output" / "0").read_bytes() == b""


def test_failed_chunk_gives_its_object_up_and_nothing_else(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(splits_lines=True), b"0123456789\n" * 100, b"fine\n")
    bad, *others = taken(progress)
    progress.finish(bad, work(bad, Failure("AlgorithmError", "no")))
    for task in others:
        progress.finish(task, work(task))

    finish_all(progress)

    assert progress.is_over
    assert progress.failed_count == 1
    assert events.told == [
        {"event": "failed", "number": 0, "blame": "AlgorithmError", "text": "no"},
        {"event": "finished", "number": 1},
    ]
    assert [path.name for path in (tmp_path / "output").iterdir()] == ["1"]


def test_failed_object_is_told_only_when_all_of_it_is_back(tmp_path: Path) -> None:
    """A worker that still writes a part must not leave it behind."""
    progress, events = started(tmp_path, plan(splits_lines=True, worker_count=1), b"0123456789\n" * 100)
    bad, *others = taken(progress)
    progress.finish(bad, work(bad, Failure("AlgorithmError", "no")))
    before = list(events.told)
    progress.next()
    for task in others:
        progress.finish(task, work(task))

    assert before == []
    assert [event["event"] for event in events.told] == ["failed"]
    assert list((tmp_path / "output").iterdir()) == []


@pytest.mark.parametrize("is_gzip", [False, True])
def test_failed_record_is_counted_from_the_beginning_of_the_object(tmp_path: Path, is_gzip: bool) -> None:
    body = b"0123456789\n" * 10
    rules = plan(splits_lines=True, is_gzip=is_gzip)
    progress, events = started(tmp_path, rules, gzip.compress(body) if is_gzip else body)
    tasks = taken(progress)
    progress.finish(tasks[3], Failure("ClientError", "bad", record=0))
    for task in tasks[:3] + tasks[4:]:
        progress.finish(task, work(task))
    finish_all(progress)

    assert events.told[-1]["text"] == "record 4: bad"


def test_object_over_the_payload_fails_with_size_and_limit(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(payload_bytes=2 << 20), b"x" * ((2 << 20) + 1), b"fine")

    finish_all(progress)

    (failed,) = [event for event in events.told if event["event"] == "failed"]
    assert failed["blame"] == "ClientError"
    assert failed["text"].startswith(
        "2097153 bytes do not fit into one request of at most 2097152 bytes (MaxPayloadInMB is 2); raise MaxPayloadInMB"
    )
    assert (tmp_path / "output" / "1").exists()


def test_record_over_the_payload_fails_with_its_number(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(splits_lines=True), b"short\n" * 3 + b"x" * 21)

    finish_all(progress)

    assert events.told[0]["text"].startswith("record 4: 21 bytes do not fit into one request of at most 20 bytes")


def test_payload_without_limit_takes_any_object(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(payload_bytes=0), b"x" * 1000)

    finish_all(progress)

    assert events.told == [{"event": "finished", "number": 0}]


def test_torn_gzip_fails_its_object(tmp_path: Path) -> None:
    progress, events = started(tmp_path, plan(splits_lines=True, is_gzip=True), b"plain", gzip.compress(b"fine"))

    finish_all(progress)

    assert [event["event"] for event in events.told] == ["failed", "finished"]
    assert "not a whole gzip file" in events.told[0]["text"]


def test_task_that_is_put_back_comes_first(tmp_path: Path) -> None:
    progress, _ = started(tmp_path, plan(), b"one", b"two")
    first = progress.next()
    assert first is not None

    progress.put_back(first)

    assert progress.next() is first


def test_link_to_the_input_is_removed_when_its_object_is_done(tmp_path: Path) -> None:
    progress, _ = started(tmp_path, plan(), b"one", b"two")

    finish_all(progress)

    assert list((tmp_path / "input").iterdir()) == []
