"""Hyperparameter tuning jobs, and which training jobs each of them has launched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sagemaker_local.records.job import JobStatus

RESOURCE_TYPE = "hyper-parameter-tuning-job"
"""The word in ARNs."""


@dataclass(frozen=True, slots=True)
class TuningJob:
    """One tuning job: its create request and its state, which has the words of all jobs."""

    name: str
    arn: str
    status: JobStatus
    request: Mapping[str, Any]
    """The CreateHyperParameterTuningJob request as it was accepted."""
    created: datetime
    modified: datetime
    ended: datetime | None = None
    failure_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One training job of a tuning job, which exists as a job like all others, and what was tried with it."""

    tuning_job: str
    number: int
    """From 1, in the order in which they were launched."""
    training_job: str
    hyperparameters: Mapping[str, str]
    """The tuned ones."""
