"""NotifyFailure: when a step fails, one message says which, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines import layout
from pipelines.functions import FunctionCode
from pipelines.sdk import ExecutionVariables, StepDependency, TriggerCondition
from pipelines.steps.context import StepContext
from pipelines.steps.function import function_step

PREFIX = "NotifyFailure-"
SCRIPTS = ("lambdas/notify_failure.py",)
FUNCTION = FunctionCode(
    name="notify-failure",
    handler="notify_failure.handler",
    scripts=SCRIPTS,
    description="Writes down why an execution failed and publishes it, once for each execution",
)
OUTPUTS = ("Published", "FailureUri", "Reason")
_NO_TOPIC = "none"


def notify_failures(context: StepContext, watched: Sequence[Any]) -> list[Any]:
    """Build one step for each watched one; it runs only when that one has failed.

    One for each, because a step waits for all that it depends on: a single one would wait until every step has failed.
    """
    return [_notify_failure(context, step) for step in watched]


def _notify_failure(context: StepContext, watched: Any) -> Any:
    return function_step(
        context,
        f"{PREFIX}{watched.name}",
        FUNCTION,
        display_name=f"Tell that {watched.name} failed",
        description="Write the reason to errors/ and publish it to the topic, unless this execution has done so.",
        inputs={
            "TopicArn": context.config.sns_topic_arn or _NO_TOPIC,
            "StepName": watched.name,
            "PipelineName": ExecutionVariables.PIPELINE_NAME,
            "PipelineExecutionArn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            "ErrorsUri": layout.errors(context.config),
            "GitCommit": context.parameters.git_commit,
        },
        outputs=OUTPUTS,
        depends_on=[StepDependency(watched, TriggerCondition.FAILED)],
    )
