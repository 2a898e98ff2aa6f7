"""What the publish section of the configuration changes in the definition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from pipelines.config.publish import Publish
from pipelines.references import step_nodes


def step_of(config: PipelineConfig, **options: Any) -> dict[str, Any]:
    """The arguments of the job PublishToAthena, with these keys below `publish`."""
    changed = config.model_copy(update={"publish": Publish(**options)})
    nodes = step_nodes(json.loads(catalog.build("end-to-end", changed).definition())["Steps"])
    (arguments,) = [node.body["Arguments"] for node in nodes if node.name == "PublishToAthena"]
    return dict(arguments)


def option(arguments: dict[str, Any], name: str) -> Any:
    words = arguments["AppSpecification"]["ContainerArguments"]
    return words[words.index(name) + 1] if name in words else None


def test_mode_and_kept_runs_reach_the_script(churn: PipelineConfig) -> None:
    arguments = step_of(churn, mode="append", keep_runs=7)

    assert (option(arguments, "--mode"), option(arguments, "--keep-runs")) == ("append", "7")


def test_parquet_has_no_output_of_its_own(churn: PipelineConfig) -> None:
    arguments = step_of(churn)

    assert "ProcessingOutputConfig" not in arguments or not arguments["ProcessingOutputConfig"]["Outputs"]
    assert option(arguments, "--csv") is None


def test_csv_is_an_output_below_the_predictions_and_no_input_of_the_same_step(churn: PipelineConfig) -> None:
    arguments = step_of(churn, predictions_format="csv")

    (output,) = arguments["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["LocalPath"] == option(arguments, "--csv") == "/opt/ml/processing/output/csv"
    assert output["S3Output"]["S3Uri"] == {
        "Std:Join": {
            "On": "/",
            "Values": [f"{churn.root_uri}/predictions/csv", {"Get": "Execution.PipelineExecutionId"}],
        }
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "overwrite"}, "'replace_partition' or 'append'"),
        ({"keep_runs": 0}, "greater than or equal to 1"),
        ({"predictions_format": "json"}, "'parquet' or 'csv'"),
    ],
)
def test_value_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Publish(**options)
