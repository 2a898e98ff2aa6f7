"""QueryFeatures: the latest version of each customer, out of the feature group's offline store, through Athena."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines import layout
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.batch import OUTPUTS as BATCH_OUTPUTS
from pipelines.steps.context import StepContext
from pipelines.steps.id_ranges import batch_range, train_range
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "QueryFeatures"
RAW = "raw"
SCRIPTS = (
    "query_features.py",
    "athena_client.py",
    "athena_sql.py",
    "batch_rows.py",
    "dataset_schema.py",
    "feature_group.py",
    "feature_manifest.py",
    "feature_query.py",
    "parquet_parts.py",
    "publish_day.py",
    "raw_rows.py",
    "typed_rows.py",
    "unique_ids.py",
)


def query_features(context: StepContext, *, with_batch: bool = False) -> Any:
    """Build the step that reads whom to learn from, and with `with_batch` whom to score, too, as one table: `raw`."""
    ranges = [*train_range(context), *(batch_range(context) if with_batch else ())]
    outputs = {RAW: layout.raw(context.config, "features")}
    whom = "to learn from or to score" if with_batch else "to learn from"
    return _step(context, whom, outputs, [*ranges, "--output", str(OUTPUT / RAW)])


def query_batch(context: StepContext) -> Any:
    """Build the step that reads whom to score, ready for a transform job: the outputs of a Batch."""
    outputs = {name: layout.data(context.config, name) for name in BATCH_OUTPUTS}
    folders = [part for name in outputs for part in (f"--{name}", str(OUTPUT / name))]
    return _step(context, "to score", outputs, [*batch_range(context), *folders])


def _step(context: StepContext, whom: str, outputs: dict[str, Any], arguments: Sequence[Any]) -> Any:
    # Never cached: the same question has another answer tomorrow.
    config = context.config
    return ProcessingStep(
        name=NAME,
        display_name="Query the features",
        description=f"Wait until the last ingestion into {config.feature_group} can be read, then read each customer "
        f"{whom} as of the inference date.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"schema": schema_address(context)},
            outputs=outputs,
            arguments=[*_arguments(context), *arguments],
            instance_type=config.feature_store.instance_type,
            max_runtime_seconds=config.feature_store.max_runtime_seconds,
        ),
        retry_policies=job_retries(config),
    )


def _arguments(context: StepContext) -> list[Any]:
    config = context.config
    return [
        *("--feature-group", config.feature_group),
        *("--schema", SCHEMA_PATH),
        *("--inference-date", context.parameters.inference_date),
        *("--execution-started", ExecutionVariables.START_DATETIME),
        *("--manifest", layout.ingestion_manifest(config)),
        *("--wait-seconds", str(config.feature_store.freshness_wait_seconds)),
        *("--query-results", config.query_results_uri),
        *("--unload", layout.raw(config, "unload")),
        *("--max-file-mb", str(config.transform.max_payload_mb)),
        *("--region", config.region),
    ]
