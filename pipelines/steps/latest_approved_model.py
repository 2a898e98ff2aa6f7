"""GetLatestApprovedModel: which version of the model scores."""

from __future__ import annotations

from typing import Any

from pipelines.config import PipelineConfig
from pipelines.sdk import ExecutionVariables, Lambda, LambdaOutput, LambdaStep
from pipelines.steps.context import StepContext

NAME = "GetLatestApprovedModel"
SCRIPTS = ("lambdas/get_latest_approved_model.py",)
HANDLER = "get_latest_approved_model.handler"
OUTPUTS = ("ModelPackageArn", "ModelPackageVersion", "ModelDataUrl")


def function_name(config: PipelineConfig) -> str:
    """Name the Lambda function of the step."""
    return f"{config.project_name}-get-latest-approved-model"


def latest_approved_model(context: StepContext, gated: Any) -> Any:
    """Build the step, after the gate.

    The gate's outcome is an argument, so that the step waits for it by data: the service has refused explicit
    dependencies on condition steps, and they would not wait for Register inside the branch either.
    """
    config = context.config
    # By ARN only: given code, the SDK would deploy the function while the definition is being built.
    function = Lambda(function_arn=config.function_arn(function_name(config)), session=context.session)
    return LambdaStep(
        name=NAME,
        display_name="Get the latest approved model",
        description=f"Find the newest version of {config.model_package_group} that is {config.model_approval_status}; "
        "when this execution registered one, wait until it is listed.",
        lambda_func=function,
        inputs={
            "ModelPackageGroupName": config.model_package_group,
            "ModelApprovalStatus": config.model_approval_status,
            "GateOutcome": gated.properties.Outcome,
            "PipelineExecutionId": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "PipelineExecutionArn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            "WaitSeconds": config.functions.wait_seconds,
        },
        outputs=[LambdaOutput(output_name=name) for name in OUTPUTS],
    )


def output_of(step: Any, name: str) -> Any:
    """Refer to an output of the step.

    By the step's properties: the SDK resolves a LambdaOutput object by its name alone, whichever step has one like it.
    """
    return step.properties.Outputs[name]
