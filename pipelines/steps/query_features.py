"""QueryFeatures: the latest version of each customer, out of the feature group's offline store, through Athena."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import job_retries
from pipelines.steps.preprocess import id_ranges
from pipelines.steps.processing import OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "QueryFeatures"
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


def query_features(context: StepContext) -> Any:
    """Build the step; never cached: the same question has another answer tomorrow."""
    config = context.config
    return ProcessingStep(
        name=NAME,
        display_name="Query the features",
        description=f"Wait until the last ingestion into {config.feature_group} can be read, then read each customer "
        "to learn from or to score as of the inference date.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"schema": schema_address(context)},
            outputs={"raw": layout.raw(config, "features")},
            arguments=_arguments(context),
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
        *id_ranges(context),
        *("--inference-date", context.parameters.inference_date),
        *("--execution-started", ExecutionVariables.START_DATETIME),
        *("--manifest", layout.ingestion_manifest(config)),
        *("--wait-seconds", str(config.feature_store.freshness_wait_seconds)),
        *("--query-results", config.query_results_uri),
        *("--unload", layout.raw(config, "unload")),
        *("--output", str(OUTPUT / "raw")),
        *("--max-file-mb", str(config.transform.max_payload_mb)),
        *("--region", config.region),
    ]
