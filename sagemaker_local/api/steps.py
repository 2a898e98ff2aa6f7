"""ListPipelineExecutionSteps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import DESCENDING, PIPELINES_PAGE_SIZE, Listing
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import Step
from sagemaker_local.store.store import Store

_FAILURE_REASON_MAX = 1024


def operations(store: Store) -> Mapping[str, Handler]:
    """Handlers for the steps of executions."""

    def list_steps(request: Mapping[str, Any]) -> dict[str, Any]:
        arn = request.get("PipelineExecutionArn")
        if arn is None:
            raise ValidationException("PipelineExecutionArn is missing; ListPipelineExecutions shows the ARNs.")
        store.executions.get(arn)
        return _STEPS.answer(list(enumerate(store.executions.steps(arn))), request)

    return {"ListPipelineExecutionSteps": list_steps}


def _summary(item: tuple[int, Step]) -> dict[str, Any]:
    step = item[1]
    return {
        "StepName": step.name,
        "StepDisplayName": step.display_name,
        "StepDescription": step.description,
        "StartTime": step.started,
        "EndTime": step.ended,
        "StepStatus": step.status,
        "CacheHitResult": {"SourcePipelineExecutionArn": step.cache_hit_arn} if step.cache_hit_arn else None,
        "FailureReason": None if step.failure_reason is None else step.failure_reason[:_FAILURE_REASON_MAX],
        "Metadata": step.metadata,
        "AttemptCount": step.attempt_count,
    }


# Steps that started at the same instant keep the order in which the engine started them.
_STEPS: Listing[tuple[int, Step]] = Listing(
    member="PipelineExecutionSteps",
    summary=_summary,
    identity=lambda item: item[0],
    sort_keys={"CreatedTime": lambda item: item[1].started},
    sort_by="CreatedTime",
    sort_order=DESCENDING,
    page_size=PIPELINES_PAGE_SIZE,
)
