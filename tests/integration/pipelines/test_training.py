"""What the training pipeline promises, read from its definition."""

import json

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from tests.integration.pipelines.nodes import (
    Nodes,
    arguments_of,
    unknown_options,
    unmounted_folders,
    working_steps,
)


@pytest.fixture(scope="module")
def training(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("training", churn)


@pytest.fixture(scope="module")
def nodes(training: BuiltPipeline) -> Nodes:
    return working_steps(training)


def test_steps_wait_for_each_other_as_the_design_says(nodes: Nodes) -> None:
    assert {name: node.upstream for name, node in nodes.items()} == {
        "QueryFeatures": set(),
        "Preprocess": {"QueryFeatures"},
        "Train": {"Preprocess"},
        "GetChampion": set(),
        "Evaluate": {"Preprocess", "Train", "GetChampion"},
        "Verdict": {"Evaluate"},
        "Gate": {"Evaluate"},
        "Register": {"Gate", "Train", "Evaluate", "Verdict", "QueryFeatures"},
    }


def test_training_asks_for_nobody_to_score(training: BuiltPipeline, nodes: Nodes) -> None:
    for name in ("QueryFeatures", "Preprocess"):
        assert not [item for item in arguments_of(nodes[name]) if "batch" in str(item)]
    assert set(nodes["Preprocess"].processing_outputs) == {"train", "validation", "test", "signature"}
    assert "BatchId" not in training.definition()


def test_training_has_the_steps_of_end_to_end(nodes: Nodes, built: BuiltPipeline) -> None:
    """The same builders: what trains alone is what trains there."""
    whole = working_steps(built)

    for name in ("Train", "GetChampion", "Evaluate", "Verdict", "Gate", "Register"):
        assert nodes[name].body == whole[name].body


@pytest.mark.parametrize("name", ["QueryFeatures", "Preprocess", "Evaluate"])
def test_arguments_fit_the_script(nodes: Nodes, name: str) -> None:
    assert not unknown_options(nodes[name])
    assert not unmounted_folders(nodes[name])


def test_files_from_s3_are_read_by_preprocess_itself(churn: PipelineConfig) -> None:
    steps = working_steps(catalog.build("training", churn.model_copy(update={"data_source": "s3"})))
    inputs = steps["Preprocess"].body["Arguments"]["ProcessingInputs"]

    assert "QueryFeatures" not in steps
    assert {"Get": "Parameters.InputDataUri"} in [item["S3Input"]["S3Uri"] for item in inputs]


def test_approval_policy_reaches_the_verdict(churn: PipelineConfig) -> None:
    values = churn.model_dump(mode="json")
    rule = {"metric": "binary_classification_metrics.auc.value", "at_least": 0.8}
    values["registration"]["approval_policy"] = {"rules": [rule], "improvement": 0.01}
    config = PipelineConfig.model_validate_json(json.dumps(values))

    event = working_steps(catalog.build("training", config))["Verdict"].body["Arguments"]

    assert event["ApprovalPolicy"] == config.registration.approval_policy_text != "none"
