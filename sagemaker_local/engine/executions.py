"""Pipeline executions: start, stop, retry, wait, and recovery after the endpoint was killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from graphlib import TopologicalSorter

from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.graph import Graph
from sagemaker_local.engine.jobs import Jobs, now
from sagemaker_local.engine.parameters import settle
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.step_worker import Sleep
from sagemaker_local.engine.steps.actions import step_actions
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.engine.walk import Walk, Workshop, not_stoppable
from sagemaker_local.engine.wreckage import end_wreck
from sagemaker_local.errors import ConflictException
from sagemaker_local.ports import Functions, ObjectStore
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.names import Place, new_execution_id
from sagemaker_local.records.pipeline import Pipeline
from sagemaker_local.store.store import Store


class Executions:
    """All executions of one endpoint; they know nothing of each other."""

    def __init__(
        self,
        store: Store,
        place: Place,
        jobs: Jobs,
        tuning_jobs: TuningJobs,
        registry: Registry,
        objects: ObjectStore,
        functions: Functions,
        *,
        clock: Callable[[], datetime] = now,
        sleep: Sleep = StopSignal.wait,
    ) -> None:
        """`sleep` waits between the tries of a step."""
        self._store = store
        self._place = place
        self._clock = clock
        actions = step_actions(jobs, tuning_jobs, registry, functions, store.tags)
        self._workshop = Workshop(store, actions, objects, clock, sleep)
        self._walks: dict[str, Walk] = {}
        # Guards `_walks`, and that an execution is retried once at a time.
        self._lock = threading.RLock()
        self._is_closing = False

    def start(
        self,
        pipeline: Pipeline,
        parameters: Mapping[str, str],
        *,
        display_name: str | None = None,
        description: str | None = None,
        max_parallel_steps: int | None = None,
        client_request_token: str | None = None,
    ) -> Execution:
        """Start an execution of the pipeline's definition, which is frozen with it.

        Raises:
            ValidationException: a parameter that is unknown, missing or does not fit.
        """
        texts = settle(parse(pipeline.definition).parameters, parameters)
        created = self._clock()
        execution_id = new_execution_id()
        execution = Execution(
            arn=self._place.arn(f"pipeline/{pipeline.name}/execution/{execution_id}"),
            execution_id=execution_id,
            pipeline_name=pipeline.name,
            pipeline_arn=pipeline.arn,
            pipeline_version=pipeline.version,
            definition=pipeline.definition,
            role_arn=pipeline.role_arn,
            status=ExecutionStatus.EXECUTING,
            created=created,
            modified=created,
            display_name=display_name or f"execution-{int(created.timestamp() * 1000)}",
            description=description,
            parameters=texts,
            max_parallel_steps=max_parallel_steps or pipeline.max_parallel_steps,
            client_request_token=client_request_token,
        )
        with self._lock:
            self._refuse_when_closing()
            walk = Walk(execution, {}, self._workshop)
            self._store.executions.add(execution)
            self._walk(walk, execution.arn)
        return execution

    def stop(self, arn: str) -> None:
        """Stop an execution: its running jobs are stopped, its running functions waited for.

        Raises:
            ResourceNotFound: there is no such execution.
            ConflictException: it has ended.
        """
        execution = self._store.executions.get(arn)
        # No retry may come in between: it would be the walk before it that is stopped.
        with self._lock:
            walk = self._walks.get(arn)
            if walk is None:
                raise not_stoppable(arn, execution.status)
            walk.stop()

    def retry(self, arn: str, max_parallel: int | None = None) -> Execution:
        """Run again what did not succeed, and what ran because of it; what else succeeded is kept, with its results.

        Raises:
            ResourceNotFound: there is no such execution.
            ConflictException: it runs, has succeeded, or was ended by a Fail step.
        """
        with self._lock:
            self._refuse_when_closing()
            execution = self._store.executions.get(arn)
            if not execution.status.is_resumable:
                raise ConflictException(
                    f"Pipeline execution {arn} is in status {execution.status.value}; "
                    "only one in status Failed, Stopped or CompletedWithFailures can be retried."
                )
            steps = self._store.executions.steps(arn)
            if any(step.type == "Fail" and step.status is StepStatus.FAILED for step in steps):
                raise ConflictException(
                    f"Pipeline execution {arn} was ended by a Fail step and cannot be retried; start a new one."
                )
            succeeded = _kept(steps, parse(execution.definition).graph)
            resumed = replace(
                execution,
                status=ExecutionStatus.EXECUTING,
                failure_reason=None,
                modified=self._clock(),
                max_parallel_steps=max_parallel or execution.max_parallel_steps,
            )
            walk = Walk(resumed, succeeded, self._workshop)
            with self._store.transaction():
                self._store.executions.delete_steps(arn, [step.name for step in steps if step.name not in succeeded])
                self._store.executions.update(resumed)
            self._walk(walk, arn)
        return resumed

    def wait(self, arn: str, timeout: float | None = None) -> Execution:
        """Block until the execution has ended, `timeout` seconds at most, and return its record."""
        with self._lock:
            walk = self._walks.get(arn)
        if walk is not None:
            walk.ended.wait(timeout)
        return self._store.executions.get(arn)

    def recover(self) -> None:
        """End what ran when the endpoint was killed; call it once, after the jobs' own, before any `start`."""
        for execution in self._store.executions.unfinished():
            end_wreck(execution, self._store, self._clock())

    def interrupt(self) -> None:
        """Start nothing more, and stop what runs, because the endpoint ends."""
        with self._lock:
            self._is_closing = True
            walks = list(self._walks.values())
        for walk in walks:
            walk.interrupt()

    def close(self, timeout: float = 3.0) -> None:
        """Interrupt all executions and wait for them, `timeout` seconds at most; what is left is for `recover`."""
        self.interrupt()
        with self._lock:
            walks = list(self._walks.values())
        deadline = time.monotonic() + timeout
        for walk in walks:
            walk.ended.wait(max(0.0, deadline - time.monotonic()))

    def _walk(self, walk: Walk, arn: str) -> None:
        self._walks[arn] = walk
        threading.Thread(target=self._run, args=(walk, arn), name=f"execution-{arn}", daemon=True).start()

    def _run(self, walk: Walk, arn: str) -> None:
        """Thread of one walk."""
        walk.run()
        with self._lock:
            # A retry may have put another walk in its place.
            if self._walks.get(arn) is walk:
                del self._walks[arn]

    def _refuse_when_closing(self) -> None:
        if self._is_closing:
            raise ConflictException("The endpoint is stopping; start it again, then repeat the request.")


def _kept(steps: Sequence[Step], graph: Graph) -> dict[str, Step]:
    """The steps that succeeded after nothing that runs again: one whose trigger was a failure has to wait anew."""
    kept: dict[str, Step] = {}
    succeeded = {step.name: step for step in steps if step.status is StepStatus.SUCCEEDED}
    for name in TopologicalSorter(graph).static_order():
        if name in succeeded and graph[name] <= kept.keys():
            kept[name] = succeeded[name]
    return kept
