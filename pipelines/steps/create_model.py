"""CreateModel: the chosen version becomes a model that a transform job can use."""

from __future__ import annotations

from typing import Any

from pipelines.sdk import ContainerDefinition, Model, ModelBuilder, ModelStep
from pipelines.steps.context import StepContext
from pipelines.steps.function import output_of
from pipelines.steps.policies import step_retries

NAME = "CreateModel"
_SILENT = 40
"""The SDK's builder sets its logger to DEBUG otherwise (logging.ERROR)."""
_NAME_IS_GIVEN_BY_THE_SERVICE = "model"


def create_model(context: StepContext, found: Any) -> Any:
    """Build the step, after the one that finds the version."""
    container = ContainerDefinition(model_package_name=output_of(found, "ModelPackageArn"))
    builder = ModelBuilder(
        model=[Model(model_name=_NAME_IS_GIVEN_BY_THE_SERVICE, primary_container=container)],
        role_arn=context.role,
        sagemaker_session=context.session,
        instance_type=context.config.transform.instance_type,
        dependencies=None,
        log_level=_SILENT,
    )
    return ModelStep(
        name=NAME,
        display_name="Create the model to score with",
        description="Make a model of the version that GetLatestApprovedModel found; image, data and environment are "
        "those that were registered.",
        step_args=builder.build(model_name=_NAME_IS_GIVEN_BY_THE_SERVICE),
        retry_policies=step_retries(context.config),
    )
