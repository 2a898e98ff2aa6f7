"""Starts, follows, stops and recovers processing, training and transform jobs; knows runners only by their kind."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.engine.descriptions import as_details
from sagemaker_local.engine.saving import until_saved
from sagemaker_local.engine.turns import Turns
from sagemaker_local.errors import ConflictException, JobFailed, ValidationException
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus, Runner
from sagemaker_local.records.names import Place
from sagemaker_local.store.jobs import JobStore

_LOG = logging.getLogger(__name__)

# What a job has, when the endpoint ends, between SIGTERM and SIGKILL: nobody waits two minutes for a prompt.
_LAST_GRACE_SECONDS = 1.0
ENDPOINT_STOPPED = "InternalServerError: the endpoint stopped while the job ran."
"""Why jobs fail that ran when the endpoint ended."""


def now() -> datetime:
    """Tell the time as all records carry it."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Running:
    """A job that a thread of ours works on."""

    control: JobControl
    ended: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """All jobs of one endpoint. A job is InProgress from `create` on, also while it waits for its turn."""

    def __init__(
        self,
        store: JobStore,
        place: Place,
        runners: Mapping[JobKind, Runner],
        clock: Callable[[], datetime] = now,
        limit: int | None = None,
    ) -> None:
        """Jobs above `limit` (two for each core) wait for their turn."""
        self._store = store
        self._place = place
        self._runners = runners
        self._clock = clock
        self._turns = Turns(limit or 2 * (os.cpu_count() or 1))
        self._running: dict[tuple[JobKind, str], _Running] = {}
        # Guards `_running`, and each read-change-write of a job's record.
        self._lock = threading.RLock()
        self._closing = False

    def check(self, kind: JobKind, request: Mapping[str, Any]) -> None:
        """Refuse what `create` would refuse for its content; raises ValidationException, UnsupportedFeature."""
        self._runners[kind].check(request)

    def create(self, kind: JobKind, request: Mapping[str, Any], details: Mapping[str, Any] | None = None) -> Job:
        """Accept a Create…Job request whose shape was checked, and start the job.

        Args:
            kind: of the job.
            request: without tags.
            details: members of the Describe response from the start on: which tuning job the job belongs to.

        Raises:
            ValidationException, UnsupportedFeature: what the runner refuses.
            ResourceInUse: the name is taken.
        """
        self.check(kind, request)
        name: str = request[kind.name_member]
        created = self._clock()
        job = Job(
            kind=kind,
            name=name,
            # AWS, too, writes the name's small letters into the ARN of a job.
            arn=self._place.arn(f"{kind.resource_type}/{name.lower()}"),
            status=JobStatus.IN_PROGRESS,
            request=request,
            created=created,
            modified=created,
            details=_in_secondary_status(details or {}, "Starting", created)
            if kind is JobKind.TRAINING
            else details or {},
        )
        running = _Running(JobControl(report=lambda details: self._report(kind, name, details)))
        with self._lock:
            if self._closing:
                raise ConflictException(
                    f"The endpoint is stopping, so {kind.value.lower()} job {name!r} was not started."
                )
            self._store.add(job)
            self._running[kind, name] = running
        threading.Thread(target=self._work, args=(job, running), name=f"job-{name}", daemon=True).start()
        return job

    def stop(self, kind: JobKind, name: str) -> None:
        """Ask a job to end early; it is Stopping until its runner is done.

        Raises:
            ValidationException: there is no such job, or it has ended.
        """
        with self._lock:
            job = self._store.get(kind, name)
            if job.status.is_final:
                raise ValidationException(
                    f"The request was rejected because the {kind.value.lower()} job {name!r} is in status "
                    f"{job.status.value}; only a job in status InProgress can be stopped."
                )
            self._change(kind, name, status=JobStatus.STOPPING)
            running = self._running.get((kind, name))
        if running is not None:
            running.control.stop_requested.set()
            self._turns.notice_stop()

    def wait(self, kind: JobKind, name: str) -> Job:
        """Block until the job has ended, and return its last record."""
        with self._lock:
            running = self._running.get((kind, name))
        if running is not None:
            running.ended.wait()
        return self._store.get(kind, name)

    def recover(self) -> None:
        """Mark what ran when the endpoint was killed as Failed; call it once, before the first `create`."""
        for job in self._store.unfinished():
            _LOG.warning("%s job %s was running when the endpoint stopped", job.kind.value, job.name)
            self._finish(job, JobOutcome(JobStatus.FAILED, ENDPOINT_STOPPED))

    def close(self, grace_seconds: float = _LAST_GRACE_SECONDS, timeout: float = 3.0) -> None:
        """Refuse new jobs and stop the running ones; what has not ended after a grace is killed.

        Waits `timeout` seconds at most; what is left is for `recover`.
        """
        with self._lock:
            self._closing = True
            running = list(self._running.values())
        for job in running:
            job.control.stop_requested.set()
        self._turns.notice_stop()
        begun = time.monotonic()
        for seconds in (grace_seconds, timeout):
            for job in running:
                job.ended.wait(max(0.0, begun + seconds - time.monotonic()))
            for job in running:
                job.control.kill_requested.set()

    def _work(self, job: Job, running: _Running) -> None:
        """Thread of one job."""
        try:
            outcome = self._outcome(job, running)
            until_saved(lambda: self._finish(job, outcome), lambda: self._closing)
        except Exception:  # noqa: BLE001  # a thread's last resort
            # Without its record nobody can learn how the job ended; the endpoint's log is what is left.
            _LOG.exception("the end of %s job %s could not be recorded", job.kind.value, job.name)
        finally:
            with self._lock:
                del self._running[job.kind, job.name]
            running.ended.set()

    def _outcome(self, job: Job, running: _Running) -> JobOutcome:
        if not self._turns.take(running.control.stop_requested):
            return JobOutcome(JobStatus.STOPPED)
        try:
            started = self._change(job.kind, job.name, started=self._clock())
            return self._runners[job.kind].run(started, running.control)
        except JobFailed as failure:
            return JobOutcome(JobStatus.FAILED, str(failure))
        except Exception as error:  # noqa: BLE001  # a bug of a runner fails its job, not the endpoint
            _LOG.exception("%s job %s failed inside the endpoint", job.kind.value, job.name)
            reason = f"InternalServerError: {type(error).__name__}: {error} (traceback in the endpoint's log)"
            return JobOutcome(JobStatus.FAILED, reason)
        finally:
            self._turns.give_back()

    def _finish(self, job: Job, outcome: JobOutcome) -> None:
        with self._lock:
            current = self._store.get(job.kind, job.name)
            if self._closing and outcome.status is JobStatus.STOPPED and current.status is not JobStatus.STOPPING:
                # Nobody asked for it but the endpoint's own end.
                outcome = replace(outcome, status=JobStatus.FAILED, failure_reason=ENDPOINT_STOPPED)
            ended = self._clock()
            details = {**current.details, **as_details(outcome.details)}
            if job.kind is JobKind.TRAINING:
                word = outcome.details.get("SecondaryStatus") or outcome.status.value
                details = _in_secondary_status(details, word, ended)
            self._change(
                job.kind,
                job.name,
                status=outcome.status,
                ended=ended,
                failure_reason=outcome.failure_reason,
                details=details,
            )

    def _report(self, kind: JobKind, name: str, details: Mapping[str, Any]) -> None:
        with self._lock:
            merged = {**self._store.get(kind, name).details, **as_details(details)}
            if "SecondaryStatus" in details:
                merged = _in_secondary_status(merged, details["SecondaryStatus"], self._clock())
            self._change(kind, name, details=merged)

    def _change(self, kind: JobKind, name: str, **members: Any) -> Job:
        with self._lock:
            job = replace(self._store.get(kind, name), modified=self._clock(), **members)
            self._store.update(job)
            return job


def _in_secondary_status(details: Mapping[str, Any], word: str, time: datetime) -> dict[str, Any]:
    """Enter a secondary status: the transition before it ends now, and a new one begins."""
    moment = time.timestamp()
    transitions = [dict(transition) for transition in details.get("SecondaryStatusTransitions", ())]
    if transitions and transitions[-1]["Status"] == word:
        return {**details, "SecondaryStatus": word}
    if transitions:
        transitions[-1].setdefault("EndTime", moment)
    transitions.append({"Status": word, "StartTime": moment, "StatusMessage": ""})
    return {**details, "SecondaryStatus": word, "SecondaryStatusTransitions": transitions}
