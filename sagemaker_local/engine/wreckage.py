"""Ends executions that a killed endpoint left behind, without losing what had finished."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from sagemaker_local.engine.step_type import STEP_TYPES
from sagemaker_local.engine.step_worker import interrupted_reason
from sagemaker_local.engine.steps.job import job_outcome
from sagemaker_local.engine.steps.outcome import StepOutcome
from sagemaker_local.engine.steps.tuning import tuning_outcome
from sagemaker_local.engine.tuning.results import results_of
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import JobStatus
from sagemaker_local.store.store import Store

_LOG = logging.getLogger(__name__)


def end_wreck(execution: Execution, store: Store, time: datetime) -> None:
    """Mark what ran as failed, or as stopped where a stop was under way; a retry resumes it.

    A step whose job had completed is Succeeded: only the news of it was lost.
    The endpoint's end triggers no step: what failed before it runs again with the retry, and with it its handlers.
    """
    _LOG.warning("execution %s was running when the endpoint stopped", execution.arn)
    was_stopping = execution.status is ExecutionStatus.STOPPING
    status = ExecutionStatus.STOPPED if was_stopping else ExecutionStatus.FAILED
    reason = None if was_stopping else interrupted_reason(execution)
    with store.transaction():
        for step in store.executions.steps(execution.arn):
            if not step.status.is_final:
                store.executions.save_step(_ended_step(step, execution, store, time))
        store.executions.update(replace(execution, status=status, failure_reason=reason, modified=time))


def _ended_step(step: Step, execution: Execution, store: Store, time: datetime) -> Step:
    completed = _completed(step, store)
    if completed is not None:
        ended, outcome = completed
        return replace(
            step, status=outcome.status, ended=ended, metadata=outcome.metadata, properties=outcome.properties
        )
    if execution.status is ExecutionStatus.STOPPING:
        return replace(step, status=StepStatus.STOPPED, ended=time)
    return replace(step, status=StepStatus.FAILED, ended=time, failure_reason=interrupted_reason(execution))


def _completed(step: Step, store: Store) -> tuple[datetime | None, StepOutcome] | None:
    """When and how the job that a step's metadata names has completed; None if it has not."""
    if step.type == "Tuning":
        tuning_job = store.tuning_jobs.find_by_arn(_arn(step, "TuningJob"))
        if tuning_job is not None and tuning_job.status is JobStatus.COMPLETED:
            return tuning_job.ended, tuning_outcome(tuning_job, results_of(tuning_job, store))
        return None
    kind = STEP_TYPES[step.type].job_kind
    job = store.jobs.find_by_arn(_arn(step, f"{kind.value}Job")) if kind else None
    return (job.ended, job_outcome(job)) if job is not None and job.status is JobStatus.COMPLETED else None


def _arn(step: Step, member: str) -> str:
    arn: str = step.metadata.get(member, {}).get("Arn", "")
    return arn
