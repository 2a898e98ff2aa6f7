"""The step Train as a tuning job: the same training job, several times, with the configuration's ranges."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from pipelines.config.tune import Tune
from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.expressions import is_expression
from sagemaker_local.engine.tuning.plan import read_plan
from sagemaker_local.records.shapes import check
from tests.integration.pipelines.nodes import all_steps

RANGES = {
    "max_depth": {"min": 3, "max": 9},
    "eta": {"min": 0.01, "max": 0.3, "scaling": "logarithmic"},
    "subsample": {"min": 0.5, "max": 0.99, "scaling": "reverse_logarithmic"},
    "lambda": {"values": [0.5, 1, 2]},
    "max_bin": {"values": [64, 256]},
}
# Of its own: AWS takes metric definitions for it.
OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/trainer:1"


def tuned(config: PipelineConfig, **tune: Any) -> PipelineConfig:
    """The configuration with `training.tune`."""
    settings = Tune.model_validate_json(json.dumps({"ranges": RANGES, **tune}))
    return config.model_copy(update={"training": config.training.model_copy(update={"tune": settings})})


def definition(config: PipelineConfig, tune: dict[str, Any] | None = None) -> dict[str, Any]:
    """The training pipeline; Train is tuned when there are settings for it."""
    built = catalog.build("training", config if tune is None else tuned(config, **tune))
    document: dict[str, Any] = json.loads(built.definition())
    return document


def arguments(config: PipelineConfig, **tune: Any) -> dict[str, Any]:
    """The request of the tuned step."""
    found: dict[str, Any] = definition(config, tune)["Steps"][1]["Arguments"]
    return found


def regression(config: PipelineConfig) -> PipelineConfig:
    values = json.loads(config.model_dump_json())
    values["dataset"] |= {"problem_type": "regression", "classes": None, "target": "amount"}
    values["gate"] = {"metric": "regression_metrics.rmse.value", "threshold": 3}
    return PipelineConfig.model_validate_json(json.dumps(values))


@pytest.fixture(scope="module")
def from_s3(churn: PipelineConfig) -> PipelineConfig:
    return churn.model_copy(update={"data_source": "s3"})


def test_training_jobs_are_those_of_the_step_that_trains_once(from_s3: PipelineConfig) -> None:
    """Whatever Train says of its job, its tuning says, too: the SDK's tuner leaves things out silently."""
    once = definition(from_s3)["Steps"][1]["Arguments"]

    repeated = dict(arguments(from_s3)["TrainingJobDefinition"])

    static = repeated.pop("StaticHyperParameters")
    assert {name: value for name, value in once["HyperParameters"].items() if name not in RANGES} == static
    assert set(once["HyperParameters"]) - set(static) == set(RANGES)
    # A default of the API that the SDK writes here and not there.
    assert repeated.pop("EnableManagedSpotTraining", False) is False
    assert repeated == {name: value for name, value in once.items() if name != "HyperParameters"}


def test_ranges_are_those_of_the_configuration(from_s3: PipelineConfig) -> None:
    ranges = arguments(from_s3)["HyperParameterTuningJobConfig"]["ParameterRanges"]

    assert ranges["IntegerParameterRanges"] == [
        {"Name": "max_depth", "MinValue": "3", "MaxValue": "9", "ScalingType": "Auto"}
    ]
    assert ranges["ContinuousParameterRanges"] == [
        {"Name": "eta", "MinValue": "0.01", "MaxValue": "0.3", "ScalingType": "Logarithmic"},
        {"Name": "subsample", "MinValue": "0.5", "MaxValue": "0.99", "ScalingType": "ReverseLogarithmic"},
    ]
    assert ranges["CategoricalParameterRanges"] == [
        {"Name": "lambda", "Values": ["0.5", "1.0", "2.0"]},
        {"Name": "max_bin", "Values": ["64", "256"]},
    ]


def test_limits_strategy_and_seed_are_those_of_the_configuration(from_s3: PipelineConfig) -> None:
    limits = {"max_jobs": 7, "max_parallel_jobs": 3, "max_runtime_seconds": 600}

    config = arguments(from_s3, strategy="random", random_seed=9, **limits)["HyperParameterTuningJobConfig"]

    assert (config["Strategy"], config["RandomSeed"]) == ("Random", 9)
    assert config["ResourceLimits"] == {
        "MaxNumberOfTrainingJobs": 7,
        "MaxParallelTrainingJobs": 3,
        "MaxRuntimeInSeconds": 600,
    }


def test_grid_leaves_the_number_of_training_jobs_to_the_service(from_s3: PipelineConfig) -> None:
    grid = {"ranges": {"max_depth": {"values": [3, 6]}}, "strategy": "grid", "max_parallel_jobs": 5}

    config = arguments(from_s3, **grid)["HyperParameterTuningJobConfig"]

    assert config["Strategy"] == "Grid"
    assert config["ResourceLimits"] == {"MaxParallelTrainingJobs": 2}


def test_objective_follows_from_the_problem(from_s3: PipelineConfig) -> None:
    objectives = [
        arguments(config)["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
        for config in (from_s3, regression(from_s3))
    ]

    assert objectives == [
        {"Type": "Maximize", "MetricName": "validation:auc"},
        {"Type": "Minimize", "MetricName": "validation:rmse"},
    ]


def test_only_an_image_of_ones_own_has_metric_definitions(from_s3: PipelineConfig) -> None:
    own = from_s3.model_copy(update={"image_uri": OWN_IMAGE})

    algorithms = [arguments(config)["TrainingJobDefinition"]["AlgorithmSpecification"] for config in (from_s3, own)]

    assert "MetricDefinitions" not in algorithms[0]
    assert {item["Name"] for item in algorithms[1]["MetricDefinitions"]} == {"train:auc", "validation:auc"}


def test_archive_is_that_of_the_best_training_job(from_s3: PipelineConfig) -> None:
    evaluate, register = (
        all_steps(catalog.build("training", tuned(from_s3)))[name] for name in ("Evaluate", "Register")
    )
    (archive,) = [
        item["S3Input"]["S3Uri"]
        for item in evaluate.body["Arguments"]["ProcessingInputs"]
        if item["InputName"] == "model"
    ]

    joined = archive["Std:Join"]
    best = {"Get": "Steps.Train.TrainingJobSummaries[0].TrainingJobName"}
    assert "/".join(str(value) for value in joined["Values"][:-2]) == f"{from_s3.root_uri}/models"
    assert (joined["On"], joined["Values"][-2:]) == ("/", [best, "output/model.tar.gz"])
    (container,) = register.body["Arguments"]["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == archive


def test_failure_of_the_tuning_is_told_as_every_other(from_s3: PipelineConfig) -> None:
    assert "NotifyFailure-Train" in all_steps(catalog.build("training", tuned(from_s3)))


def test_definition_is_the_same_each_time(from_s3: PipelineConfig) -> None:
    assert definition(from_s3, {}) == definition(from_s3, {})


@pytest.mark.parametrize("strategy", ["bayesian", "random"])
def test_step_is_a_request_that_aws_and_the_local_endpoint_take(from_s3: PipelineConfig, strategy: str) -> None:
    document = definition(from_s3, {"strategy": strategy})
    text = json.dumps(document)
    step = document["Steps"][1]

    assert parse(text).steps["Train"].type.name == step["Type"] == "Tuning"
    name = "HyperParameterTuningJobName"
    check("sagemaker", "CreateHyperParameterTuningJob", step["Arguments"], allow=is_expression, optional=[name])
    assert read_plan({**step["Arguments"], name: "tuned"}).strategy.value.lower() == strategy


def test_caching_and_retries_are_those_of_every_job(from_s3: PipelineConfig) -> None:
    once, tuned = definition(from_s3)["Steps"][1], definition(from_s3, {})["Steps"][1]

    assert tuned["CacheConfig"] == once["CacheConfig"]
    assert tuned["RetryPolicies"] == once["RetryPolicies"]
    assert tuned["Name"] == once["Name"] == "Train"
