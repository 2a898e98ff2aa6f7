"""What the batch-inference pipeline promises, read from its definition."""

import json

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from tests.integration.pipelines.nodes import (
    Nodes,
    arguments_of,
    option,
    unknown_options,
    unmounted_folders,
    unread_inputs,
    working_steps,
)


@pytest.fixture(scope="module")
def inference(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("batch-inference", churn)


@pytest.fixture(scope="module")
def nodes(inference: BuiltPipeline) -> Nodes:
    return working_steps(inference)


@pytest.fixture(scope="module")
def from_files(churn: PipelineConfig) -> Nodes:
    return working_steps(catalog.build("batch-inference", churn.model_copy(update={"data_source": "s3"})))


def test_steps_wait_for_each_other_as_the_design_says(nodes: Nodes) -> None:
    assert {name: node.upstream for name, node in nodes.items()} == {
        "QueryFeatures": set(),
        "GetLatestApprovedModel": set(),
        "CreateModel": {"GetLatestApprovedModel"},
        "Transform": {"QueryFeatures", "CreateModel"},
        "EvaluateIfLabelled": {"QueryFeatures", "GetLatestApprovedModel", "Transform"},
        "PublishToAthena": {"QueryFeatures", "GetLatestApprovedModel", "Transform"},
    }


def test_files_from_s3_are_cut_by_a_step_of_their_own(from_files: Nodes) -> None:
    assert "QueryFeatures" not in from_files
    assert from_files["Transform"].upstream == {"PrepareBatch", "CreateModel"}
    assert set(from_files["PrepareBatch"].processing_outputs) == {"batch", "labels"}


def test_only_the_customers_to_score_are_asked_for(nodes: Nodes, inference: BuiltPipeline) -> None:
    query = arguments_of(nodes["QueryFeatures"])

    assert option(nodes["QueryFeatures"], "--batch-id-start") == {"Get": "Parameters.BatchIdStart"}
    assert not [item for item in query if "train" in str(item)]
    assert not {"TrainIdStart", "MetricThreshold", "MaxDepth"} & parameters_of(inference)


def test_version_and_day_are_parameters_of_one_run(inference: BuiltPipeline, nodes: Nodes) -> None:
    assert {"ModelVersion", "InferenceDate", "BatchIdStart", "BatchIdEnd"} <= parameters_of(inference)
    assert nodes["GetLatestApprovedModel"].body["Arguments"]["ModelVersion"] == {"Get": "Parameters.ModelVersion"}


def test_labels_reach_the_evaluation_and_never_the_model(nodes: Nodes) -> None:
    inputs = nodes["EvaluateIfLabelled"].body["Arguments"]["ProcessingInputs"]
    labels = "Steps.QueryFeatures.ProcessingOutputConfig.Outputs['labels'].S3Output.S3Uri"

    assert {"Get": labels} in [item["S3Input"]["S3Uri"] for item in inputs]
    assert labels not in json.dumps(nodes["Transform"].body)


def test_nothing_of_a_day_is_cached(nodes: Nodes, from_files: Nodes) -> None:
    assert not [name for name, node in (nodes | from_files).items() if "CacheConfig" in node.body]


def test_scoring_is_the_one_of_end_to_end(nodes: Nodes, built: BuiltPipeline) -> None:
    """The same builders: only where the batch comes from differs, and that no gate came before."""
    whole = json.dumps(working_steps(built)["PublishToAthena"].body)

    assert json.dumps(nodes["PublishToAthena"].body) == whole.replace("Steps.Preprocess.", "Steps.QueryFeatures.")


def test_arguments_fit_the_scripts(nodes: Nodes, from_files: Nodes) -> None:
    for steps in (nodes, from_files):
        for name in ("QueryFeatures", "PrepareBatch", "EvaluateIfLabelled", "PublishToAthena"):
            if name in steps:
                assert not unknown_options(steps[name])
                assert not unmounted_folders(steps[name])


def test_function_reads_the_event_that_it_is_given(nodes: Nodes, inference: BuiltPipeline) -> None:
    assert not unread_inputs(nodes["GetLatestApprovedModel"], inference)


def parameters_of(built: BuiltPipeline) -> set[str]:
    return {item["Name"] for item in json.loads(built.definition())["Parameters"]}
