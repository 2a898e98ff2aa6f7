"""CheckUpload: an uploaded CSV file becomes a batch, or is refused row by row."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ProcessingStep
from pipelines.steps.batch import OUTPUTS
from pipelines.steps.context import StepContext
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "CheckUpload"
SCRIPTS = (
    "check_upload.py",
    "batch_rows.py",
    "csv_parts.py",
    "customer_rows.py",
    "dataset_schema.py",
    "parquet_parts.py",
    "raw_rows.py",
    "refused_rows.py",
    "typed_rows.py",
    "unique_ids.py",
    "upload_rows.py",
)


def check_upload(context: StepContext) -> Any:
    """Build the step; never cached."""
    config = context.config
    return ProcessingStep(
        name=NAME,
        display_name="Check the upload",
        description="Check every row of the file, keep the refused ones with their reasons, and write the others as "
        "the batch.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"upload": context.parameters.input_data_uri, "schema": schema_address(context)},
            outputs={name: layout.data(config, name) for name in OUTPUTS},
            arguments=[
                *("--input", str(INPUT / "upload")),
                *("--schema", SCHEMA_PATH),
                *(part for name in OUTPUTS for part in (f"--{name}", str(OUTPUT / name))),
                *("--errors", layout.errors(config)),
                *("--max-refused-share", str(config.upload.max_refused_share)),
                *("--region", config.region),
            ],
            instance_type=config.upload.instance_type,
            max_runtime_seconds=config.upload.max_runtime_seconds,
        ),
        retry_policies=job_retries(config),
    )
