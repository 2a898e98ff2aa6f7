"""Evaluate: the trained model's metrics on customers that it has never seen."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import Join, ProcessingStep, PropertyFile
from pipelines.steps import function
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached, job_retries
from pipelines.steps.processing import INPUT, OUTPUT, job_arguments, output_of
from pipelines.steps.trainer import Trained

NAME = "Evaluate"
SCRIPTS = (
    *("evaluate.py", "champion.py", "gate_verdict.py", "packed_model.py"),
    *("verify_model.py", "serve_rows.py", "verification_rows.py", "signature.py", "dataset_schema.py", "id_shares.py"),
)
REPORT = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
"""The metrics, in SageMaker's model quality format; the gate reads it and the registry shows it."""


def evaluate(context: StepContext, preprocessed: Any, trained: Trained, champion: Any) -> Any:
    """Build the step, after the steps that preprocess, train, and find the version that scores today.

    The champion's address is an argument, so that a cached result is of the same champion.
    """
    return ProcessingStep(
        name=NAME,
        display_name="Evaluate on the test split",
        description="Score the test split, which training never saw, with the new model and with the champion, and "
        "write both to evaluation.json; before that, make sure that the packaged model answers as it did in training.",
        step_args=job_arguments(
            context,
            scripts=SCRIPTS,
            inputs={"model": trained.archive, "test": output_of(preprocessed, "test")},
            outputs={REPORT.output_name: layout.evaluation(context.config)},
            arguments=[
                *("--model", str(INPUT / "model")),
                *("--test", str(INPUT / "test")),
                *("--output", str(OUTPUT / REPORT.output_name)),
                *_comparison(context, champion),
                *("--region", context.config.region),
            ],
        ),
        property_files=[REPORT],
        cache_config=cached(context.config),
        retry_policies=job_retries(context.config),
    )


def report_address(evaluated: Any) -> Any:
    """Refer to the S3 address of evaluation.json."""
    return Join(on="/", values=[output_of(evaluated, REPORT.output_name), REPORT.path])


def _comparison(context: StepContext, champion: Any) -> list[Any]:
    rule, parameters = context.config.gate, context.parameters
    tolerance = parameters.champion_tolerance
    return [
        *("--champion-arn", function.output_of(champion, "ModelPackageArn")),
        *("--champion-model-uri", function.output_of(champion, "ModelDataUrl")),
        *("--metric", rule.metric),
        *("--comparison", rule.comparison),
        *("--threshold", parameters.metric_threshold.to_string()),
        *("--tolerance", "none" if tolerance is None else tolerance.to_string()),
    ]
