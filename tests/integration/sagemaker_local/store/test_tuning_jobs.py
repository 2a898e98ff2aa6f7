from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sagemaker_local.errors import ResourceInUse, ResourceNotFound
from sagemaker_local.records.job import JobStatus
from sagemaker_local.records.tuning_job import Trial
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_tuning_job


def test_tuning_job_comes_back_as_it_was_added(store: Store) -> None:
    job = a_tuning_job(request={"HyperParameterTuningJobConfig": {"Strategy": "Random"}})

    store.tuning_jobs.add(job)

    assert store.tuning_jobs.get("tune-1") == job
    assert store.tuning_jobs.find_by_arn(job.arn) == job
    assert store.has_arn(job.arn)


def test_name_is_not_case_sensitive(store: Store) -> None:
    store.tuning_jobs.add(a_tuning_job("Tune-1"))

    assert store.tuning_jobs.get("tune-1").name == "Tune-1"
    with pytest.raises(ResourceInUse, match=r"already exists \(arn:aws:sagemaker:.*tune-1\)"):
        store.tuning_jobs.add(a_tuning_job("TUNE-1"))


def test_update_keeps_state_and_end_and_leaves_the_request(store: Store) -> None:
    job = a_tuning_job()
    store.tuning_jobs.add(job)
    ended = replace(job, status=JobStatus.FAILED, ended=NOON, failure_reason="no", request={})

    store.tuning_jobs.update(ended)

    assert store.tuning_jobs.get("tune-1") == replace(ended, request=job.request)


def test_tuning_job_that_is_not_there_is_named(store: Store) -> None:
    message = "Could not find a tuning job with name: tune-1. ListHyperParameterTuningJobs shows"
    with pytest.raises(ResourceNotFound, match=message):
        store.tuning_jobs.get("tune-1")
    with pytest.raises(ResourceNotFound, match=message):
        store.tuning_jobs.update(a_tuning_job())
    assert store.tuning_jobs.find_by_arn("arn") is None


def test_all_gives_tuning_jobs_oldest_first_and_unfinished_only_those_that_go_on(store: Store) -> None:
    store.tuning_jobs.add(a_tuning_job("late", created=NOON + timedelta(hours=1)))
    store.tuning_jobs.add(a_tuning_job("early", status=JobStatus.STOPPING))
    store.tuning_jobs.add(a_tuning_job("done", status=JobStatus.COMPLETED, created=NOON - timedelta(hours=1)))

    assert [job.name for job in store.tuning_jobs.all()] == ["done", "early", "late"]
    assert [job.name for job in store.tuning_jobs.unfinished()] == ["early", "late"]


def test_trials_are_those_of_one_tuning_job_in_order(store: Store) -> None:
    second, first = (Trial("Tune-1", number, f"Tune-1-00{number}", {"eta": "0.1"}) for number in (2, 1))
    for trial in (second, first, Trial("other", 1, "other-001", {})):
        store.tuning_jobs.add_trial(trial)

    assert store.tuning_jobs.trials("Tune-1") == [first, second]
