"""Preprocess: raw customers become training data, the signature's beginnings and, where asked for, a batch."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import ProcessingStep
from pipelines.steps.batch import OUTPUTS as BATCH_OUTPUTS
from pipelines.steps.context import StepContext
from pipelines.steps.id_ranges import batch_range, train_range
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
OUTPUTS = ("train", "validation", "test", "signature")


def preprocess(context: StepContext, raw: Any, *, with_batch: bool = False) -> Any:
    """Build the step; `raw` is the address of the customers, and `with_batch` also cuts the ones to score."""
    outputs = (*OUTPUTS, *(BATCH_OUTPUTS if with_batch else ()))
    return ProcessingStep(
        name=NAME,
        display_name="Preprocess customers",
        description="Check the input, split the customers by a stable hash of their id, and fit the signature on the "
        f"training split{', and cut the batch into files of one transform request each' if with_batch else ''}.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"raw": raw, "schema": schema_address(context)},
            outputs={name: layout.data(context.config, name) for name in outputs},
            arguments=_arguments(context, outputs),
        ),
        cache_config=cached_if_input_is_immutable(context.config),
        retry_policies=job_retries(context.config),
    )


def _arguments(context: StepContext, outputs: tuple[str, ...]) -> list[Any]:
    config = context.config
    with_batch = len(outputs) > len(OUTPUTS)
    return [
        *("--input", str(INPUT / "raw")),
        *("--schema", SCHEMA_PATH),
        *(part for name in outputs for part in (f"--{name}", str(OUTPUT / name))),
        *train_range(context),
        *(batch_range(context) if with_batch else ()),
        *("--validation-fraction", str(config.training.validation_fraction)),
        *("--test-fraction", str(config.training.test_fraction)),
        *("--seed", context.parameters.hyperparameters["seed"].to_string()),
        *(("--max-file-mb", str(config.transform.max_payload_mb)) if with_batch else ()),
    ]
