"""Hyperparameter tuning jobs: start, stop, wait, and recovery after the endpoint was killed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sagemaker_local.engine.jobs import ENDPOINT_STOPPED, Jobs, now
from sagemaker_local.engine.saving import until_saved
from sagemaker_local.engine.tuning.plan import TuningPlan, check_metric, read_plan
from sagemaker_local.engine.tuning.results import TrainingResult, results_of
from sagemaker_local.engine.tuning.tuning_run import TuningRun
from sagemaker_local.errors import ConflictException, ServiceError, ValidationException
from sagemaker_local.records.job import JobKind, JobOutcome, JobStatus
from sagemaker_local.records.names import Place
from sagemaker_local.records.shapes import check
from sagemaker_local.records.tuning_job import RESOURCE_TYPE, Trial, TuningJob
from sagemaker_local.store.store import Store

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """A tuning job that a thread of ours works on."""

    run: TuningRun
    ended: threading.Event = field(default_factory=threading.Event)


class TuningJobs:
    """All tuning jobs of one endpoint; their training jobs are jobs like all others, and wait for their turn."""

    def __init__(
        self,
        store: Store,
        place: Place,
        jobs: Jobs,
        metrics_of: Callable[[Mapping[str, Any]], Sequence[str]],
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`metrics_of` names the metrics that a CreateTrainingJob request can have."""
        self._store = store
        self._place = place
        self._jobs = jobs
        self._metrics_of = metrics_of
        self._clock = clock
        self._running: dict[str, _Running] = {}
        # Guards `_running`, and each read-change-write of a tuning job's record.
        self._lock = threading.RLock()
        self._is_closing = False

    def check(self, request: Mapping[str, Any]) -> TuningPlan:
        """Understand a CreateHyperParameterTuningJob request whose shape was checked.

        Raises:
            ValidationException, UnsupportedFeature: what this endpoint, or the runner of its training jobs, refuses.
        """
        plan = read_plan(request)
        first = plan.training_request(f"{plan.name}-001-00000000", {item.name: item.at(0) for item in plan.ranges})
        check("sagemaker", "CreateTrainingJob", first)
        self._jobs.check(JobKind.TRAINING, first)
        check_metric(plan, self._metrics_of(first))
        return plan

    def create(self, request: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> TuningJob:
        """Start a tuning job; its training jobs get its tags, too.

        Raises:
            ValidationException, UnsupportedFeature: see `check`.
            ResourceInUse: the name is taken.
        """
        plan = self.check(request)
        created = self._clock()
        job = TuningJob(
            name=plan.name,
            arn=self._place.arn(f"{RESOURCE_TYPE}/{plan.name.lower()}"),
            status=JobStatus.IN_PROGRESS,
            request=request,
            created=created,
            modified=created,
        )
        running = _Running(TuningRun(plan, lambda trial: self._launch(job, plan, trial, tags or {}), self._jobs))
        with self._lock:
            if self._is_closing:
                raise ConflictException(f"The endpoint is stopping, so tuning job {job.name!r} was not started.")
            with self._store.transaction():
                self._store.tuning_jobs.add(job)
                self._store.tags.add(job.arn, tags or {})
            self._running[job.name] = running
        threading.Thread(target=self._work, args=(job, running), name=f"tuning-{job.name}", daemon=True).start()
        return job

    def stop(self, name: str) -> None:
        """Stop a tuning job and the training jobs that run for it; it is Stopping until they have ended.

        Raises:
            ResourceNotFound: there is no such tuning job.
            ValidationException: it has ended.
        """
        with self._lock:
            job = self._store.tuning_jobs.get(name)
            if job.status.is_final:
                raise ValidationException(
                    f"The request was rejected because the tuning job {job.name!r} is in status {job.status.value}; "
                    "only a tuning job in status InProgress can be stopped."
                )
            self._change(job.name, status=JobStatus.STOPPING)
            running = self._running.get(job.name)
        if running is not None:
            running.run.stop()

    def wait(self, name: str, timeout: float | None = None) -> TuningJob:
        """Block until the tuning job has ended, `timeout` seconds at most, and return its record."""
        with self._lock:
            running = self._running.get(name)
        if running is not None:
            running.ended.wait(timeout)
        return self._store.tuning_jobs.get(name)

    def results(self, job: TuningJob) -> list[TrainingResult]:
        """The training jobs of a tuning job, in the order in which they were launched."""
        return results_of(job, self._store)

    def recover(self) -> None:
        """Mark what ran when the endpoint was killed as Failed; call it once, after `Jobs.recover`."""
        for job in self._store.tuning_jobs.unfinished():
            _LOG.warning("tuning job %s was running when the endpoint stopped", job.name)
            self._finish(job.name, JobOutcome(JobStatus.FAILED, ENDPOINT_STOPPED))

    def interrupt(self) -> None:
        """Launch nothing more, because the endpoint ends."""
        with self._lock:
            self._is_closing = True
            running = list(self._running.values())
        for item in running:
            item.run.stop(is_interruption=True)

    def close(self, timeout: float = 3.0) -> None:
        """Interrupt all tuning jobs and wait for them, `timeout` seconds at most; what is left is for `recover`."""
        self.interrupt()
        with self._lock:
            running = list(self._running.values())
        deadline = time.monotonic() + timeout
        for item in running:
            item.ended.wait(max(0.0, deadline - time.monotonic()))

    def _launch(self, job: TuningJob, plan: TuningPlan, trial: Trial, tags: Mapping[str, str]) -> None:
        arn = self._place.arn(f"{JobKind.TRAINING.resource_type}/{trial.training_job.lower()}")
        request = plan.training_request(trial.training_job, trial.hyperparameters)

        def launch() -> None:
            # The trial first: a kill in between leaves one without a training job, never a job that nobody looks after.
            with self._store.transaction():
                self._store.tuning_jobs.add_trial(trial)
                self._store.tags.add(arn, tags)
            self._jobs.create(JobKind.TRAINING, request, {"TuningJobArn": job.arn})

        until_saved(launch, lambda: self._is_closing)

    def _work(self, job: TuningJob, running: _Running) -> None:
        """Thread of one tuning job."""
        try:
            outcome = self._outcome(job, running)
            until_saved(lambda: self._finish(job.name, outcome), lambda: self._is_closing)
        except Exception:  # noqa: BLE001  # a thread's last resort
            # Without its record nobody can learn how the tuning job ended; the endpoint's log is what is left.
            _LOG.exception("the end of tuning job %s could not be recorded", job.name)
        finally:
            with self._lock:
                del self._running[job.name]
            running.ended.set()

    def _outcome(self, job: TuningJob, running: _Running) -> JobOutcome:
        try:
            return running.run.run()
        except ServiceError as error:
            # A training job was refused in the middle.
            reason = ENDPOINT_STOPPED if self._is_closing else f"ClientError: {error}"
            return JobOutcome(JobStatus.FAILED, reason)
        except Exception as error:  # noqa: BLE001  # a bug of ours fails the tuning job, not the endpoint
            _LOG.exception("tuning job %s failed inside the endpoint", job.name)
            reason = f"InternalServerError: {type(error).__name__}: {error} (traceback in the endpoint's log)"
            return JobOutcome(JobStatus.FAILED, reason)

    def _finish(self, name: str, outcome: JobOutcome) -> None:
        self._change(name, status=outcome.status, failure_reason=outcome.failure_reason, ended=self._clock())

    def _change(self, name: str, **members: Any) -> None:
        with self._lock:
            job = replace(self._store.tuning_jobs.get(name), modified=self._clock(), **members)
            self._store.tuning_jobs.update(job)
