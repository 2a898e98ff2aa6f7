"""What came of the training jobs of a tuning job, and the Describe response that says it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.engine.descriptions import described
from sagemaker_local.engine.jobs import now
from sagemaker_local.engine.tuning.plan import Objective, objective_of
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.records.tuning_job import Trial, TuningJob
from sagemaker_local.store.store import Store

_REASON_MAX = 1024
_COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
_OBJECTIVE_COUNTERS = ("Succeeded", "Pending", "Failed")


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """One training job of a tuning job, as far as it is."""

    trial: Trial
    job: Job
    objective: Objective
    definition_name: str | None = None

    @property
    def value(self) -> float | None:
        """The objective; None before the training job has completed, or when its log did not say it."""
        if self.job.status is not JobStatus.COMPLETED:
            return None
        metrics = {item["MetricName"]: item["Value"] for item in self.job.details.get("FinalMetricDataList", ())}
        value = metrics.get(self.objective.metric)
        return value if value is not None and math.isfinite(value) else None

    @property
    def objective_status(self) -> str:
        """The word of the API for what is known of the objective."""
        if not self.job.status.is_final:
            return "Pending"
        return "Failed" if self.value is None else "Succeeded"

    @property
    def counter(self) -> str:
        """The counter of the API that counts this training job."""
        if self.job.status is JobStatus.FAILED:
            is_ours = (self.job.failure_reason or "").startswith("InternalServerError")
            return "RetryableError" if is_ours else "NonRetryableError"
        return "InProgress" if self.job.status is JobStatus.STOPPING else self.job.status.value

    @property
    def summary(self) -> dict[str, Any]:
        """The training job's entry in lists and in BestTrainingJob."""
        final = {"Type": self.objective.type, "MetricName": self.objective.metric, "Value": self.value}
        return {
            "TrainingJobDefinitionName": self.definition_name,
            "TrainingJobName": self.job.name,
            "TrainingJobArn": self.job.arn,
            "TuningJobName": self.trial.tuning_job,
            "CreationTime": self.job.created,
            "TrainingStartTime": self.job.started,
            "TrainingEndTime": self.job.ended,
            "TrainingJobStatus": self.job.status.value,
            "TunedHyperParameters": dict(self.trial.hyperparameters),
            "FailureReason": (self.job.failure_reason or "")[:_REASON_MAX] or None,
            "FinalHyperParameterTuningJobObjectiveMetric": None if self.value is None else final,
            "ObjectiveStatus": self.objective_status,
        }


def results_of(job: TuningJob, store: Store) -> list[TrainingResult]:
    """The training jobs of a tuning job, in the order in which they were launched."""
    objective, name = objective_of(job.request), job.request["TrainingJobDefinition"].get("DefinitionName")
    trials = store.tuning_jobs.trials(job.name)
    launched = [(trial, store.jobs.find(JobKind.TRAINING, trial.training_job)) for trial in trials]
    return [TrainingResult(trial, found, objective, name) for trial, found in launched if found is not None]


def best_first(results: Iterable[TrainingResult]) -> list[TrainingResult]:
    """Those that have an objective, the best one first; of equals the earlier one."""
    scored = [(result.value, result) for result in results if result.value is not None]
    scored.sort(key=lambda pair: -pair[0] if pair[1].objective.maximize else pair[0])
    return [result for _, result in scored]


def counters(results: Sequence[TrainingResult]) -> dict[str, dict[str, int]]:
    """Both counters of a tuning job."""
    states = Counter(result.counter for result in results)
    objectives = Counter(result.objective_status for result in results)
    return {
        "TrainingJobStatusCounters": {name: states[name] for name in _COUNTERS},
        "ObjectiveStatusCounters": {name: objectives[name] for name in _OBJECTIVE_COUNTERS},
    }


def describe_tuning_job(job: TuningJob, results: Sequence[TrainingResult]) -> dict[str, Any]:
    """Give the response of DescribeHyperParameterTuningJob."""
    best = best_first(results)
    response: dict[str, Any] = {
        **job.request,
        **counters(results),
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobStatus": job.status.value,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "HyperParameterTuningEndTime": job.ended,
        "FailureReason": (job.failure_reason or "")[:_REASON_MAX] or None,
        "BestTrainingJob": best[0].summary if best else None,
        "ConsumedResources": {"RuntimeInSeconds": round(((job.ended or now()) - job.created).total_seconds())},
    }
    return described("DescribeHyperParameterTuningJob", response)


def describe_training_jobs(results: Iterable[TrainingResult]) -> list[dict[str, Any]]:
    """Give the summaries of ListTrainingJobsForHyperParameterTuningJob."""
    response = {"TrainingJobSummaries": [result.summary for result in results]}
    summaries: list[dict[str, Any]] = described("ListTrainingJobsForHyperParameterTuningJob", response)[
        "TrainingJobSummaries"
    ]
    return summaries
