from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sagemaker_local.errors import ResourceInUse, ValidationException
from sagemaker_local.records.job import JobKind, JobStatus
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_job


def test_job_comes_back_as_it_was_added(store: Store) -> None:
    job = a_job(
        request={"TrainingJobName": "train-1", "HyperParameters": {"eta": "0.1"}},
        started=NOON,
        details={"FinalMetricDataList": [{"MetricName": "auc", "Value": 0.9, "Timestamp": NOON}]},
    )

    store.jobs.add(job)

    assert store.jobs.get(JobKind.TRAINING, "train-1") == job


def test_job_name_that_is_taken_is_refused(store: Store) -> None:
    store.jobs.add(a_job())

    with pytest.raises(
        ResourceInUse, match=r"Job name must be unique.*training job with this name already exists \(arn:"
    ):
        store.jobs.add(a_job())


def test_jobs_of_two_kinds_may_share_a_name(store: Store) -> None:
    store.jobs.add(a_job("same", JobKind.TRAINING))
    store.jobs.add(a_job("same", JobKind.PROCESSING))

    assert store.jobs.get(JobKind.PROCESSING, "same").kind is JobKind.PROCESSING


def test_job_that_is_not_there_is_named_in_the_words_of_aws(store: Store) -> None:
    with pytest.raises(ValidationException, match=r"Could not find requested job with name: x. ListTransformJobs"):
        store.jobs.get(JobKind.TRANSFORM, "x")
    with pytest.raises(ValidationException, match="Could not find requested job with name: train-1"):
        store.jobs.update(a_job())


def test_update_changes_state_and_leaves_the_request(store: Store) -> None:
    job = a_job()
    store.jobs.add(job)

    store.jobs.update(replace(job, status=JobStatus.FAILED, failure_reason="AlgorithmError", ended=NOON, request={}))

    updated = store.jobs.get(job.kind, job.name)
    assert (updated.status, updated.failure_reason, updated.ended) == (JobStatus.FAILED, "AlgorithmError", NOON)
    assert updated.request == job.request


def test_all_gives_one_kind_oldest_first(store: Store) -> None:
    store.jobs.add(a_job("late", created=NOON + timedelta(hours=1)))
    store.jobs.add(a_job("early"))
    store.jobs.add(a_job("other", JobKind.PROCESSING))

    assert [job.name for job in store.jobs.all(JobKind.TRAINING)] == ["early", "late"]


@pytest.mark.parametrize("status", list(JobStatus))
def test_unfinished_are_those_in_no_final_state(store: Store, status: JobStatus) -> None:
    store.jobs.add(a_job(status=status))

    assert len(store.jobs.unfinished()) == (0 if status.is_final else 1)


def test_job_is_found_by_its_arn(store: Store) -> None:
    job = a_job()
    store.jobs.add(job)

    assert store.jobs.find_by_arn(job.arn) == job
    assert store.jobs.find_by_arn("arn:of:nobody") is None
