"""What the upload-inference pipeline and the function that starts it promise, read from the build."""

import json

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from tests.integration.pipelines.nodes import Nodes, option, unknown_options, unmounted_folders, working_steps


@pytest.fixture(scope="module")
def uploads(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("upload-inference", churn)


@pytest.fixture(scope="module")
def nodes(uploads: BuiltPipeline) -> Nodes:
    return working_steps(uploads)


def test_steps_wait_for_each_other_as_the_design_says(nodes: Nodes) -> None:
    assert {name: node.upstream for name, node in nodes.items()} == {
        "CheckUpload": set(),
        "GetLatestApprovedModel": set(),
        "CreateModel": {"GetLatestApprovedModel"},
        "Transform": {"CheckUpload", "CreateModel"},
        "EvaluateIfLabelled": {"CheckUpload", "GetLatestApprovedModel", "Transform"},
        "PublishToAthena": {"CheckUpload", "GetLatestApprovedModel", "Transform"},
    }


def test_transform_sends_lines_without_ids_and_keeps_ids_with_scores(nodes: Nodes) -> None:
    arguments = nodes["Transform"].body["Arguments"]

    assert arguments["DataProcessing"] == {
        "InputFilter": "$[1:]",
        "JoinSource": "Input",
        "OutputFilter": "$[0,-2,-1]",
    }
    assert arguments["BatchStrategy"] == "MultiRecord"
    assert (arguments["TransformInput"]["ContentType"], arguments["TransformInput"]["SplitType"]) == (
        "text/csv",
        "Line",
    )
    assert (arguments["TransformOutput"]["Accept"], arguments["TransformOutput"]["AssembleWith"]) == (
        "text/csv",
        "Line",
    )
    assert arguments["MaxPayloadInMB"] == 6


def test_uploads_of_a_day_stay_beside_each_other_in_a_table_of_their_own(nodes: Nodes, churn: PipelineConfig) -> None:
    publish = nodes["PublishToAthena"]

    assert option(publish, "--table") == "churn_daily_predictions_uploads" != churn.athena_output_table
    assert option(publish, "--mode") == "append"
    assert option(publish, "--location") == f"{churn.root_uri}/athena_output/churn_daily_predictions_uploads/"


def test_input_by_default_is_where_files_are_put(uploads: BuiltPipeline, churn: PipelineConfig) -> None:
    parameters = {item["Name"]: item for item in json.loads(uploads.definition())["Parameters"]}

    assert parameters["InputDataUri"]["DefaultValue"] == f"{churn.root_uri}/batch-inference/input/"


def test_function_that_starts_it_knows_the_pipeline_and_its_places(
    uploads: BuiltPipeline, churn: PipelineConfig
) -> None:
    (function,) = [item for item in uploads.functions if item.name == "churn-start-on-upload"]

    assert function.handler == "start_on_upload.handler"
    assert function.environment == {
        "PIPELINE_NAME": "churn-upload-inference",
        "INPUT_URI": f"{churn.root_uri}/batch-inference/input/",
        "UPLOADS_URI": f"{churn.root_uri}/data/uploads",
        "ERRORS_URI": f"{churn.root_uri}/errors/uploads",
    }


@pytest.mark.parametrize("name", ["CheckUpload", "EvaluateIfLabelled", "PublishToAthena"])
def test_arguments_fit_the_script(nodes: Nodes, name: str) -> None:
    assert not unknown_options(nodes[name])
    assert not unmounted_folders(nodes[name])
