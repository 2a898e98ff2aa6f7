"""Walks the graph of one execution: one thread that decides, one thread for each running step."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.progress import Progress
from sagemaker_local.engine.run_scope import RunScopes
from sagemaker_local.engine.saving import until_saved
from sagemaker_local.engine.step_record import StepRecord
from sagemaker_local.engine.step_worker import Sleep, StepWorker, interrupted_reason
from sagemaker_local.engine.steps.outcome import Action
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.errors import ConflictException
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.store.store import Store

_LOG = logging.getLogger(__name__)

STEP_FAILURE = "Step failure: One or multiple steps failed."

# SageMaker documents no limit where none is set; here each running step is a thread.
_MOST_PARALLEL_STEPS = 100


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all executions of an endpoint work with."""

    store: Store
    actions: Mapping[str, Action]
    objects: ObjectStore
    clock: Callable[[], datetime]
    sleep: Sleep


class Walk:
    """One execution from its start, or its retry, to its end."""

    def __init__(self, execution: Execution, succeeded: Mapping[str, Step], workshop: Workshop) -> None:
        """Steps in `succeeded` are not run again."""
        self._execution = execution
        self._workshop = workshop
        self._store = workshop.store
        self._definition = parse(execution.definition)
        self._succeeded = dict(succeeded)
        self._scopes = RunScopes(execution, self._definition, self._succeeded, workshop.objects, workshop.clock)
        self._progress = Progress(self._definition)
        for step in succeeded.values():
            self._note_outcome(step)
        self._running: dict[str, StepRecord] = {}
        self._ended_steps: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self._stop = StopSignal()
        # For the steps that a stop triggers: stopping the execution must not stop them, too.
        self._second_stop = StopSignal()
        # No stop may come between a decision and what is made of it: the stop sees the step, or the step the stop.
        self._lock = threading.RLock()
        self.ended = threading.Event()

    def run(self) -> None:
        """Work until nothing runs and nothing may start; never raises."""
        try:
            while True:
                until_saved(self._start_ready, self._is_interrupted)
                if not self._running:
                    break
                self._note_end(self._ended_steps.get())
            until_saved(self._end, self._is_interrupted)
        except Exception:  # noqa: BLE001  # a thread's last resort
            _LOG.exception(
                "execution %s is left unfinished; the next start of the endpoint will end it", self._execution.arn
            )
        finally:
            self.ended.set()

    def stop(self) -> None:
        """Stop what runs and start nothing more but what a trigger asks for; a second stop ends that, too.

        Raises:
            ConflictException: the execution has ended.
        """
        with self._lock:
            status = self._store.executions.get(self._execution.arn).status
            if status.is_final:
                raise not_stoppable(self._execution.arn, status)
            # Not by the status: a stop that a full disk broke off after it was saved has stopped nothing yet.
            signal = self._second_stop if self._stop.is_set() else self._stop
            if status is not ExecutionStatus.STOPPING:
                self._change(status=ExecutionStatus.STOPPING)
            self._progress.stop()
            for record in self._running.values():
                record.change(status=StepStatus.STOPPING)
            signal.set()

    def interrupt(self) -> None:
        """Stop because the endpoint ends: what does not finish is marked as failed, to be resumed by a retry."""
        with self._lock:
            self._stop.set(is_interruption=True)
            self._second_stop.set(is_interruption=True)

    def _is_interrupted(self) -> bool:
        return self._stop.is_interruption

    def _start_ready(self) -> None:
        with self._lock:
            for name in self._progress.ready:
                # Set by a second stop, and when the endpoint ends.
                if self._second_stop.is_set() or len(self._running) >= self._limit():
                    return
                self._start(name)
                self._progress.start(name)

    def _limit(self) -> int:
        # UpdatePipelineExecution may have changed it.
        return self._store.executions.get(self._execution.arn).max_parallel_steps or _MOST_PARALLEL_STEPS

    def _start(self, name: str) -> None:
        step = self._definition.steps[name]
        record = StepRecord(
            Step(
                execution_arn=self._execution.arn,
                name=name,
                type=step.type.name,
                status=StepStatus.STARTING,
                started=self._workshop.clock(),
                display_name=step.display_name,
                description=step.description,
            ),
            self._store.executions.save_step,
        )
        self._running[name] = record
        worker = StepWorker(
            execution=self._execution,
            step=step,
            record=record,
            action=self._workshop.actions[step.type.name],
            scopes=self._scopes,
            stop=self._second_stop if self._stop.is_set() else self._stop,
            executions=self._store.executions,
            clock=self._workshop.clock,
            sleep=self._workshop.sleep,
        )
        threading.Thread(target=self._work, args=(worker,), name=f"step-{name}", daemon=True).start()

    def _work(self, worker: StepWorker) -> None:
        """Thread of one step."""
        try:
            ended = worker.run()
        except Exception:  # noqa: BLE001  # a thread's last resort
            # Its record could not be saved. The walk goes on as if it had failed; the store keeps what it has.
            _LOG.exception("step %s of %s was lost", worker.step.name, self._execution.arn)
            ended = replace(worker.record.step, status=StepStatus.FAILED)
        self._ended_steps.put(ended)

    def _note_end(self, step: Step) -> None:
        with self._lock:
            del self._running[step.name]
            if step.status is StepStatus.SUCCEEDED:
                self._succeeded[step.name] = step
            self._note_outcome(step)

    def _note_outcome(self, step: Step) -> None:
        self._progress.end(step.name, step.status, outcome=step.properties.get("Outcome"))

    def _end(self) -> None:
        with self._lock:
            is_unfinished = bool(self._progress.unhandled or self._progress.ready)
            if self._store.executions.get(self._execution.arn).status is ExecutionStatus.STOPPING:
                self._change(status=ExecutionStatus.STOPPED)
            elif is_unfinished and self._stop.is_interruption:
                self._change(status=ExecutionStatus.FAILED, failure_reason=interrupted_reason(self._execution))
            elif is_unfinished:
                self._change(status=ExecutionStatus.FAILED, failure_reason=STEP_FAILURE)
            elif self._progress.has_failures:
                self._change(status=ExecutionStatus.COMPLETED_WITH_FAILURES)
            else:
                self._change(status=ExecutionStatus.SUCCEEDED)

    def _change(self, **members: Any) -> None:
        with self._store.transaction():
            current = self._store.executions.get(self._execution.arn)
            self._store.executions.update(replace(current, modified=self._workshop.clock(), **members))


def not_stoppable(arn: str, status: ExecutionStatus) -> ConflictException:
    """Refuse to stop what has ended."""
    return ConflictException(
        f"Pipeline execution {arn} is in status {status.value}; only an execution that is Executing can be stopped."
    )
