"""The training pipeline: a model is trained, held against the champion, and registered when it is good enough."""

from __future__ import annotations

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.stages import learn
from pipelines.steps.context import StepContext


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`."""
    return assemble(context, name, description, learn(context).steps)
