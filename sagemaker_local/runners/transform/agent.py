"""The process of a transform job: unpacks the model, starts workers and gives them work until all objects are done."""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.archive import unpack
from sagemaker_local.runners.transform import artifacts
from sagemaker_local.runners.transform.events import EventWriter
from sagemaker_local.runners.transform.messages import Failure, say
from sagemaker_local.runners.transform.model_worker import ModelWorker
from sagemaker_local.runners.transform.plan import MODEL_ARCHIVE, Plan
from sagemaker_local.runners.transform.progress import Progress, Task

_POLL_SECONDS = 0.25
_SUBMIT_VARIABLE = "SAGEMAKER_SUBMIT_DIRECTORY"


class Agent:
    """One transform job, from its plan to its last event."""

    def __init__(self, folder: Path, ml: Path, events: EventWriter, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._ml = ml
        self._plan = Plan.load(folder)
        self._progress = Progress(self._plan, folder, events)
        self._environment = dict(environment)
        # A number that the model's owner gave is kept, as in the container.
        self._environment.setdefault("OMP_NUM_THREADS", str(self._plan.thread_count))
        self._selector = selectors.DefaultSelector()
        self._workers: dict[ModelWorker, Task | None] = {}

    def run(self) -> bool:
        """Transform everything; whether all objects could be.

        Raises:
            JobFailed: the model cannot be unpacked or loaded.
        """
        for _ in range(self._plan.worker_count):
            self._start_worker()
        # While they start.
        self._unpack()
        for worker in self._workers:
            self._load(worker)
        self._work()
        self._dismiss()
        return self._progress.failed_count == 0

    def _dismiss(self) -> None:
        ready = [worker for worker in self._workers if worker.is_ready]
        for worker in ready:
            worker.hang_up()
        for worker in self._workers.keys() - ready:
            worker.kill()  # the others were quicker than its start
        for worker in ready:
            worker.wait()

    @property
    def _code(self) -> Path:
        return self._ml / "code"

    def _start_worker(self) -> ModelWorker:
        worker = ModelWorker(self._folder, self._environment)
        self._workers[worker] = None
        self._selector.register(worker.channel.connection, selectors.EVENT_READ, worker)
        return worker

    def _load(self, worker: ModelWorker) -> None:
        worker.load(self._plan.program, self._code, self._ml / "model")

    def _unpack(self) -> None:
        archive = self._folder / MODEL_ARCHIVE
        if archive.exists():
            unpack(archive, self._ml / "model", "the model's ModelDataUrl")
        submitted = Path(self._environment.get(_SUBMIT_VARIABLE) or self._code)
        artifacts.place_script(submitted, self._code)

    def _work(self) -> None:
        self._give_tasks()
        while not self._progress.is_over:
            for key, _ in self._selector.select(_POLL_SECONDS):
                self._listen(key.data)
            for worker in [worker for worker in self._workers if worker.is_late]:
                limit = self._plan.timeout_seconds
                self._replace(worker, f"no answer within {limit} seconds (InvocationsTimeoutInSeconds)")
            self._give_tasks()

    def _give_tasks(self) -> None:
        for worker, current in self._workers.items():
            if current is None and worker.is_ready and (task := self._progress.next()):
                task.attempts += 1
                self._workers[worker] = task
                worker.start(asdict(task.work), self._plan.timeout_seconds)

    def _listen(self, worker: ModelWorker) -> None:
        try:
            messages = worker.channel.receive()
        except EOFError:
            self._replace(worker, "the model's worker died")
            return
        for message in messages:
            self._take(worker, message)

    def _take(self, worker: ModelWorker, message: Mapping[str, Any]) -> None:
        match message["is"]:
            case "not-loaded":
                raise JobFailed(message["text"])
            case "ready":
                worker.is_ready = True
            case "beat":
                worker.extend(self._plan.timeout_seconds)
            case "done":
                task, self._workers[worker] = self._workers[worker], None
                worker.rest()
                if task is not None:
                    self._progress.finish(task, _failure(message["failure"]))

    def _replace(self, worker: ModelWorker, reason: str) -> None:
        """Start another worker in the place of one that is lost, and try its task again."""
        self._selector.unregister(worker.channel.connection)
        task = self._workers.pop(worker)
        reason = f"{reason}; {worker.kill()}"
        if task is None:
            raise JobFailed(f"AlgorithmError: the model's worker died while it loaded the model; {reason}")
        allowed = self._plan.max_retries + 1
        say(f"Invocation failed, attempt {task.attempts} of {allowed}: {reason}")
        if task.attempts < allowed:
            self._progress.put_back(task)
        else:
            self._progress.finish(task, Failure("AlgorithmError", reason))
        self._load(self._start_worker())


def _failure(members: Mapping[str, Any] | None) -> Failure | None:
    return None if members is None else Failure(**members)


def main(arguments: list[str]) -> None:
    """Run a job: FOLDER ML EVENTS_DESCRIPTOR; exit code 1 when an object could not be transformed."""
    folder, ml, descriptor = arguments
    events = EventWriter(int(descriptor))
    try:
        succeeded = Agent(Path(folder), Path(ml), events, os.environ).run()
    except JobFailed as error:
        say(str(error))
        events.write("broken", text=str(error))
        succeeded = False
    sys.exit(0 if succeeded else 1)
