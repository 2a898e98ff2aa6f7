"""The rules by which a fresh version is approved without a person."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import Several
from pipelines.config.metric import check_path
from pipelines.config.section import Section


class ApprovalRule(Section):
    """One bound of one metric."""

    metric: str = Field(min_length=1)
    """Path in evaluation.json."""
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_path(self.metric)
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"the rule for {self.metric!r} has not exactly one bound; allowed: at_least or at_most")
        return self


class ApprovalPolicy(Section):
    """All rules hold: Approved. One does not: what `otherwise` says."""

    rules: Annotated[tuple[ApprovalRule, ...], Several] = ()
    improvement: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How much better than the champion, in the units of gate.metric; a first version has nobody to beat."""
    otherwise: Literal["PendingManualApproval", "Rejected"] = "PendingManualApproval"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.rules and self.improvement is None:
            raise ValueError(
                "there is no rule, so every version would be approved; allowed: at least one of rules, or an "
                "improvement (or approval_policy: null and approval_status: Approved)"
            )
        return self

    def as_text(self) -> str:
        """Return the policy as the JSON text that the function Verdict takes."""
        return json.dumps(self.model_dump(exclude_none=True), separators=(",", ":"))
