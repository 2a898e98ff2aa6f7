"""What the end-to-end pipeline promises, read from its definition."""

import json
from typing import Any

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from pipelines.references import step_nodes
from tests.integration.pipelines.nodes import (
    Nodes,
    arguments_of,
    help_of,
    option,
    unknown_options,
    unmounted_folders,
    unread_inputs,
    working_steps,
)

PROCESSING = ("QueryFeatures", "Preprocess", "Evaluate", "EvaluateIfLabelled", "PublishToAthena")


@pytest.fixture(scope="module")
def nodes(built: BuiltPipeline) -> Nodes:
    """The steps that do the work; those that tell of a failure are test_notify_failure's."""
    return working_steps(built)


@pytest.fixture(scope="module")
def parameters(built: BuiltPipeline) -> dict[str, dict[str, Any]]:
    return {item["Name"]: item for item in json.loads(built.definition())["Parameters"]}


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
        "GetLatestApprovedModel": {"Gate"},
        "CreateModel": {"GetLatestApprovedModel"},
        "Transform": {"Preprocess", "CreateModel"},
        "EvaluateIfLabelled": {"Preprocess", "GetLatestApprovedModel", "Transform"},
        "PublishToAthena": {"Preprocess", "GetLatestApprovedModel", "Transform"},
    }


def test_input_from_s3_is_read_by_preprocess_itself(built_from_s3: BuiltPipeline, churn: PipelineConfig) -> None:
    document = json.loads(built_from_s3.definition())
    steps = working_steps(built_from_s3)
    (parameter,) = [item for item in document["Parameters"] if item["Name"] == "InputDataUri"]

    assert "QueryFeatures" not in steps
    assert steps["Preprocess"].upstream == set()
    assert {"Get": "Parameters.InputDataUri"} in steps["Register"].body["Arguments"][
        "CustomerMetadataProperties"
    ].values()
    assert parameter["DefaultValue"] == churn.input_uri


def test_query_asks_for_whom_preprocess_splits(nodes: Nodes) -> None:
    """The customers to learn from and to score, in one table: the two ranges may share some."""
    query, preprocess = arguments_of(nodes["QueryFeatures"]), arguments_of(nodes["Preprocess"])

    for name in ("--train-id-start", "--train-id-end", "--batch-id-start", "--batch-id-end"):
        assert query[query.index(name) + 1] == preprocess[preprocess.index(name) + 1]


def test_query_writes_where_nothing_else_does(nodes: Nodes) -> None:
    query = arguments_of(nodes["QueryFeatures"])
    (output,) = nodes["QueryFeatures"].processing_outputs.values()
    unload = json.dumps(query[query.index("--unload") + 1], sort_keys=True)

    assert "Execution.PipelineExecutionId" in unload
    assert "Execution.PipelineExecutionId" in output
    assert unload != output


def test_gate_outcome_is_an_argument_of_the_lookup(nodes: Nodes) -> None:
    arguments = nodes["GetLatestApprovedModel"].body["Arguments"]

    assert arguments["GateOutcome"] == {"Get": "Steps.Gate.Outcome"}
    assert set(arguments) == {
        *("ModelPackageGroupName", "ModelApprovalStatus", "GateOutcome"),
        *("PipelineExecutionId", "PipelineExecutionArn", "WaitSeconds"),
    }


def test_gate_has_nothing_to_do_when_the_model_fails(nodes: Nodes) -> None:
    assert nodes["Gate"].body["Arguments"]["ElseSteps"] == []


def test_every_step_and_parameter_reads_well_in_studio(nodes: Nodes, parameters: dict[str, dict[str, Any]]) -> None:
    for node in nodes.values():
        assert node.body["DisplayName"] != node.name
        assert node.body["Description"].endswith(".")
    assert all(item["Description"] for item in parameters.values())


def test_every_step_that_can_be_tried_again_is(nodes: Nodes) -> None:
    policies = {
        name: {kind for policy in node.body.get("RetryPolicies", []) for kind in policy["ExceptionType"]}
        for name, node in nodes.items()
    }
    step = {"Step.SERVICE_FAULT", "Step.THROTTLING"}
    job = step | {"SageMaker.RESOURCE_LIMIT", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"}

    for name in (*PROCESSING, "Train", "Transform"):
        assert policies[name] == job
    for name in ("Register", "CreateModel"):
        assert policies[name] == step


def test_caching_covers_training_and_evaluation_only(nodes: Nodes) -> None:
    assert {name for name, node in nodes.items() if "CacheConfig" in node.body} == {"Train", "Evaluate"}


@pytest.mark.parametrize(
    ("caching", "expected"),
    [
        ({"enabled": True, "input_is_immutable": True}, {"Preprocess", "Train", "Evaluate"}),
        ({"enabled": False, "input_is_immutable": True}, set()),
    ],
)
def test_caching_follows_the_configuration(churn: PipelineConfig, caching: dict[str, bool], expected: set[str]) -> None:
    config = PipelineConfig.model_validate_json(json.dumps(churn.model_dump(mode="json") | {"caching": caching}))

    steps = json.loads(catalog.build("end-to-end", config).definition())["Steps"]

    assert {node.name for node in step_nodes(steps) if "CacheConfig" in node.body} == expected


def test_every_output_of_an_execution_has_its_id_in_the_address(nodes: Nodes) -> None:
    """Two executions at once must not write to one place."""
    addresses = [address for node in nodes.values() for address in node.processing_outputs.values()]
    addresses.append(json.dumps(nodes["Transform"].body["Arguments"]["TransformOutput"]["S3OutputPath"]))

    assert len(addresses) == 10
    assert len(set(addresses)) == 10
    assert all("Execution.PipelineExecutionId" in address for address in addresses)


def test_train_runs_in_script_mode_with_texts_only(nodes: Nodes) -> None:
    hyperparameters = nodes["Train"].body["Arguments"]["HyperParameters"]

    assert hyperparameters["sagemaker_program"] == "train.py"
    assert hyperparameters["sagemaker_submit_directory"].endswith("/sourcedir.tar.gz")
    assert all(isinstance(value, str) or "Std:Join" in value for value in hyperparameters.values())


def test_train_installs_its_code_without_the_internet(nodes: Nodes) -> None:
    assert nodes["Train"].body["Arguments"]["Environment"] == {"PIP_NO_BUILD_ISOLATION": "0"}


@pytest.mark.parametrize(
    ("image_uri", "is_allowed"),
    [
        (None, False),
        ("246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.0-5", False),
        ("246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost@sha256:00", False),
        ("123456789012.dkr.ecr.us-west-2.amazonaws.com/our-xgboost:1", True),
    ],
)
def test_train_defines_metrics_only_where_the_service_allows_it(
    churn: PipelineConfig, image_uri: str | None, is_allowed: bool
) -> None:
    """The service refuses them with its own XGBoost image: "You can't override the metric definitions"."""
    built = catalog.build("end-to-end", churn.model_copy(update={"image_uri": image_uri}))

    (train,) = [step for step in json.loads(built.definition())["Steps"] if step["Name"] == "Train"]
    assert ("MetricDefinitions" in train["Arguments"]["AlgorithmSpecification"]) == is_allowed


def test_registered_model_supports_the_instance_that_scores(churn: PipelineConfig) -> None:
    transform = churn.transform.model_copy(update={"instance_type": "ml.c5.4xlarge"})
    built = catalog.build("end-to-end", churn.model_copy(update={"transform": transform}))

    (gate,) = [step for step in json.loads(built.definition())["Steps"] if step["Name"] == "Gate"]
    specification = gate["Arguments"]["IfSteps"][0]["Arguments"]["InferenceSpecification"]
    assert specification["SupportedTransformInstanceTypes"] == ["ml.c5.4xlarge", "ml.m5.xlarge", "ml.m5.2xlarge"]


def test_registered_model_serves_in_script_mode_and_tells_where_it_is_from(nodes: Nodes) -> None:
    arguments = nodes["Register"].body["Arguments"]
    (container,) = arguments["InferenceSpecification"]["Containers"]

    assert container["Environment"] == {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_MODEL_SERVER_TIMEOUT": "600",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "*/*",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    assert arguments["CustomerMetadataProperties"] == {
        "PipelineExecutionId": {"Get": "Execution.PipelineExecutionId"},
        "GitCommit": {"Get": "Parameters.GitCommit"},
        "InputDataUri": {"Get": "Steps.QueryFeatures.ProcessingOutputConfig.Outputs['raw'].S3Output.S3Uri"},
        "FeatureGroupName": "churn-features",
        "GateMetric": {"Get": "Steps.Verdict.OutputParameters['Metric']"},
        "GateValue": {"Get": "Steps.Verdict.OutputParameters['Value']"},
        "GateReason": {"Get": "Steps.Verdict.OutputParameters['MetadataReason']"},
        "ChampionModelPackageArn": {"Get": "Steps.Verdict.OutputParameters['ChampionModelPackageArn']"},
        "ChampionValue": {"Get": "Steps.Verdict.OutputParameters['ChampionValue']"},
        "RegisteredAs": {"Get": "Steps.Verdict.OutputParameters['ApprovalStatus']"},
        "ApprovalReason": {"Get": "Steps.Verdict.OutputParameters['ApprovalReason']"},
    }
    assert arguments["ModelApprovalStatus"] == {"Get": "Steps.Verdict.OutputParameters['ApprovalStatus']"}
    assert nodes["Verdict"].body["Arguments"]["ApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}


def test_transform_sends_whole_parquet_files_below_its_limit(nodes: Nodes, churn: PipelineConfig) -> None:
    arguments, preprocess = nodes["Transform"].body["Arguments"], arguments_of(nodes["Preprocess"])

    assert arguments["TransformInput"]["ContentType"] == "application/x-parquet"
    assert arguments["TransformInput"]["SplitType"] == "None"
    assert arguments["TransformOutput"]["Accept"] == "application/x-parquet"
    assert arguments["MaxPayloadInMB"] == churn.transform.max_payload_mb
    assert preprocess[preprocess.index("--max-file-mb") + 1] == str(churn.transform.max_payload_mb)


def test_parameters_have_the_configurations_values(
    parameters: dict[str, dict[str, Any]], churn: PipelineConfig
) -> None:
    assert parameters["MetricThreshold"]["DefaultValue"] == churn.gate.threshold
    assert parameters["MaxDepth"]["DefaultValue"] == churn.training.hyperparameters.max_depth
    assert (parameters["TrainIdStart"]["DefaultValue"], parameters["BatchIdEnd"]["DefaultValue"]) == ("1", "5000")
    assert parameters["ModelApprovalStatus"]["EnumValues"] == ["PendingManualApproval", "Approved", "Rejected"]
    assert parameters["InferenceDate"]["DefaultValue"] == "today"


@pytest.mark.parametrize("name", PROCESSING)
def test_arguments_of_a_processing_step_are_options_of_its_script(nodes: Nodes, name: str) -> None:
    """Two houses, one contract: the pipeline knows no script's inside, so this asks the script."""
    assert not unknown_options(nodes[name])


def test_hyperparameters_are_options_of_the_training_script(nodes: Nodes) -> None:
    help_text = help_of("train.py")

    names = {name for name in nodes["Train"].body["Arguments"]["HyperParameters"] if not name.startswith("sagemaker_")}

    assert not {name for name in names if f"--{name} " not in help_text}


@pytest.mark.parametrize("name", PROCESSING)
def test_folders_of_a_processing_step_are_where_its_inputs_and_outputs_are(nodes: Nodes, name: str) -> None:
    assert not unmounted_folders(nodes[name])


@pytest.mark.parametrize("name", ["GetChampion", "Verdict", "GetLatestApprovedModel"])
def test_function_reads_the_event_that_it_is_given(nodes: Nodes, built: BuiltPipeline, name: str) -> None:
    assert not unread_inputs(nodes[name], built)


def test_gate_asks_for_the_threshold_and_not_much_worse_than_the_champion(nodes: Nodes) -> None:
    report = {"Get": "Steps.Evaluate.PropertyFiles.Evaluation"}
    metric = "binary_classification_metrics.auc.value"

    assert nodes["Gate"].body["Arguments"]["Conditions"] == [
        {
            "Type": "GreaterThanOrEqualTo",
            "LeftValue": {"Std:JsonGet": {"PropertyFile": report, "Path": metric}},
            "RightValue": {"Get": "Parameters.MetricThreshold"},
        },
        {
            "Type": "LessThanOrEqualTo",
            "LeftValue": {"Std:JsonGet": {"PropertyFile": report, "Path": "gate.shortfall"}},
            "RightValue": {"Get": "Parameters.ChampionTolerance"},
        },
    ]


def test_gate_without_tolerance_asks_for_the_threshold_alone(churn: PipelineConfig) -> None:
    gate = churn.gate.model_copy(update={"tolerance": None})
    built = catalog.build("end-to-end", churn.model_copy(update={"gate": gate}))
    steps = working_steps(built)

    assert len(steps["Gate"].body["Arguments"]["Conditions"]) == 1
    assert "ChampionTolerance" not in built.definition()
    assert option(steps["Evaluate"], "--tolerance") == "none"


def test_champion_is_an_argument_so_that_a_cached_evaluation_is_of_the_same_one(nodes: Nodes) -> None:
    """Arguments are part of SageMaker's cache key; what lies at an address is not."""
    assert option(nodes["Evaluate"], "--champion-arn") == {
        "Get": "Steps.GetChampion.OutputParameters['ModelPackageArn']"
    }


def test_description_and_names_of_the_pipeline(built: BuiltPipeline) -> None:
    assert built.name == "churn-end-to-end"
    assert built.description.startswith("Train, evaluate and register a model")
    assert [function.name for function in built.functions] == [
        *("churn-get-latest-approved-model", "churn-notify-failure", "churn-verdict"),
    ]
