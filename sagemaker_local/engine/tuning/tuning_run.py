"""One tuning job at work: launches training jobs, learns from those that end, and knows when to end itself."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from functools import cached_property

from sagemaker_local.engine.jobs import ENDPOINT_STOPPED, Jobs
from sagemaker_local.engine.tuning.plan import TuningPlan
from sagemaker_local.engine.tuning.results import TrainingResult
from sagemaker_local.engine.tuning.search import (
    GridSearch,
    OrderedSearch,
    RandomSearch,
    Search,
    Strategy,
)
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.job import JobKind, JobOutcome, JobStatus
from sagemaker_local.records.tuning_job import Trial

# AWS, too, gives up after so many training jobs of which none had an objective.
_HOPELESS_AFTER = 5


class _End(Enum):
    """Why a tuning job launches nothing more."""

    EXHAUSTED = auto()
    """All training jobs that it may launch, or that there are, were launched."""
    GOOD_ENOUGH = auto()
    """A training job reached the target."""
    OVERDUE = auto()
    HOPELESS = auto()
    STOPPED = auto()
    """StopHyperParameterTuningJob was called."""
    INTERRUPTED = auto()
    """The endpoint ends."""


_GOING_ON = (None, _End.EXHAUSTED)
"""What runs may run on."""


class TuningRun:
    """From the first training job to the last; everything happens on the thread that calls `run`."""

    def __init__(
        self,
        plan: TuningPlan,
        launch: Callable[[Trial], object],
        jobs: Jobs,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`launch` makes the training job of a trial."""
        self._plan = plan
        self._launch = launch
        self._jobs = jobs
        self._clock = clock
        self._began = clock()
        self._launched = 0
        self._running: dict[int, Trial] = {}
        self._results: list[TrainingResult] = []
        self._ended: queue.SimpleQueue[TrainingResult | None] = queue.SimpleQueue()
        """Training jobs that have ended; None: somebody wants to end the tuning job."""
        self._stop_requested = threading.Event()
        self._is_interrupted = False
        self._end: _End | None = None

    def run(self) -> JobOutcome:
        """Work to the end, and say how it ended; the training jobs have ended by then, too."""
        try:
            while True:
                self._launch_more()
                if not self._running:
                    return self._outcome()
                self._take(self._next())
        except BaseException:
            self._abandon()
            raise

    def stop(self, *, is_interruption: bool = False) -> None:
        """Launch nothing more and let what runs end; from any thread.

        Training jobs are stopped, except when the endpoint ends: it ends all jobs by itself.
        """
        if not self._stop_requested.is_set():
            self._is_interrupted = is_interruption
        self._stop_requested.set()
        self._ended.put(None)

    @cached_property
    def _search(self) -> Search:
        # Made on the thread that uses it: a request that creates a tuning job does not wait for a large library.
        return _search(self._plan)

    def _launch_more(self) -> None:
        while self._end is None and len(self._running) < self._plan.parallel:
            number = self._launched + 1
            if self._plan.most_jobs is not None and number > self._plan.most_jobs:
                self._end = _End.EXHAUSTED
            elif not self._search.can_ask(number):
                return
            else:
                self._launch_next(number)

    def _launch_next(self, number: int) -> None:
        hyperparameters = self._search.ask(number)
        if hyperparameters is None:
            self._end = _End.EXHAUSTED
            return
        # As AWS names them.
        name = f"{self._plan.name}-{number:03d}-{secrets.token_hex(4)}"
        trial = Trial(self._plan.name, number, name, hyperparameters)
        self._launch(trial)
        self._launched = number
        self._running[number] = trial
        threading.Thread(target=self._follow, args=(trial,), name=f"trial-{name}", daemon=True).start()

    def _follow(self, trial: Trial) -> None:
        """Thread of one training job: nothing else waits for several jobs at once."""
        ended = self._jobs.wait(JobKind.TRAINING, trial.training_job)
        self._ended.put(TrainingResult(trial, ended, self._plan.objective))

    def _next(self) -> TrainingResult | None:
        limit = self._plan.max_runtime_seconds
        if limit is None or self._end not in _GOING_ON:
            return self._ended.get()
        try:
            return self._ended.get(timeout=max(0.0, self._began + limit - self._clock()))
        except queue.Empty:
            self._halt(_End.OVERDUE)
            return None

    def _take(self, result: TrainingResult | None) -> None:
        if result is not None:
            del self._running[result.trial.number]
            self._results.append(result)
            self._search.tell(result.trial.number, result.value)
        if self._stop_requested.is_set():
            self._halt(_End.INTERRUPTED if self._is_interrupted else _End.STOPPED)
        elif result is not None and self._is_good_enough(result):
            self._halt(_End.GOOD_ENOUGH)
        elif len(self._results) >= _HOPELESS_AFTER and not self._has_objective:
            self._halt(_End.HOPELESS)

    def _halt(self, end: _End) -> None:
        """Launch nothing more and stop what runs."""
        if self._end not in _GOING_ON:
            return
        self._end = end
        if end is not _End.INTERRUPTED:
            self._stop_running()

    def _stop_running(self) -> None:
        for trial in self._running.values():
            # It may have ended in the meantime, or be stopping already.
            with suppress(ValidationException):
                self._jobs.stop(JobKind.TRAINING, trial.training_job)

    def _abandon(self) -> None:
        """Let no training job go on without us."""
        if not self._is_interrupted:
            self._stop_running()
        while self._running:
            result = self._ended.get()
            if result is not None:
                del self._running[result.trial.number]

    def _is_good_enough(self, result: TrainingResult) -> bool:
        target, value = self._plan.target, result.value
        return target is not None and value is not None and self._plan.objective.is_reached(value, target)

    @property
    def _has_objective(self) -> bool:
        return any(result.value is not None for result in self._results)

    def _outcome(self) -> JobOutcome:
        if self._end is _End.INTERRUPTED:
            return JobOutcome(JobStatus.FAILED, ENDPOINT_STOPPED)
        if self._end is _End.STOPPED:
            return JobOutcome(JobStatus.STOPPED)
        if not self._has_objective:
            return JobOutcome(JobStatus.FAILED, self._failure_reason())
        return JobOutcome(JobStatus.COMPLETED)

    def _failure_reason(self) -> str:
        """Say it in AWS's words, and name a training job that shows why."""
        count = len(self._results)
        completed = [result.job for result in self._results if result.job.status is JobStatus.COMPLETED]
        if completed:
            return (
                f"No objective metrics found after running {count} training jobs. Please ensure that the custom "
                "algorithm is emitting the objective metric as defined by the regular expression provided. "
                f"The log of {completed[-1].name} has no {self._plan.objective.metric!r}."
            )
        reason = f"No training job succeeded after {count} attempts."
        if self._end is _End.OVERDUE:
            return f"{reason} MaxRuntimeInSeconds {self._plan.max_runtime_seconds} were over before."
        last = self._results[-1].job
        return (
            f"{reason} Please take a look at the training job failures to get more details. "
            f"{last.name}: {last.failure_reason or last.status.value}"
        )


def _search(plan: TuningPlan) -> Search:
    if plan.strategy is Strategy.RANDOM:
        return RandomSearch(plan.ranges, plan.seed)
    if plan.strategy is Strategy.GRID:
        return GridSearch(plan.grid)
    # Its library is slow and large, and only this strategy needs it.
    from sagemaker_local.engine.tuning.bayesian import BayesianSearch

    search = BayesianSearch(plan.ranges, maximize=plan.objective.maximize, seed=plan.seed, most_jobs=plan.most_jobs)
    return search if plan.seed is None else OrderedSearch(search, plan.parallel)
