"""Processing, Training and Transform steps: a job is created and followed to its end."""

from __future__ import annotations

from contextlib import suppress

from sagemaker_local.engine.descriptions import as_properties, describe_job
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.retry_policy import fault_of_job
from sagemaker_local.engine.steps.outcome import Action, Attempt, StepOutcome, was_cut
from sagemaker_local.engine.steps.tags import split_tags
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import StepStatus
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.store.tags import TagStore


def job_action(kind: JobKind, jobs: Jobs, tags: TagStore) -> Action:
    """Make the action of all steps with this kind of job."""

    def act(attempt: Attempt) -> StepOutcome:
        request, job_tags = split_tags(attempt.arguments)
        job = jobs.create(kind, request)
        tags.add(job.arn, job_tags)
        attempt.publish(job_metadata(job))

        def stop() -> None:
            # It may have ended in the meantime, which is as good.
            with suppress(ValidationException):
                jobs.stop(kind, job.name)

        with attempt.stop.calling(stop):
            ended = jobs.wait(kind, job.name)
        return job_outcome(ended, is_stop_requested=attempt.stop.is_set())

    return act


def job_metadata(job: Job) -> dict[str, dict[str, str]]:
    """Give the step's metadata: {"ProcessingJob": {"Arn": ...}}."""
    return {f"{job.kind.value}Job": {"Arn": job.arn}}


def job_outcome(job: Job, *, is_stop_requested: bool = False) -> StepOutcome:
    """Read a step's outcome off its job, which has ended."""
    metadata, properties = job_metadata(job), as_properties(describe_job(job))
    if job.status is JobStatus.COMPLETED:
        return StepOutcome(StepStatus.SUCCEEDED, metadata, properties)
    if is_stop_requested and was_cut(job):
        return StepOutcome(StepStatus.STOPPED, metadata, properties)
    reason = job.failure_reason or f"{job.kind.value} job {job.name} ended with status {job.status.value}."
    return StepOutcome(
        StepStatus.FAILED, metadata, properties, f"ClientError: {reason}", fault_of_job(job.failure_reason)
    )
