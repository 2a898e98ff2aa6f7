"""An engine over a real store, with a runner and functions that the test directs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sagemaker_local.engine.executions import Executions
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.records.execution import Execution, Step
from sagemaker_local.records.job import JobKind
from sagemaker_local.records.names import Place
from sagemaker_local.records.pipeline import Pipeline
from sagemaker_local.runners import metrics
from sagemaker_local.store.store import Store
from tests.fakes.functions import FakeFunctions
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.scripted_runner import ScriptedRunner
from tests.fakes.step_definitions import ROLE

_PATIENCE_SECONDS = 10

PLACE = Place("us-west-2", "000000000000")


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread will bring about."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


@dataclass
class Engine:
    """The engine's parts, and shorthands for what most tests do."""

    store: Store
    runner: ScriptedRunner
    functions: FakeFunctions
    objects: FolderObjectStore
    jobs: Jobs
    tuning_jobs: TuningJobs
    registry: Registry
    executions: Executions
    slept: list[float] = field(default_factory=list)

    def start(
        self, definition: str, *, pipeline: str = "churn", parameters: Mapping[str, str] | None = None, **options: Any
    ) -> Execution:
        """Make the pipeline and start it."""
        known = [item.name for item in self.store.pipelines.all()]
        now = datetime.now(UTC)
        record = Pipeline(pipeline, PLACE.arn(f"pipeline/{pipeline}"), definition, ROLE, now, now)
        if pipeline not in known:
            self.store.pipelines.add(record)
        return self.executions.start(record, parameters or {}, **options)

    def run(self, definition: str, **options: Any) -> Execution:
        """Start it and wait for its end."""
        return self.executions.wait(self.start(definition, **options).arn, timeout=_PATIENCE_SECONDS)

    def close(self) -> None:
        self.executions.interrupt()
        self.tuning_jobs.interrupt()
        self.jobs.close(timeout=5)
        self.tuning_jobs.close(timeout=5)
        self.executions.close(timeout=5)
        self.store.close()

    def steps(self, execution: Execution) -> dict[str, Step]:
        return {step.name: step for step in self.store.executions.steps(execution.arn)}


def build(path: Path, runner: ScriptedRunner | None = None) -> Engine:
    """Build an engine over the state in `path`; waits between tries are noted, not slept."""
    store = Store.open(path / "state.sqlite3")
    runner = runner or ScriptedRunner()
    functions = FakeFunctions()
    objects = FolderObjectStore(path / "s3", "bucket")
    jobs = Jobs(store.jobs, PLACE, dict.fromkeys(JobKind, runner))
    tuning_jobs = TuningJobs(store, PLACE, jobs, metrics.names_of)
    registry = Registry(store, PLACE)
    slept: list[float] = []

    def sleep(stop: StopSignal, seconds: float) -> bool:
        slept.append(seconds)
        return stop.is_set()

    executions = Executions(store, PLACE, jobs, tuning_jobs, registry, objects, functions, sleep=sleep)
    return Engine(store, runner, functions, objects, jobs, tuning_jobs, registry, executions, slept)
