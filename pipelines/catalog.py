"""All pipelines by name. Importing this module is cheap: the SageMaker SDK is imported by `build` only."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass

from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from pipelines.errors import UnknownPipeline
from pipelines.offline import offline
from pipelines.validate import validate

BATCH_INFERENCE = "batch-inference"
"""The one that people run daily, and whose name the configuration may set."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One pipeline that can be built."""

    name: str
    """As people and the command line call it."""
    description: str
    module: str
    """It has `build(context, name, description)`; named as text, because it imports the SDK."""

    def sagemaker_name(self, config: PipelineConfig) -> str:
        """Name the pipeline as SageMaker knows it."""
        if self.name == BATCH_INFERENCE and config.pipeline_name is not None:
            return config.pipeline_name
        return f"{config.project_name}-{self.name}"


_ENTRIES = (
    Entry(
        "feature-ingestion",
        "Check customers and bring them into the feature group",
        "pipelines.feature_ingestion",
    ),
    Entry(
        "training",
        "Train a model, hold it against the champion, and register it when it is good enough",
        "pipelines.training",
    ),
    Entry(
        BATCH_INFERENCE,
        "Score a day's customers with the latest approved model, evaluate where there are labels, and publish",
        "pipelines.batch_inference",
    ),
    Entry(
        "upload-inference",
        "Score an uploaded CSV file with the latest approved model and publish it",
        "pipelines.upload_inference",
    ),
    Entry(
        "evaluation",
        "Hold a published day against labels that came later",
        "pipelines.evaluation",
    ),
    Entry(
        "end-to-end",
        "Train, evaluate and register a model, then score the batch with the latest approved one and publish it",
        "pipelines.end_to_end",
    ),
)


def entries() -> tuple[Entry, ...]:
    """List every pipeline."""
    return _ENTRIES


def names() -> tuple[str, ...]:
    """List the name of every pipeline."""
    return tuple(entry.name for entry in _ENTRIES)


def entry(name: str) -> Entry:
    """Find a pipeline.

    Raises:
        UnknownPipeline: with the names that exist and the one that was probably meant.
    """
    for known in _ENTRIES:
        if known.name == name:
            return known
    near = difflib.get_close_matches(name, names(), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownPipeline(f"There is no pipeline {name!r}; allowed: {', '.join(names())}.{hint}")


def build(name: str, config: PipelineConfig) -> BuiltPipeline:
    """Build a pipeline: no network, no credentials, no clock; the same bytes for the same inputs.

    Raises:
        UnknownPipeline: no pipeline of that name.
        MissingScript: the checkout is not complete.
        InvalidDefinition: the steps do not fit together.
    """
    found = entry(name)
    with offline(config.region):
        module = importlib.import_module(found.module)
        # Imports the SDK, too.
        from pipelines.steps.context import StepContext

        context = StepContext.of(config, name)
        built: BuiltPipeline = module.build(context, found.sagemaker_name(config), found.description)
    validate(built.definition())
    return built
