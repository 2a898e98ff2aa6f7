"""How a model that passed the gate enters the registry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.config.approval_policy import ApprovalPolicy
from pipelines.config.aws_names import InstanceType, MediaType, Several
from pipelines.config.section import Section

ApprovalStatus = Literal["PendingManualApproval", "Approved", "Rejected"]

_MEDIA_TYPES = ("application/x-parquet", "text/csv", "application/jsonlines")


class Registration(Section):
    """What the model package says of itself."""

    approval_status: ApprovalStatus = "PendingManualApproval"
    """Status of a fresh version; a pipeline parameter may change it for one run."""
    approval_policy: ApprovalPolicy | None = None
    """Decides the status of a fresh version instead of approval_status; null: there is none."""
    content_types: Annotated[tuple[MediaType, ...], Several] = Field(default=_MEDIA_TYPES, min_length=1)
    response_types: Annotated[tuple[MediaType, ...], Several] = Field(default=_MEDIA_TYPES, min_length=1)
    inference_instance_types: Annotated[tuple[InstanceType, ...], Several] = Field(
        default=("ml.m5.large", "ml.m5.xlarge"), min_length=1
    )
    transform_instance_types: Annotated[tuple[InstanceType, ...], Several] = Field(
        default=("ml.m5.xlarge", "ml.m5.2xlarge"), min_length=1
    )

    @property
    def approval_policy_text(self) -> str:
        """The policy as the function Verdict takes it: JSON text, or `none`."""
        return "none" if self.approval_policy is None else self.approval_policy.as_text()
