from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.engine.descriptions import describe_job
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.errors import (
    ConflictException,
    JobFailed,
    ResourceInUse,
    UnsupportedFeature,
    ValidationException,
)
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.records.names import Place
from sagemaker_local.records.shapes import check_response
from sagemaker_local.store.store import Store
from tests.fakes.scripted_runner import COMPLETED, ScriptedRunner, failing, until_stopped
from tests.fakes.step_definitions import processing, training, transform

_PLACE = Place("us-west-2", "000000000000")
_REQUESTS: dict[JobKind, dict[str, Any]] = {
    JobKind.PROCESSING: processing(arguments={"ProcessingOutputConfig": {"Outputs": []}})["Arguments"],
    JobKind.TRAINING: training()["Arguments"],
    JobKind.TRANSFORM: transform(model_name="churn")["Arguments"],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "state.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner()


@pytest.fixture
def jobs(store: Store, runner: ScriptedRunner) -> Iterator[Jobs]:
    built = Jobs(store.jobs, _PLACE, dict.fromkeys(JobKind, runner))
    yield built
    built.close(timeout=5)


def _create(jobs: Jobs, name: str = "Job-1", kind: JobKind = JobKind.PROCESSING) -> Job:
    return jobs.create(kind, {kind.name_member: name, **_REQUESTS[kind]})


@pytest.mark.parametrize("kind", JobKind)
def test_job_that_completes_is_described_in_the_shape_of_aws(jobs: Jobs, runner: ScriptedRunner, kind: JobKind) -> None:
    artifacts = {"S3ModelArtifacts": "s3://bucket/models/Job-1/output/model.tar.gz"}
    metric = {"MetricName": "validation:auc", "Value": 0.9, "Timestamp": datetime.now(UTC)}
    details = {"ModelArtifacts": artifacts, "FinalMetricDataList": [metric], "ExitMessage": "well"}
    runner.behaviour = lambda job, control: JobOutcome(JobStatus.COMPLETED, details=details)  # noqa: ARG005  # a Behaviour

    _create(jobs, kind=kind)
    described = describe_job(jobs.wait(kind, "Job-1"))

    check_response("sagemaker", f"Describe{kind.value}Job", described)
    assert described[kind.status_member] == "Completed"
    assert described[kind.arn_member] == f"arn:aws:sagemaker:us-west-2:000000000000:{kind.resource_type}/job-1"
    assert described[f"{kind.value}EndTime"] >= described[f"{kind.value}StartTime"] >= described["CreationTime"]


def test_training_job_describes_its_way_through_secondary_states(jobs: Jobs, runner: ScriptedRunner) -> None:
    def train(job: Job, control: JobControl) -> JobOutcome:
        for word in ("Downloading", "Training", "Training", "Uploading"):
            control.report({"SecondaryStatus": word})
        return COMPLETED

    runner.behaviour = train
    _create(jobs, kind=JobKind.TRAINING)
    described = describe_job(jobs.wait(JobKind.TRAINING, "Job-1"))

    transitions = described["SecondaryStatusTransitions"]
    assert [item["Status"] for item in transitions] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all(item["StartTime"].tzinfo for item in transitions)
    assert all("EndTime" in item for item in transitions[:-1])
    assert described["SecondaryStatus"] == "Completed"
    assert described["TrainingTimeInSeconds"] == described["BillableTimeInSeconds"] >= 1


def test_training_job_that_hit_its_time_limit_keeps_the_runners_word(jobs: Jobs, runner: ScriptedRunner) -> None:
    outcome = JobOutcome(JobStatus.STOPPED, details={"SecondaryStatus": "MaxRuntimeExceeded"})
    runner.behaviour = lambda job, control: outcome  # noqa: ARG005  # a Behaviour
    _create(jobs, kind=JobKind.TRAINING)

    ended = jobs.wait(JobKind.TRAINING, "Job-1")

    assert ended.status is JobStatus.STOPPED
    assert describe_job(ended)["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_job_that_runs_is_in_progress_with_what_its_runner_reported(
    jobs: Jobs, store: Store, runner: ScriptedRunner
) -> None:
    reported, go_on = threading.Event(), threading.Event()

    def report(job: Job, control: JobControl) -> JobOutcome:
        control.report({"ExitMessage": "half way"})
        reported.set()
        go_on.wait(5)
        return COMPLETED

    runner.behaviour = report
    _create(jobs)
    reported.wait(5)

    described = describe_job(store.jobs.get(JobKind.PROCESSING, "Job-1"))
    go_on.set()

    assert (described["ProcessingJobStatus"], described["ExitMessage"]) == ("InProgress", "half way")


def test_job_whose_runner_refuses_it_does_not_exist(jobs: Jobs, store: Store, runner: ScriptedRunner) -> None:
    runner.refusal = UnsupportedFeature("InstanceCount 2 is not supported here.")

    with pytest.raises(UnsupportedFeature, match="InstanceCount 2"):
        _create(jobs)

    assert store.jobs.all(JobKind.PROCESSING) == []


def test_second_job_of_a_name_is_refused_and_the_first_goes_on(jobs: Jobs) -> None:
    _create(jobs)

    with pytest.raises(ResourceInUse, match="already exists"):
        _create(jobs)

    assert jobs.wait(JobKind.PROCESSING, "Job-1").status is JobStatus.COMPLETED


def test_job_that_fails_keeps_its_reason(jobs: Jobs, runner: ScriptedRunner) -> None:
    runner.behaviour = failing("AlgorithmError: exit code 1")
    _create(jobs)

    ended = jobs.wait(JobKind.PROCESSING, "Job-1")

    assert (ended.status, ended.failure_reason) == (JobStatus.FAILED, "AlgorithmError: exit code 1")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JobFailed("ClientError: no such key"), "ClientError: no such key"),
        (RuntimeError("oops"), "InternalServerError: RuntimeError: oops (traceback in the endpoint's log)"),
    ],
)
def test_job_whose_runner_raises_fails_with_the_reason(
    jobs: Jobs, runner: ScriptedRunner, error: Exception, reason: str
) -> None:
    def explode(job: Job, control: JobControl) -> JobOutcome:
        raise error

    runner.behaviour = explode
    _create(jobs)

    ended = jobs.wait(JobKind.PROCESSING, "Job-1")

    assert (ended.status, ended.failure_reason) == (JobStatus.FAILED, reason)


def test_stop_of_a_running_job_is_stopping_then_stopped(jobs: Jobs, store: Store, runner: ScriptedRunner) -> None:
    seen: list[JobStatus] = []

    def run(job: Job, control: JobControl) -> JobOutcome:
        outcome = until_stopped(job, control)
        seen.append(store.jobs.get(job.kind, job.name).status)
        return outcome

    runner.behaviour = run
    _create(jobs)
    runner.started.wait(5)

    jobs.stop(JobKind.PROCESSING, "Job-1")

    assert jobs.wait(JobKind.PROCESSING, "Job-1").status is JobStatus.STOPPED
    assert seen == [JobStatus.STOPPING]


def test_stop_of_an_ended_job_is_refused(jobs: Jobs) -> None:
    _create(jobs)
    jobs.wait(JobKind.PROCESSING, "Job-1")

    with pytest.raises(ValidationException, match="'Job-1' is in status Completed"):
        jobs.stop(JobKind.PROCESSING, "Job-1")


def test_stop_of_an_unknown_job_is_refused(jobs: Jobs) -> None:
    with pytest.raises(ValidationException, match="Could not find requested job with name: nobody"):
        jobs.stop(JobKind.TRAINING, "nobody")


def test_jobs_above_the_limit_wait_for_their_turn(store: Store, runner: ScriptedRunner) -> None:
    def last(job: Job, control: JobControl) -> JobOutcome:
        threading.Event().wait(0.02)
        return COMPLETED

    runner.behaviour = last
    jobs = Jobs(store.jobs, _PLACE, dict.fromkeys(JobKind, runner), limit=2)

    for index in range(6):
        _create(jobs, f"job-{index}")
    ended = [jobs.wait(JobKind.PROCESSING, f"job-{index}") for index in range(6)]

    assert {job.status for job in ended} == {JobStatus.COMPLETED}
    assert runner.most_at_once == 2


def test_stop_of_a_waiting_job_ends_it_without_a_run(store: Store, runner: ScriptedRunner) -> None:
    runner.behaviour = until_stopped
    jobs = Jobs(store.jobs, _PLACE, dict.fromkeys(JobKind, runner), limit=1)
    _create(jobs, "first")
    runner.started.wait(5)
    _create(jobs, "second")

    jobs.stop(JobKind.PROCESSING, "second")
    ended = jobs.wait(JobKind.PROCESSING, "second")
    jobs.stop(JobKind.PROCESSING, "first")
    jobs.wait(JobKind.PROCESSING, "first")

    assert (ended.status, ended.started) == (JobStatus.STOPPED, None)
    assert [job.name for job in runner.jobs] == ["first"]


def test_recover_marks_what_ran_as_failed_and_leaves_the_rest(jobs: Jobs, store: Store) -> None:
    _create(jobs)
    done = jobs.wait(JobKind.PROCESSING, "Job-1")
    now = datetime.now(UTC)
    lost = Job(JobKind.TRAINING, "lost", "arn", JobStatus.IN_PROGRESS, _REQUESTS[JobKind.TRAINING], now, now)
    store.jobs.add(lost)

    jobs.recover()

    recovered = store.jobs.get(JobKind.TRAINING, "lost")
    assert recovered.status is JobStatus.FAILED
    assert recovered.failure_reason == "InternalServerError: the endpoint stopped while the job ran."
    assert recovered.ended is not None
    assert store.jobs.get(JobKind.PROCESSING, "Job-1") == done


def test_close_kills_what_does_not_heed_the_stop(store: Store, runner: ScriptedRunner) -> None:
    def stubborn(job: Job, control: JobControl) -> JobOutcome:
        assert control.kill_requested.wait(10)
        return JobOutcome(JobStatus.STOPPED)

    runner.behaviour = stubborn
    jobs = Jobs(store.jobs, _PLACE, dict.fromkeys(JobKind, runner))
    _create(jobs)
    runner.started.wait(5)

    jobs.close(grace_seconds=0.05, timeout=5)

    assert store.jobs.get(JobKind.PROCESSING, "Job-1").status is JobStatus.FAILED


def test_close_stops_what_runs_as_failed_and_refuses_more(store: Store, runner: ScriptedRunner) -> None:
    runner.behaviour = until_stopped
    jobs = Jobs(store.jobs, _PLACE, dict.fromkeys(JobKind, runner))
    _create(jobs)
    runner.started.wait(5)

    jobs.close(timeout=5)

    ended = store.jobs.get(JobKind.PROCESSING, "Job-1")
    assert (ended.status, ended.failure_reason) == (
        JobStatus.FAILED,
        "InternalServerError: the endpoint stopped while the job ran.",
    )
    with pytest.raises(ConflictException, match="The endpoint is stopping"):
        _create(jobs, "late")
