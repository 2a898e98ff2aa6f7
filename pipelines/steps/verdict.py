"""Verdict: what the gate is about to say, why, and with which approval the model would be registered."""

from __future__ import annotations

from typing import Any

from pipelines.functions import FunctionCode
from pipelines.sdk import ExecutionVariables
from pipelines.steps.context import StepContext
from pipelines.steps.evaluate import report_address
from pipelines.steps.function import function_step

NAME = "Verdict"
SCRIPTS = ("lambdas/verdict.py",)
FUNCTION = FunctionCode(
    name="verdict",
    handler="verdict.handler",
    scripts=SCRIPTS,
    description="Reads an evaluation, says what the gate makes of it, and applies the approval policy",
)
OUTPUTS = (
    *("Passed", "Reason", "MetadataReason", "Metric", "Value", "ChampionModelPackageArn", "ChampionValue"),
    *("ApprovalStatus", "ApprovalReason"),
)


def verdict(context: StepContext, evaluated: Any) -> Any:
    """Build the step, after the one that evaluates.

    Its outputs are the execution's answer to "why was nothing registered?", and what Register writes into the registry.
    """
    return function_step(
        context,
        NAME,
        FUNCTION,
        display_name="Say what the gate makes of it",
        description="Compare with the threshold and with the champion, say why, and apply the approval policy.",
        inputs={
            "EvaluationUri": report_address(evaluated),
            "ApprovalStatus": context.parameters.model_approval_status,
            "ApprovalPolicy": context.config.registration.approval_policy_text,
            "PipelineExecutionId": ExecutionVariables.PIPELINE_EXECUTION_ID,
        },
        outputs=OUTPUTS,
    )
