"""The training job of XGBoost in script mode, which the step Train runs once, or several times to tune it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pipelines import layout
from pipelines.code import read_scripts
from pipelines.config import PipelineConfig
from pipelines.sdk import (
    Channel,
    Compute,
    DataSource,
    ModelTrainer,
    OutputDataConfig,
    S3DataSource,
    StoppingCondition,
)
from pipelines.steps.container import INSTALLER, has_own_metrics
from pipelines.steps.context import StepContext
from pipelines.steps.processing import output_of

NAME = "Train"
SCRIPTS = ("train.py", "verification_rows.py", "signature.py", "dataset_schema.py", "id_shares.py", "inference.py")
_CONTENT_TYPES = {"train": "application/x-parquet", "validation": "application/x-parquet", "signature": None}
_METRICS = {"binary_classification": "auc", "regression": "rmse"}


@dataclass(frozen=True, slots=True)
class Trained:
    """A step that trains, and where it leaves the model."""

    step: Any
    archive: Any
    """S3 address of model.tar.gz; a reference, which also makes the edge to the step."""


def trainer(context: StepContext, preprocessed: Any, *, without: Collection[str] = ()) -> Any:
    """Describe the training job, after the step that preprocesses.

    Args:
        context: the build.
        preprocessed: the step whose outputs are read.
        without: hyperparameters that somebody else sets.
    """
    config = context.config
    return ModelTrainer(
        sagemaker_session=context.session,
        role=context.role,
        training_image=context.image_uri,
        base_job_name="train",
        hyperparameters=_hyperparameters(context, without),
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


def metric_definitions(context: StepContext) -> list[dict[str, str]]:
    """Say how the metrics are found in the log; empty for an image whose metrics the service knows."""
    if has_own_metrics(context.image_uri):
        return []
    metric = _METRICS[context.config.dataset.problem_type]
    return [
        {"Name": f"{split}:{metric}", "Regex": rf"{split}-{metric}:([0-9\.]+)"} for split in ("train", "validation")
    ]


def objective(config: PipelineConfig) -> str:
    """Name the metric of the validation split: `validation:auc`."""
    return f"validation:{_METRICS[config.dataset.problem_type]}"


def _hyperparameters(context: StepContext, without: Collection[str]) -> dict[str, Any]:
    # The container's own entry point stays: it fetches the archive and runs the script (script mode). As text, because
    # the service refuses numbers in this map.
    own = {name: item for name, item in context.parameters.hyperparameters.items() if name not in without}
    return {
        "sagemaker_program": SCRIPTS[0],
        "sagemaker_submit_directory": context.artifacts.add_archive(read_scripts(SCRIPTS)),
        **{name: parameter.to_string() for name, parameter in own.items()},
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
