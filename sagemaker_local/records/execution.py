"""Pipeline executions, their steps, and the states both go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ExecutionStatus(StrEnum):
    """States of an execution (API shape PipelineExecutionStatus)."""

    EXECUTING = "Executing"
    STOPPING = "Stopping"
    """StopPipelineExecution was called; running jobs are being stopped."""
    STOPPED = "Stopped"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"
    COMPLETED_WITH_FAILURES = "CompletedWithFailures"
    """Steps failed, and for each of them a step that was to run on its failure has succeeded."""

    @property
    def is_final(self) -> bool:
        """Nothing runs any more; only RetryPipelineExecution leads out of it."""
        return self not in {self.EXECUTING, self.STOPPING}

    @property
    def is_resumable(self) -> bool:
        """RetryPipelineExecution may run again what did not succeed."""
        return self in {self.STOPPED, self.FAILED, self.COMPLETED_WITH_FAILURES}


class StepStatus(StrEnum):
    """States of a step (API shape StepStatus); a step that never started has no record."""

    STARTING = "Starting"
    EXECUTING = "Executing"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"

    @property
    def is_final(self) -> bool:
        """The step will not change any more, unless it is retried."""
        return self in {self.STOPPED, self.FAILED, self.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a pipeline, with the definition frozen at its start."""

    arn: str
    execution_id: str
    pipeline_name: str
    pipeline_arn: str
    pipeline_version: int
    definition: str
    role_arn: str
    status: ExecutionStatus
    created: datetime
    modified: datetime
    display_name: str
    description: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Every parameter of the run as its text, defaults included."""
    max_parallel_steps: int | None = None
    failure_reason: str | None = None
    client_request_token: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an execution that has at least started."""

    execution_arn: str
    name: str
    type: str
    """`Type` of the definition: Processing, Training, Condition, ..."""
    status: StepStatus
    started: datetime
    ended: datetime | None = None
    display_name: str | None = None
    description: str | None = None
    failure_reason: str | None = None
    attempt_count: int = 1
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """As in ListPipelineExecutionSteps, for example {"ProcessingJob": {"Arn": ...}}."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """What `Steps.<name>.…` resolves against: the Describe response of what the step made."""
    cache_key: str | None = None
    cache_hit_arn: str | None = None
    """The execution whose result was taken over."""
