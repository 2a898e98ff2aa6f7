"""Evaluate: the trained model's metrics on customers that it has never seen."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ProcessingStep, PropertyFile
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached, job_retries
from pipelines.steps.processing import INPUT, OUTPUT, job_arguments, output_of

NAME = "Evaluate"
SCRIPTS = (
    *("evaluate.py", "champion.py", "gate_verdict.py", "packed_model.py"),
    *("verify_model.py", "serve_rows.py", "verification_rows.py", "signature.py", "dataset_schema.py", "id_shares.py"),
)
REPORT = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
"""The metrics, in SageMaker's model quality format; the gate reads it and the registry shows it."""


def evaluate(context: StepContext, preprocessed: Any, trained: Any) -> Any:
    """Build the step, after the steps that preprocess and train."""
    return ProcessingStep(
        name=NAME,
        display_name="Evaluate on the test split",
        description="Score the test split, which training never saw, and write its metrics to evaluation.json.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={
                "model": trained.properties.ModelArtifacts.S3ModelArtifacts,
                "test": output_of(preprocessed, "test"),
            },
            outputs={REPORT.output_name: layout.evaluation(context.config)},
            arguments=[
                *("--model", str(INPUT / "model")),
                *("--test", str(INPUT / "test")),
                *("--output", str(OUTPUT / REPORT.output_name)),
            ],
        ),
        property_files=[REPORT],
        cache_config=cached(context.config),
        retry_policies=job_retries(context.config),
    )
