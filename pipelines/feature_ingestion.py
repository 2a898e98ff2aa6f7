"""The feature-ingestion pipeline: customers come into the feature group that the other pipelines read."""

from __future__ import annotations

from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from pipelines.errors import InvalidDefinition
from pipelines.sdk import Pipeline
from pipelines.steps.context import StepContext
from pipelines.steps.ingest_features import ingest_features


def build(config: PipelineConfig, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`.

    Raises:
        InvalidDefinition: the dataset's columns cannot be those of a feature group.
    """
    try:
        config.dataset.check_features()
    except ValueError as error:
        raise InvalidDefinition("The pipeline feature-ingestion is refused:", [f"{error}."]) from error
    context = StepContext.of(config)
    parameters = context.parameters
    instance = [parameters.processing_instance_type] if config.ingestion.instance_type is None else []
    pipeline = Pipeline(
        name=name,
        parameters=[parameters.input_data_uri, *instance, parameters.git_commit],
        steps=[ingest_features(context)],
        sagemaker_session=context.session,
        pipeline_experiment_config=None,
    )
    return BuiltPipeline(
        name=name,
        description=description,
        config=config,
        sagemaker=pipeline,
        text=pipeline.definition(),
        artifacts=context.artifacts.collected(),
        functions=(),
    )
