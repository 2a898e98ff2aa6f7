"""Tuning steps: a tuning job is created and followed to its end; the best training jobs become properties."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sagemaker_local.engine.descriptions import as_properties
from sagemaker_local.engine.steps.outcome import Action, Attempt, StepOutcome, was_cut
from sagemaker_local.engine.steps.tags import split_tags
from sagemaker_local.engine.tuning.results import (
    TrainingResult,
    best_first,
    describe_training_jobs,
    describe_tuning_job,
)
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import StepStatus
from sagemaker_local.records.job import JobStatus
from sagemaker_local.records.tuning_job import TuningJob

# How many training jobs a definition can name by their rank, says the SDK: TrainingJobSummaries[0] to [49].
_MOST_RANKS = 50


def tuning_action(tuning_jobs: TuningJobs) -> Action:
    """Make the action of Tuning steps."""

    def act(attempt: Attempt) -> StepOutcome:
        request, tags = split_tags(attempt.arguments)
        job = tuning_jobs.create(request, tags)
        attempt.publish(tuning_metadata(job))

        def stop() -> None:
            # It may have ended in the meantime, which is as good.
            with suppress(ValidationException):
                tuning_jobs.stop(job.name)

        with attempt.stop.calling(stop):
            ended = tuning_jobs.wait(job.name)
        return tuning_outcome(ended, tuning_jobs.results(ended), is_stop_requested=attempt.stop.is_set())

    return act


def tuning_metadata(job: TuningJob) -> dict[str, dict[str, str]]:
    """Give the step's metadata."""
    return {"TuningJob": {"Arn": job.arn}}


def tuning_outcome(
    job: TuningJob, results: Sequence[TrainingResult], *, is_stop_requested: bool = False
) -> StepOutcome:
    """Read a step's outcome off its tuning job, which has ended."""
    summaries = describe_training_jobs(best_first(results)[:_MOST_RANKS])
    properties = as_properties({**describe_tuning_job(job, results), "TrainingJobSummaries": summaries})
    metadata = tuning_metadata(job)
    if job.status is JobStatus.COMPLETED:
        return StepOutcome(StepStatus.SUCCEEDED, metadata, properties)
    if is_stop_requested and was_cut(job):
        return StepOutcome(StepStatus.STOPPED, metadata, properties)
    reason = job.failure_reason or f"Tuning job {job.name} ended with status {job.status.value}."
    # No retry policy is for it: a tuning job "will not retry the SageMaker.JOB_INTERNAL_ERROR exception type, even if a
    # retry policy is configured" (SageMaker's guide to retry policies).
    return StepOutcome(StepStatus.FAILED, metadata, properties, f"ClientError: {reason}")
