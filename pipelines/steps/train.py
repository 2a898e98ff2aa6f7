"""Train: XGBoost in script mode learns from the training split and packs model, signature and inference code."""

from __future__ import annotations

from typing import Any

from pipelines.sdk import MetricDefinition, TrainingStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached, job_retries
from pipelines.steps.trainer import NAME, Trained, metric_definitions, trainer


def train(context: StepContext, preprocessed: Any) -> Trained:
    """Build the step, after the step that preprocesses."""
    config = context.config
    job = trainer(context, preprocessed)
    definitions = metric_definitions(context)
    if definitions:
        job = job.with_metric_definitions(
            [MetricDefinition(name=item["Name"], regex=item["Regex"]) for item in definitions]
        )
    step = TrainingStep(
        name=NAME,
        display_name="Train XGBoost",
        description="Train gradient-boosted trees with early stopping on the validation split; the archive holds the "
        "model, its signature and the code that serves it.",
        step_args=job.train(),
        cache_config=cached(config),
        retry_policies=job_retries(config),
    )
    return Trained(step, step.properties.ModelArtifacts.S3ModelArtifacts)
