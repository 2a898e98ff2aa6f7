"""Train: XGBoost in script mode learns from the training split and packs model, signature and inference code."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.code import read_scripts
from pipelines.sdk import (
    Channel,
    Compute,
    DataSource,
    MetricDefinition,
    ModelTrainer,
    OutputDataConfig,
    S3DataSource,
    StoppingCondition,
    TrainingStep,
)
from pipelines.steps.container import INSTALLER, has_own_metrics
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached, job_retries
from pipelines.steps.processing import output_of

NAME = "Train"
SCRIPTS = ("train.py", "verification_rows.py", "signature.py", "dataset_schema.py", "id_shares.py", "inference.py")
_CONTENT_TYPES = {"train": "application/x-parquet", "validation": "application/x-parquet", "signature": None}
_METRICS = {"binary_classification": "auc", "regression": "rmse"}


def train(context: StepContext, preprocessed: Any) -> Any:
    """Build the step, after the step that preprocesses."""
    config = context.config
    trainer = ModelTrainer(
        sagemaker_session=context.session,
        role=context.role,
        training_image=context.image_uri,
        base_job_name="train",
        hyperparameters=_hyperparameters(context),
        environment=dict(INSTALLER),
        compute=Compute(
            instance_type=context.parameters.training_instance_type,
            instance_count=1,
            volume_size_in_gb=config.training.volume_gb,
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=config.training.max_runtime_seconds),
        output_data_config=OutputDataConfig(s3_output_path=layout.models(config)),
        input_data_config=[
            _channel(name, output_of(preprocessed, name), content_type) for name, content_type in _CONTENT_TYPES.items()
        ],
    )
    if not has_own_metrics(context.image_uri):
        trainer = trainer.with_metric_definitions(_metric_definitions(config.dataset.problem_type))
    return TrainingStep(
        name=NAME,
        display_name="Train XGBoost",
        description="Train gradient-boosted trees with early stopping on the validation split; the archive holds the "
        "model, its signature and the code that serves it.",
        step_args=trainer.train(),
        cache_config=cached(config),
        retry_policies=job_retries(config),
    )


def _hyperparameters(context: StepContext) -> dict[str, Any]:
    # The container's own entry point stays: it fetches the archive and runs the script (script mode). As text, because
    # the service refuses numbers in this map.
    return {
        "sagemaker_program": SCRIPTS[0],
        "sagemaker_submit_directory": context.artifacts.add_archive(read_scripts(SCRIPTS)),
        **{name: parameter.to_string() for name, parameter in context.parameters.hyperparameters.items()},
    }


def _channel(name: str, address: Any, content_type: str | None) -> Any:
    return Channel(
        channel_name=name,
        content_type=content_type,
        input_mode="File",
        data_source=DataSource(
            s3_data_source=S3DataSource(
                s3_data_type="S3Prefix", s3_uri=address, s3_data_distribution_type="FullyReplicated"
            )
        ),
    )


def _metric_definitions(problem_type: str) -> list[Any]:
    metric = _METRICS[problem_type]
    return [
        MetricDefinition(name=f"{split}:{metric}", regex=rf"{split}-{metric}:([0-9\.]+)")
        for split in ("train", "validation")
    ]
