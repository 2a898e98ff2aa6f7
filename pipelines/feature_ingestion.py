"""The feature-ingestion pipeline: customers come into the feature group that the other pipelines read."""

from __future__ import annotations

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.errors import InvalidDefinition
from pipelines.steps.context import StepContext
from pipelines.steps.ingest_features import ingest_features


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`.

    Raises:
        InvalidDefinition: the dataset's columns cannot be those of a feature group.
    """
    try:
        context.config.dataset.check_features()
    except ValueError as error:
        raise InvalidDefinition("The pipeline feature-ingestion is refused:", [f"{error}."]) from error
    return assemble(context, name, description, [ingest_features(context)])
