"""The batch-inference pipeline: the day's customers are scored with the latest approved model and published."""

from __future__ import annotations

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.stages import score
from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.prepare_batch import prepare_batch
from pipelines.steps.publish import Table
from pipelines.steps.query_features import query_batch


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`."""
    prepare = query_batch if context.config.data_source == "feature_store" else prepare_batch
    prepared = prepare(context)
    scored = score(context, Batch.of(prepared), Table.of_batches(context.config))
    return assemble(context, name, description, [prepared, *scored])
