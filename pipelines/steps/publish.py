"""PublishToAthena: audited predictions become the day's partition of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pipelines import layout
from pipelines.config import PipelineConfig
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.function import output_of
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "PublishToAthena"
SCRIPTS = (
    *("publish.py", "publish_day.py", "publish_history.py", "publish_plan.py", "publish_rows.py", "publish_table.py"),
    "dataset_schema.py",
)


@dataclass(frozen=True, slots=True)
class Table:
    """Which table, and what becomes of a day's earlier rows there."""

    name: str
    mode: str

    @classmethod
    def of_batches(cls, config: PipelineConfig) -> Self:
        """Name the table of daily predictions."""
        return cls(config.athena_output_table, config.publish.mode)

    @classmethod
    def of_uploads(cls, config: PipelineConfig) -> Self:
        """Name the table of scored uploads: several of one day stay readable beside each other."""
        return cls(config.upload_table, "append")


def publish(context: StepContext, table: Table, batch: Batch, found: Any, transformed: Any) -> Any:
    """Build the step, after the steps that cut the batch, found the model and scored; never cached."""
    config = context.config
    return ProcessingStep(
        name=NAME,
        display_name="Publish to Athena",
        description=f"Check that ids out equal ids in, write the rows, and only then point the day's partition of "
        f"{config.athena_database}.{table.name} at them.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={
                "predictions": transformed.properties.TransformOutput.S3OutputPath,
                "batch": batch.rows,
                "schema": schema_address(context),
            },
            outputs={"csv": layout.predictions_csv(config)} if _has_csv(config) else {},
            arguments=_arguments(context, table, found),
            instance_type=config.publish.instance_type,
            max_runtime_seconds=config.publish.max_runtime_seconds,
        ),
        retry_policies=job_retries(config),
    )


def _arguments(context: StepContext, table: Table, found: Any) -> list[Any]:
    config = context.config
    return [
        *("--predictions", str(INPUT / "predictions")),
        *("--batch", str(INPUT / "batch")),
        *("--schema", SCHEMA_PATH),
        *("--database", config.athena_database),
        *("--table", table.name),
        *("--location", layout.table(config, table.name)),
        *("--inference-date", context.parameters.inference_date),
        *("--execution-started", ExecutionVariables.START_DATETIME),
        *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
        *("--model-package-arn", output_of(found, "ModelPackageArn")),
        *("--mode", table.mode),
        *("--keep-runs", str(config.publish.keep_runs)),
        *(("--csv", str(OUTPUT / "csv")) if _has_csv(config) else ()),
        *("--region", config.region),
    ]


def _has_csv(config: PipelineConfig) -> bool:
    return config.publish.predictions_format == "csv"
