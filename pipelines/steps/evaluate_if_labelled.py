"""EvaluateIfLabelled: how good the scores of a batch are, where the batch has labels."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.function import output_of
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "EvaluateIfLabelled"
EVALUATION = "evaluation"
SCRIPTS = (
    "evaluate_batch.py",
    "batch_curves.py",
    "batch_labels.py",
    "batch_metrics.py",
    "evaluation_charts.py",
    "evaluation_page.py",
    "label_join.py",
    "markup.py",
    "publish_day.py",
    "publish_history.py",
    "published_rows.py",
    "raw_labels.py",
    "raw_rows.py",
    "scored_rows.py",
    "svg_plot.py",
    "dataset_schema.py",
)


def evaluate_if_labelled(context: StepContext, batch: Batch, found: Any, transformed: Any) -> Any:
    """Build the step, after the one that scores; beside PublishToAthena, because no score waits for its evaluation."""
    return ProcessingStep(
        name=NAME,
        display_name="Evaluate, if labelled",
        description="Hold the scores against the labels, where there are any; else say that it was not evaluated.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={
                "predictions": transformed.properties.TransformOutput.S3OutputPath,
                "labels": batch.labels,
                "schema": schema_address(context),
            },
            outputs={EVALUATION: layout.batch_evaluation(context.config)},
            arguments=[
                *("--predictions", str(INPUT / "predictions")),
                *("--labels", str(INPUT / "labels")),
                *("--schema", SCHEMA_PATH),
                *("--output", str(OUTPUT / EVALUATION)),
                *("--model-package-arn", output_of(found, "ModelPackageArn")),
                *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
                *("--day", context.parameters.inference_date),
                *("--execution-started", ExecutionVariables.START_DATETIME),
            ],
        ),
        retry_policies=job_retries(context.config),
    )
