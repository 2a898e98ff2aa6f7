"""Ends executions that a killed endpoint left behind, without losing what had finished."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from sagemaker_local.engine.step_type import STEP_TYPES
from sagemaker_local.engine.step_worker import interrupted_reason
from sagemaker_local.engine.steps.job import job_outcome
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import Job, JobStatus
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
    job = _job_of(step, store)
    if job is not None and job.status is JobStatus.COMPLETED:
        outcome = job_outcome(job)
        return replace(
            step, status=outcome.status, ended=job.ended, metadata=outcome.metadata, properties=outcome.properties
        )
    if execution.status is ExecutionStatus.STOPPING:
        return replace(step, status=StepStatus.STOPPED, ended=time)
    return replace(step, status=StepStatus.FAILED, ended=time, failure_reason=interrupted_reason(execution))


def _job_of(step: Step, store: Store) -> Job | None:
    """The job that a step's metadata names."""
    kind = STEP_TYPES[step.type].job_kind
    if kind is None:
        return None
    arn = step.metadata.get(f"{kind.value}Job", {}).get("Arn")
    return None if arn is None else store.jobs.find_by_arn(arn)
