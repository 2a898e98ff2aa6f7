"""Create, Describe, List and Stop of hyperparameter tuning jobs, and the list of each one's training jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing, after, before, contains
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.tuning.results import TrainingResult, counters, describe_tuning_job
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.records.tuning_job import TuningJob
from sagemaker_local.store.store import Store

_BY_OBJECTIVE = "FinalObjectiveMetricValue"


def operations(store: Store, tuning_jobs: TuningJobs) -> Mapping[str, Handler]:
    """Handlers for tuning jobs."""
    resource = _TuningJobs(store, tuning_jobs)
    return {
        "CreateHyperParameterTuningJob": resource.create,
        "DescribeHyperParameterTuningJob": resource.describe,
        "ListHyperParameterTuningJobs": resource.list,
        "StopHyperParameterTuningJob": resource.stop,
        "ListTrainingJobsForHyperParameterTuningJob": resource.list_training_jobs,
    }


class _TuningJobs:
    def __init__(self, store: Store, tuning_jobs: TuningJobs) -> None:
        self._store = store
        self._tuning_jobs = tuning_jobs
        self._listing = _listing(tuning_jobs)

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = as_mapping(request.get("Tags", []))
        job = self._tuning_jobs.create({name: value for name, value in request.items() if name != "Tags"}, tags)
        return {"HyperParameterTuningJobArn": job.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        job = self._store.tuning_jobs.get(request["HyperParameterTuningJobName"])
        return describe_tuning_job(job, self._tuning_jobs.results(job))

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._listing.answer(self._store.tuning_jobs.all(), request)

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._tuning_jobs.stop(request["HyperParameterTuningJobName"])
        return {}

    def list_training_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        job = self._store.tuning_jobs.get(request["HyperParameterTuningJobName"])
        results = self._tuning_jobs.results(job)
        if request.get("SortBy") == _BY_OBJECTIVE:
            # "Any training jobs that did not return an objective metric are not listed", says the API reference.
            results = [result for result in results if result.value is not None]
        return _TRAINING_JOBS.answer(results, request)


def _listing(tuning_jobs: TuningJobs) -> Listing[TuningJob]:
    def summary(job: TuningJob) -> dict[str, Any]:
        config = job.request["HyperParameterTuningJobConfig"]
        return {
            "HyperParameterTuningJobName": job.name,
            "HyperParameterTuningJobArn": job.arn,
            "HyperParameterTuningJobStatus": job.status,
            "Strategy": config["Strategy"],
            "CreationTime": job.created,
            "HyperParameterTuningEndTime": job.ended,
            "LastModifiedTime": job.modified,
            **counters(tuning_jobs.results(job)),
            "ResourceLimits": config["ResourceLimits"],
        }

    return Listing(
        member="HyperParameterTuningJobSummaries",
        summary=summary,
        identity=lambda job: job.name,
        sort_keys={"CreationTime": _created, "Name": lambda job: job.name, "Status": lambda job: job.status.value},
        filters={
            "CreationTimeAfter": after(_created),
            "CreationTimeBefore": before(_created),
            "LastModifiedTimeAfter": after(_modified),
            "LastModifiedTimeBefore": before(_modified),
            "NameContains": contains(lambda job: job.name),
            "StatusEquals": lambda job, status: job.status.value == status,
        },
        sort_by="Name",
    )


def _created(job: TuningJob) -> datetime:
    return job.created


def _modified(job: TuningJob) -> datetime:
    return job.modified


_TRAINING_JOBS: Listing[TrainingResult] = Listing(
    member="TrainingJobSummaries",
    summary=lambda result: result.summary,
    identity=lambda result: result.job.name,
    sort_keys={
        "CreationTime": lambda result: result.job.created,
        "Name": lambda result: result.job.name,
        "Status": lambda result: result.job.status.value,
        _BY_OBJECTIVE: lambda result: result.value,
    },
    filters={"StatusEquals": lambda result, status: result.job.status.value == status},
    sort_by="Name",
)
