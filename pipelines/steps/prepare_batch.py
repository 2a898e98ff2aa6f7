"""PrepareBatch: files of customers become a batch; what QueryFeatures is where there is no feature group."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ProcessingStep
from pipelines.steps.batch import OUTPUTS
from pipelines.steps.context import StepContext
from pipelines.steps.id_ranges import batch_range
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "PrepareBatch"
SCRIPTS = (
    "prepare_batch.py",
    "batch_rows.py",
    "dataset_schema.py",
    "parquet_parts.py",
    "raw_rows.py",
    "typed_rows.py",
    "unique_ids.py",
)


def prepare_batch(context: StepContext) -> Any:
    """Build the step; never cached, because files below an address change."""
    return ProcessingStep(
        name=NAME,
        display_name="Prepare the batch",
        description="Check the customers to score, cut them into files of one transform request each, and keep the "
        "labels of those that have one.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"raw": context.parameters.input_data_uri, "schema": schema_address(context)},
            outputs={name: layout.data(context.config, name) for name in OUTPUTS},
            arguments=[
                *("--input", str(INPUT / "raw")),
                *("--schema", SCHEMA_PATH),
                *(part for name in OUTPUTS for part in (f"--{name}", str(OUTPUT / name))),
                *batch_range(context),
                *("--max-file-mb", str(context.config.transform.max_payload_mb)),
            ],
        ),
        retry_policies=job_retries(context.config),
    )
