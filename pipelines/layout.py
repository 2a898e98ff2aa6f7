"""Where things lie below s3://<bucket>/<prefix>/: one function for each kind of place."""

from __future__ import annotations

from typing import Any

from pipelines.config import PipelineConfig
from pipelines.sdk import ExecutionVariables, Join


def code(config: PipelineConfig) -> str:
    """Content-addressed code and documents: `code/<sha256>/` is below it."""
    return f"{config.root_uri}/code"


def models(config: PipelineConfig) -> str:
    """Model archives: training jobs append their own name."""
    return f"{config.root_uri}/models"


def data(config: PipelineConfig, part: str) -> Any:
    """One part of an execution's data: `data/<part>/<execution>`."""
    return _of_execution(config, f"data/{part}")


def raw(config: PipelineConfig, folder: str) -> Any:
    """What QueryFeatures reads: `data/raw/<execution>/<folder>`."""
    return _of_execution(config, "data/raw", folder)


def errors(config: PipelineConfig) -> Any:
    """Rows that an execution refused: `errors/<execution>`."""
    return _of_execution(config, "errors")


def feature_store(config: PipelineConfig) -> str:
    """The feature group's offline store: the service makes folders of its own below."""
    return f"{config.root_uri}/feature_store"


def ingestion_manifest(config: PipelineConfig) -> str:
    """What the last ingestion into the feature group brought."""
    return f"{config.root_uri}/feature_store/manifests/{config.feature_group}.json"


def evaluation(config: PipelineConfig) -> Any:
    """Metrics of an execution's model: `evaluation/<execution>`."""
    return _of_execution(config, "evaluation")


def batch_evaluation(config: PipelineConfig) -> Any:
    """Metrics of an execution's labelled batch, and their page: `evaluation/batch/<execution>`."""
    return _of_execution(config, "evaluation/batch")


def predictions(config: PipelineConfig) -> Any:
    """What an execution's transform job wrote: `predictions/<execution>`."""
    return _of_execution(config, "predictions")


def predictions_csv(config: PipelineConfig) -> Any:
    """An execution's audited predictions as CSV: `predictions/csv/<execution>`."""
    return _of_execution(config, "predictions/csv")


def table(config: PipelineConfig, name: str) -> str:
    """A published table: `dt=YYYY-MM-DD/run=<execution>/<attempt>/` is below it."""
    return f"{config.root_uri}/athena_output/{name}/"


def _of_execution(config: PipelineConfig, folder: str, *below: str) -> Any:
    return Join(on="/", values=[f"{config.root_uri}/{folder}", ExecutionVariables.PIPELINE_EXECUTION_ID, *below])
