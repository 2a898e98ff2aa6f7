"""GetLatestApprovedModel: which version of the model scores; GetChampion: which one a new model is held against."""

from __future__ import annotations

from typing import Any

from pipelines.config import PipelineConfig
from pipelines.functions import FunctionCode
from pipelines.sdk import ExecutionVariables
from pipelines.steps.context import StepContext
from pipelines.steps.function import function_step

NAME = "GetLatestApprovedModel"
CHAMPION = "GetChampion"
SCRIPTS = ("lambdas/get_latest_approved_model.py",)
OUTPUTS = ("ModelPackageArn", "ModelPackageVersion", "ModelDataUrl")
LATEST = "latest"


def function(config: PipelineConfig) -> FunctionCode:
    """Describe the function of both steps."""
    return FunctionCode(
        name="get-latest-approved-model",
        handler="get_latest_approved_model.handler",
        scripts=SCRIPTS,
        description=f"Finds the newest usable version of {config.model_package_group}",
    )


def latest_approved_model(context: StepContext, gated: Any = None) -> Any:
    """Build the step; in a pipeline that registers, `gated` is the gate.

    The gate's outcome is an argument, so that the step waits for it by data: the service has refused explicit
    dependencies on condition steps, and they would not wait for Register inside the branch either.
    """
    config = context.config
    return function_step(
        context,
        NAME,
        function(config),
        display_name="Get the latest approved model",
        description=f"Find the highest version of {config.model_package_group} that is {config.model_approval_status}, "
        "or the one that is pinned or asked for; when this execution registered one, wait until it is listed.",
        inputs={
            "ModelPackageGroupName": config.model_package_group,
            "ModelApprovalStatus": config.model_approval_status,
            # Who trains to score does not name a version at once; the gate's outcome says whose it is.
            **(
                {"ModelVersion": context.parameters.model_version}
                if gated is None
                else {"GateOutcome": gated.properties.Outcome}
            ),
            "PipelineExecutionId": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "PipelineExecutionArn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            "WaitSeconds": config.functions.wait_seconds,
        },
        outputs=OUTPUTS,
    )


def champion(context: StepContext) -> Any:
    """Build the step that finds the version which scores today; `none` in every output when there is none."""
    config = context.config
    return function_step(
        context,
        CHAMPION,
        function(config),
        display_name="Get the champion",
        description=f"Find the version of {config.model_package_group} that scores today, for a comparison with the "
        "new model.",
        inputs={
            "ModelPackageGroupName": config.model_package_group,
            "ModelApprovalStatus": config.model_approval_status,
            "ModelVersion": LATEST,
            "AllowNone": "true",
            "PipelineExecutionId": ExecutionVariables.PIPELINE_EXECUTION_ID,
        },
        outputs=(*OUTPUTS, "Note"),
    )
