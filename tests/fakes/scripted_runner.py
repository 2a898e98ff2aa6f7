"""Runners that run nothing: each job ends as its test says, when its test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import ServiceError
from sagemaker_local.records.job import Job, JobControl, JobOutcome, JobStatus

COMPLETED = JobOutcome(JobStatus.COMPLETED)
Behaviour = Callable[[Job, JobControl], JobOutcome]


def complete(job: Job, control: JobControl) -> JobOutcome:
    return COMPLETED


def failing(reason: str) -> Behaviour:
    def fail(job: Job, control: JobControl) -> JobOutcome:
        return JobOutcome(JobStatus.FAILED, reason)

    return fail


def scoring(score: Callable[[Mapping[str, str]], float], metric: str = "validation:auc") -> Behaviour:
    """Complete with a metric that follows from the hyperparameters."""

    def train(job: Job, control: JobControl) -> JobOutcome:
        value = score(job.request["HyperParameters"])
        final = [{"MetricName": metric, "Value": value, "Timestamp": datetime.now(UTC)}]
        return JobOutcome(JobStatus.COMPLETED, details={"FinalMetricDataList": final})

    return train


def until_stopped(job: Job, control: JobControl) -> JobOutcome:
    """Run until a stop comes, as a script that never ends."""
    assert control.stop_requested.wait(10), "nobody stopped the job"
    return JobOutcome(JobStatus.STOPPED)


class ScriptedRunner:
    """A Runner whose behaviour is a function; remembers the jobs that it ran, and how many at once."""

    def __init__(self, behaviour: Behaviour = complete, refusal: ServiceError | None = None) -> None:
        self.behaviour = behaviour
        self.refusal = refusal
        self.checked: list[Mapping[str, Any]] = []
        self.jobs: list[Job] = []
        self.running = 0
        self.most_at_once = 0
        self.started = threading.Event()
        self._lock = threading.Lock()

    def check(self, request: Mapping[str, Any]) -> None:
        self.checked.append(request)
        if self.refusal is not None:
            raise self.refusal

    def run(self, job: Job, control: JobControl) -> JobOutcome:
        with self._lock:
            self.jobs.append(job)
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        self.started.set()
        try:
            return self.behaviour(job, control)
        finally:
            with self._lock:
                self.running -= 1
