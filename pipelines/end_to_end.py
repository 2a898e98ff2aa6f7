"""The end-to-end pipeline: train and register a model, then score and publish with the latest approved one."""

from __future__ import annotations

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.stages import learn, score
from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.publish import Table


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`, which makes the world around it quiet and offline."""
    learning = learn(context, with_batch=True)
    # From here on the scoring, whatever the gate said.
    batch = Batch.of(learning.preprocessed)
    scored = score(context, batch, Table.of_batches(context.config), gated=learning.gate)
    return assemble(context, name, description, [*learning.steps, *scored])
