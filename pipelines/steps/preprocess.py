"""Preprocess: raw customers become training data, the signature's beginnings, and the batch to score."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ProcessingStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached_if_input_is_immutable, job_retries
from pipelines.steps.processing import INPUT, OUTPUT, SCHEMA_PATH, job_arguments, schema_address

NAME = "Preprocess"
SCRIPTS = (
    "preprocess.py",
    "batch_rows.py",
    "dataset_schema.py",
    "id_shares.py",
    "parquet_parts.py",
    "raw_rows.py",
    "signature.py",
    "typed_rows.py",
    "unique_ids.py",
)
OUTPUTS = ("train", "validation", "test", "signature", "batch")


def preprocess(context: StepContext, raw: Any) -> Any:
    """Build the step; `raw` is the address of the customers."""
    return ProcessingStep(
        name=NAME,
        display_name="Preprocess customers",
        description="Check the input, split the customers by a stable hash of their id, fit the signature on the "
        "training split, and cut the batch into files of one transform request each.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"raw": raw, "schema": schema_address(context)},
            outputs={name: layout.data(context.config, name) for name in OUTPUTS},
            arguments=_arguments(context),
        ),
        cache_config=cached_if_input_is_immutable(context.config),
        retry_policies=job_retries(context.config),
    )


def _arguments(context: StepContext) -> list[Any]:
    config, parameters = context.config, context.parameters
    paths = [part for name in OUTPUTS for part in (f"--{name}", str(OUTPUT / name))]
    return [
        *("--input", str(INPUT / "raw")),
        *("--schema", SCHEMA_PATH),
        *paths,
        *id_ranges(context),
        *("--validation-fraction", str(config.training.validation_fraction)),
        *("--test-fraction", str(config.training.test_fraction)),
        *("--seed", parameters.hyperparameters["seed"].to_string()),
        *("--max-file-mb", str(config.transform.max_payload_mb)),
    ]


def id_ranges(context: StepContext) -> list[Any]:
    """Say whom to learn from and whom to score, as options of a script."""
    parameters = context.parameters
    return [
        *_bound("--train-id-start", parameters.train_id_start),
        *_bound("--train-id-end", parameters.train_id_end),
        *_bound("--batch-id-start", parameters.batch_id_start),
        *_bound("--batch-id-end", parameters.batch_id_end),
    ]


def _bound(option: str, parameter: Any) -> list[Any]:
    # No bound is said in one word: an argument that is an empty text of its own is lost by some shells.
    return [f"{option}="] if parameter is None else [option, parameter]
