"""What a step's action gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sagemaker_local.engine.jobs import ENDPOINT_STOPPED
from sagemaker_local.engine.resolution import Scope
from sagemaker_local.engine.retry_policy import Fault
from sagemaker_local.engine.step_definition import StepDefinition
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.records.execution import StepStatus
from sagemaker_local.records.job import Job, JobStatus
from sagemaker_local.records.tuning_job import TuningJob


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one step."""

    step: StepDefinition
    execution_arn: str
    arguments: Mapping[str, Any]
    """Resolved; with the generated name, where the step makes something that has one."""
    scope: Scope
    stop: StopSignal
    publish: Callable[[Mapping[str, Any]], None]
    """Saves the step's metadata before the step ends."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How one try ended; actions return it, only the worker records it."""

    status: StepStatus
    metadata: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    failure_reason: str | None = None
    fault: Fault | None = None
    """What RetryPolicies may name; None: trying again is no use."""


Action = Callable[[Attempt], StepOutcome]


def was_cut(job: Job | TuningJob) -> bool:
    """Whether a job was stopped, by somebody or because the endpoint ended before its step could stop it."""
    return job.status is JobStatus.STOPPED or job.failure_reason == ENDPOINT_STOPPED
