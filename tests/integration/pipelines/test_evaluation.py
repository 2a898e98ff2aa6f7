"""What the evaluation pipeline promises, read from its definition."""

import json

from pipelines import catalog
from pipelines.config import PipelineConfig
from tests.integration.pipelines.nodes import option, unknown_options, unmounted_folders, working_steps


def test_evaluation_is_one_step_about_the_published_table(churn: PipelineConfig) -> None:
    built = catalog.build("evaluation", churn)
    (step,) = working_steps(built).values()

    assert step.name == "EvaluatePublished"
    assert option(step, "--table") == "ml_metrics.churn_daily_predictions"
    assert option(step, "--day") == {"Get": "Parameters.InferenceDate"}
    assert {item["Name"] for item in json.loads(built.definition())["Parameters"]} == {
        *("LabelsUri", "InferenceDate", "ProcessingInstanceType", "GitCommit"),
    }


def test_arguments_fit_the_script(churn: PipelineConfig) -> None:
    (step,) = working_steps(catalog.build("evaluation", churn)).values()

    assert not unknown_options(step)
    assert not unmounted_folders(step)
