"""Which pieces of work a job consists of, and what came of them; the number of open pieces is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform import lines
from sagemaker_local.runners.transform.assembly import Assembly
from sagemaker_local.runners.transform.events import EventWriter
from sagemaker_local.runners.transform.messages import Failure, Work
from sagemaker_local.runners.transform.plan import Plan, PlannedObject, load_objects

_AHEAD_PER_WORKER = 4
"""How many pieces may be given out before the earliest is back: it bounds the results that wait for their turn."""


@dataclass(slots=True)
class _Transformed:
    """One object on its way."""

    planned: PlannedObject
    assembly: Assembly
    given: int = 0
    """Pieces that were handed out."""
    back: int = 0
    """Those of them that came back."""
    is_cut: bool = False
    """No more pieces will follow."""
    failure: Failure | None = None


@dataclass(slots=True)
class Task:
    """One piece of work and how often it was tried."""

    transformed: _Transformed
    number: int
    chunk: lines.Chunk
    attempts: int = 0

    @property
    def work(self) -> Work:
        """What the worker has to know."""
        chunk = self.chunk
        return Work(str(chunk.path), chunk.offset, chunk.length, str(self.transformed.assembly.part(self.number)))


class Progress:
    """Hands out the tasks of a job and takes their results, in any order."""

    def __init__(self, plan: Plan, folder: Path, events: EventWriter) -> None:
        self._plan = plan
        self._folder = folder
        self._events = events
        self._tasks = self._cut_all()
        self._again: list[Task] = []
        self._ahead = 0
        self._unsettled = 0
        self._has_more = True
        self.failed_count = 0

    @property
    def is_over(self) -> bool:
        """Every object is finished or failed."""
        return not self._has_more and self._unsettled == 0

    def next(self) -> Task | None:
        """The next task; None when there is none for now."""
        if self._again:
            return self._again.pop()
        if self._ahead >= _AHEAD_PER_WORKER * self._plan.worker_count:
            return None
        task = next(self._tasks, None)
        self._has_more = task is not None
        return task

    def put_back(self, task: Task) -> None:
        """The task has to be tried again."""
        self._again.append(task)

    def finish(self, task: Task, failure: Failure | None) -> None:
        """A task came back."""
        item = task.transformed
        item.back += 1
        if failure is not None:
            self._fail(item, _located(failure, task.chunk))
        elif item.failure is None:
            self._ahead -= item.assembly.finish(task.number)
        if task.chunk.is_temporary:
            task.chunk.path.unlink()
        self._settle(item)

    def _cut_all(self) -> Iterator[Task]:
        for planned in load_objects(self._folder):
            item = _Transformed(planned, Assembly(planned.output_path(self._folder)))
            self._unsettled += 1
            yield from self._cut(item)
            item.is_cut = True
            self._settle(item)

    def _cut(self, item: _Transformed) -> Iterator[Task]:
        try:
            for chunk in self._chunks(item.planned):
                if item.failure is not None:
                    return
                task = Task(item, item.given, chunk)
                item.given += 1
                self._ahead += 1
                yield task
        except lines.OversizedRecord as error:
            record = error.index if self._plan.splits_lines else None
            self._fail(item, Failure("ClientError", self._plan.oversized(error.size), record))
        except JobFailed as error:
            self._fail(item, Failure("ClientError", str(error)))

    def _fail(self, item: _Transformed, failure: Failure) -> None:
        """Give the object up; what others know of it by now is thrown away when it is back."""
        if item.failure is None:
            item.failure = failure
            self._ahead -= item.given - item.assembly.appended

    def _chunks(self, planned: PlannedObject) -> Iterator[lines.Chunk]:
        plan, path = self._plan, planned.input_path(self._folder)
        if plan.splits_lines and plan.is_gzip:
            yield from lines.gzip_chunks(path, plan.chunk_bytes, plan.line_limit, self._folder / "pieces")
        elif plan.splits_lines:
            yield from lines.chunks(path, plan.chunk_bytes, plan.line_limit)
        else:
            size = path.stat().st_size
            if not plan.is_gzip and 0 < plan.payload_bytes < size:
                raise lines.OversizedRecord(0, size)
            yield lines.Chunk(path, 0, size)

    def _settle(self, item: _Transformed) -> None:
        """Tell what became of an object, once nothing of it is on its way any more."""
        if not item.is_cut or item.back < item.given:
            return
        self._unsettled -= 1
        if item.failure is None:
            item.assembly.complete()
            self._events.write("finished", number=item.planned.number)
        else:
            self._report(item, item.failure)
        # A link to the stored body: the space is given back as soon as somebody replaces the object.
        item.planned.input_path(self._folder).unlink()

    def _report(self, item: _Transformed, failure: Failure) -> None:
        item.assembly.discard(item.given)
        self.failed_count += 1
        place = "" if failure.record is None else f"record {failure.record + 1}: "
        self._events.write("failed", number=item.planned.number, blame=failure.kind, text=f"{place}{failure.text}")


def _located(failure: Failure, chunk: lines.Chunk) -> Failure:
    """Count the failure's record from the beginning of the object."""
    if failure.record is None:
        return failure
    before = lines.count_lines(chunk.path, chunk.offset) if chunk.first_line is None else chunk.first_line
    return Failure(failure.kind, failure.text, failure.record + before)
