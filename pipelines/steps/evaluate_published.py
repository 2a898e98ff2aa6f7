"""EvaluatePublished: how good a published day was, once its labels are known."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.context import StepContext
from pipelines.steps.evaluate_if_labelled import EVALUATION, SCRIPTS
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "EvaluatePublished"


def evaluate_published(context: StepContext) -> Any:
    """Build the step; never cached: a day may be published again."""
    config, parameters = context.config, context.parameters
    return ProcessingStep(
        name=NAME,
        display_name="Evaluate a published day",
        description=f"Hold a day of {config.athena_database}.{config.athena_output_table} against labels that came "
        "later.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"labels": parameters.labels_uri, "schema": schema_address(context)},
            outputs={EVALUATION: layout.batch_evaluation(config)},
            arguments=[
                *("--table", f"{config.athena_database}.{config.athena_output_table}"),
                *("--day", parameters.inference_date),
                *("--execution-started", ExecutionVariables.START_DATETIME),
                *("--raw-labels", str(INPUT / "labels")),
                *("--schema", SCHEMA_PATH),
                *("--output", str(OUTPUT / EVALUATION)),
                *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
                *("--region", config.region),
            ],
        ),
        retry_policies=job_retries(config),
    )
