"""Models, model package groups and model packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ApprovalStatus(StrEnum):
    """Approval of a model package; all transitions are allowed."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING_MANUAL_APPROVAL = "PendingManualApproval"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as CreateModel made it."""

    name: str
    arn: str
    request: Mapping[str, Any]
    created: datetime


@dataclass(frozen=True, slots=True)
class ModelPackageGroup:
    """A family of versioned model packages."""

    name: str
    arn: str
    created: datetime
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """One version in a group; versions count from 1 and are never used again."""

    group_name: str
    version: int
    arn: str
    approval_status: ApprovalStatus
    request: Mapping[str, Any]
    """The CreateModelPackage request, with what UpdateModelPackage changed since."""
    created: datetime
    modified: datetime
    approval_description: str | None = None
    customer_metadata: Mapping[str, str] = field(default_factory=dict)
    generated_by: str | None = None
    """ARN of the pipeline execution that registered it."""


@dataclass(frozen=True, slots=True)
class ModelContainer:
    """What a transform job needs to serve a model: the package, if any, already looked up."""

    image: str
    model_data_url: str | None
    environment: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    """The model's ExecutionRoleArn, whose credentials the job gets."""
