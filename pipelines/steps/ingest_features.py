"""IngestFeatures: checked customers become records of the feature group."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.config import PipelineConfig
from pipelines.sdk import ExecutionVariables, ProcessingStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import INPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "IngestFeatures"
SCRIPTS = (
    "ingest_features.py",
    "athena_sql.py",
    "customer_rows.py",
    "dataset_schema.py",
    "feature_group.py",
    "feature_manifest.py",
    "feature_query.py",
    "feature_writer.py",
    "raw_rows.py",
    "refused_rows.py",
)


def ingest_features(context: StepContext) -> Any:
    """Build the step; never cached, and doing it again adds nothing."""
    config = context.config
    return ProcessingStep(
        name=NAME,
        display_name="Ingest the features",
        description=f"Check every customer, bring the good ones into {config.feature_group}, keep the others with "
        "their reasons, and write down what came in.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"raw": context.parameters.input_data_uri, "schema": schema_address(context)},
            outputs={},
            arguments=_arguments(context),
            instance_type=config.ingestion.instance_type,
            max_runtime_seconds=config.ingestion.max_runtime_seconds,
        ),
        retry_policies=job_retries(config),
    )


def _arguments(context: StepContext) -> list[Any]:
    config, settings = context.config, context.config.ingestion
    return [
        *("--input", str(INPUT / "raw")),
        *("--input-uri", context.parameters.input_data_uri),
        *("--schema", SCHEMA_PATH),
        *_ranges(config),
        *("--feature-group", config.feature_group),
        *("--store", layout.feature_store(config)),
        *("--role-arn", context.role),
        *("--description", f"{config.project_name}: {config.dataset.id_column} with {config.dataset.target}"),
        *("--errors", layout.errors(config)),
        *("--manifest", layout.ingestion_manifest(config)),
        *("--execution-id", ExecutionVariables.PIPELINE_EXECUTION_ID),
        *("--git-commit", context.parameters.git_commit),
        *("--max-refused-share", str(settings.max_refused_share)),
        *("--threads", str(settings.threads)),
        *("--max-attempts", str(settings.max_attempts)),
        *("--create-wait-seconds", str(settings.create_wait_seconds)),
        *("--region", config.region),
    ]


def _ranges(config: PipelineConfig) -> list[str]:
    return [
        part
        for name, (low, high) in sorted(config.ingestion.ranges.items())
        for part in ("--range", f"{name}={'' if low is None else low}:{'' if high is None else high}")
    ]
