"""Processing, training and transform jobs, what a runner gets and what it gives back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class JobKind(StrEnum):
    """The three kinds of job; the value is the word in operation and member names (CreateProcessingJob)."""

    PROCESSING = "Processing"
    TRAINING = "Training"
    TRANSFORM = "Transform"

    @property
    def name_member(self) -> str:
        """The request member that carries the name: ProcessingJobName."""
        return f"{self.value}JobName"

    @property
    def arn_member(self) -> str:
        """The response member that carries the ARN: ProcessingJobArn."""
        return f"{self.value}JobArn"

    @property
    def status_member(self) -> str:
        """The response member that carries the state: ProcessingJobStatus."""
        return f"{self.value}JobStatus"

    @property
    def resource_type(self) -> str:
        """The word in ARNs: processing-job."""
        return f"{self.value.lower()}-job"

    @property
    def log_group(self) -> str:
        """The CloudWatch log group of AWS."""
        return f"/aws/sagemaker/{self.value}Jobs"


class JobStatus(StrEnum):
    """States of a job, the same words for all kinds."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def is_final(self) -> bool:
        """The job has ended."""
        return self in {self.COMPLETED, self.FAILED, self.STOPPED}


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its create request, its state, and what came of it."""

    kind: JobKind
    name: str
    arn: str
    status: JobStatus
    request: Mapping[str, Any]
    """The Create…Job request as it was accepted."""
    created: datetime
    modified: datetime
    started: datetime | None = None
    ended: datetime | None = None
    failure_reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Describe members beyond the request: ExitMessage, ModelArtifacts, FinalMetricDataList, ..."""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How a job ended; runners return it, only the engine records it."""

    status: JobStatus
    failure_reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class JobControl:
    """The engine's hand on a running job."""

    stop_requested: threading.Event = field(default_factory=threading.Event)
    kill_requested: threading.Event = field(default_factory=threading.Event)
    """The endpoint ends: what was asked to stop is not waited for any longer."""
    report: Callable[[Mapping[str, Any]], None] = lambda _: None
    """Runners call it to publish members while they run, for example {"SecondaryStatus": "Training"}."""


class Runner(Protocol):
    """Executes jobs of one kind."""

    def check(self, request: Mapping[str, Any]) -> None:
        """Refuse, before the job exists, what this runner cannot do.

        Raises:
            UnsupportedFeature: by name.
            ValidationException: what AWS would refuse, too.
        """

    def run(self, job: Job, control: JobControl) -> JobOutcome:
        """Run the job to its end and return its outcome.

        Failures of the job (a script that raises, a missing input) are outcomes with status Failed, not exceptions.
        Returns soon with status Stopped after `control.stop_requested` is set.
        """
