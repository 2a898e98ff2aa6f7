"""The evaluation pipeline: a published day is held against labels that came later."""

from __future__ import annotations

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.steps.context import StepContext
from pipelines.steps.evaluate_published import evaluate_published


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`."""
    return assemble(context, name, description, [evaluate_published(context)])
