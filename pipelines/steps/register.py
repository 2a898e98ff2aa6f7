"""Register: the model becomes the next version of its model package group."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ExecutionVariables, MetricsSource, ModelBuilder, ModelMetrics, ModelStep
from pipelines.steps.container import serving
from pipelines.steps.context import StepContext
from pipelines.steps.evaluate import report_address
from pipelines.steps.function import output_of
from pipelines.steps.policies import step_retries
from pipelines.steps.trainer import Trained

NAME = "Register"
_PROGRAM = "inference.py"
"""Script mode for serving: train.py puts the code into the archive's folder `code`."""
_SILENT = 40
"""The SDK's builder sets its logger to DEBUG otherwise (logging.ERROR)."""
_TASKS = {"binary_classification": "CLASSIFICATION", "regression": "REGRESSION"}


def register(context: StepContext, trained: Trained, evaluated: Any, judged: Any, raw: Any) -> Any:
    """Build the step, after the steps that train, evaluate, and say what the gate makes of it."""
    config = context.config
    report = report_address(evaluated)
    return ModelStep(
        name=NAME,
        display_name="Register the model",
        description=f"Add a version with its metrics to the model package group {config.model_package_group}.",
        step_args=_builder(context, trained).register(
            model_package_group_name=config.model_package_group,
            content_types=list(config.registration.content_types),
            response_types=list(config.registration.response_types),
            inference_instances=list(config.registration.inference_instance_types),
            transform_instances=_transform_instances(context),
            approval_status=output_of(judged, "ApprovalStatus"),
            model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type="application/json", s3_uri=report)),
            customer_metadata_properties={
                "PipelineExecutionId": ExecutionVariables.PIPELINE_EXECUTION_ID,
                "GitCommit": context.parameters.git_commit,
                "InputDataUri": raw,
                **({"FeatureGroupName": config.feature_group} if config.data_source == "feature_store" else {}),
                "GateMetric": output_of(judged, "Metric"),
                "GateValue": output_of(judged, "Value"),
                "GateReason": output_of(judged, "MetadataReason"),
                "ChampionModelPackageArn": output_of(judged, "ChampionModelPackageArn"),
                "ChampionValue": output_of(judged, "ChampionValue"),
                "RegisteredAs": output_of(judged, "ApprovalStatus"),
                "ApprovalReason": output_of(judged, "ApprovalReason"),
            },
            description=f"{config.project_name}: {config.dataset.target} of {config.dataset.id_column}",
            domain="MACHINE_LEARNING",
            task=_TASKS[config.dataset.problem_type],
        ),
        retry_policies=step_retries(config),
    )


def _transform_instances(context: StepContext) -> list[str]:
    # The batch's own instance first: a version must not be registered without the one that is going to score with it.
    config = context.config
    return list(dict.fromkeys([config.transform.instance_type, *config.registration.transform_instance_types]))


def _builder(context: StepContext, trained: Trained) -> Any:
    builder = ModelBuilder(
        s3_model_data_url=trained.archive,
        image_uri=context.image_uri,
        role_arn=context.role,
        sagemaker_session=context.session,
        env_vars=serving(context.config, _PROGRAM),
        dependencies=None,  # else the SDK sets SAGEMAKER_PROGRAM to "", and the container cannot import that
        model_path=layout.models(context.config),  # an S3 address, or the SDK leaves a folder in /tmp
        log_level=_SILENT,
    )
    builder.model_name = "registered"  # else it has a random name; the pipeline service gives its own anyway
    return builder
