from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.engine.tuning.plan import check_metric, read_plan
from sagemaker_local.engine.tuning.search import Strategy
from sagemaker_local.errors import UnsupportedFeature, ValidationException
from tests.fakes.step_definitions import tuning_request


def request(**members: Any) -> dict[str, Any]:
    return {"HyperParameterTuningJobName": "tune", **tuning_request(**members)}


def grid(most: int | None) -> dict[str, Any]:
    limits = {"MaxParallelTrainingJobs": 3, **({"MaxNumberOfTrainingJobs": most} if most else {})}
    ranges = {"CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}]}
    return {"Strategy": "Grid", "ParameterRanges": ranges, "ResourceLimits": limits}


def test_request_is_understood() -> None:
    criteria = {"TargetObjectiveMetricValue": 0.9, "ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}}
    limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": 600}
    config = {"TuningJobCompletionCriteria": criteria, "ResourceLimits": limits, "TrainingJobEarlyStoppingType": "Off"}

    plan = read_plan(request(config={**config, "Strategy": "Bayesian"}))

    assert (plan.name, plan.strategy, plan.seed, plan.target) == ("tune", Strategy.BAYESIAN, 1, 0.9)
    assert (plan.most_jobs, plan.parallel, plan.max_runtime_seconds) == (4, 2, 600)
    assert (plan.objective.metric, plan.objective.type) == ("validation:auc", "Maximize")


@pytest.mark.parametrize("most", [None, 2])
def test_grid_launches_as_many_training_jobs_as_it_has_combinations(most: int | None) -> None:
    assert read_plan(request(config=grid(most))).most_jobs == 2


def test_search_without_a_number_of_training_jobs_needs_a_time_limit() -> None:
    limits = {"MaxParallelTrainingJobs": 1}

    assert read_plan(request(config={"ResourceLimits": {**limits, "MaxRuntimeInSeconds": 120}})).most_jobs is None
    with pytest.raises(ValidationException, match="neither MaxNumberOfTrainingJobs nor MaxRuntimeInSeconds"):
        read_plan(request(config={"ResourceLimits": limits}))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"config": {"Strategy": "Hyperband"}}, "Strategy 'Hyperband' is not supported; use 'Bayesian', 'Random'"),
        (
            {"config": {"StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1}}}},
            "StrategyConfig is not supported",
        ),
        ({"config": {"TrainingJobEarlyStoppingType": "Auto"}}, "TrainingJobEarlyStoppingType 'Auto' is not supported"),
        (
            {
                "config": {
                    "TuningJobCompletionCriteria": {
                        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}
                    }
                }
            },
            "BestObjectiveNotImproving is not supported",
        ),
        (
            {"config": {"TuningJobCompletionCriteria": {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}}},
            "CompleteOnConvergence 'Enabled' is not supported",
        ),
        ({"Autotune": {"Mode": "Enabled"}}, "Autotune is not supported"),
        ({"WarmStartConfig": {"WarmStartType": "TransferLearning"}}, "WarmStartConfig is not supported"),
        ({"TrainingJobDefinitions": [{"DefinitionName": "a"}]}, "TrainingJobDefinitions is not supported"),
        ({"definition": {"CheckpointConfig": {"S3Uri": "s3://b/c"}}}, "CheckpointConfig is not supported"),
        ({"definition": {"HyperParameterRanges": {"AutoParameters": []}}}, "HyperParameterRanges is not supported"),
        ({"definition": {"TuningObjective": {"Type": "Maximize"}}}, "TuningObjective is not supported"),
        (
            {"definition": {"HyperParameterTuningResourceConfig": {"InstanceCount": 1}}},
            "HyperParameterTuningResourceConfig is not supported",
        ),
    ],
)
def test_what_only_aws_can_do_is_refused_by_name(members: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedFeature, match=message):
        read_plan(request(**members))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"TrainingJobDefinition": None}, "no TrainingJobDefinition"),
        ({"config": {"HyperParameterTuningJobObjective": None}}, "no HyperParameterTuningJobObjective"),
        ({"config": {"ParameterRanges": None}}, "ParameterRanges has no range"),
        (
            {"definition": {"StaticHyperParameters": {"eta": "0.1"}}},
            "'eta' has a range and is in StaticHyperParameters",
        ),
        ({"config": {"Strategy": "Grid"}}, "'Grid' is for CategoricalParameterRanges only; 'eta' must be one, too"),
        ({"config": grid(3)}, "MaxNumberOfTrainingJobs 3 is not the number of the grid's combinations, 2"),
        (
            {"config": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 3}}},
            "MaxParallelTrainingJobs 3 must not be greater than MaxNumberOfTrainingJobs 2",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused(members: dict[str, Any], message: str) -> None:
    asked = request(**members)
    config = {name: value for name, value in asked["HyperParameterTuningJobConfig"].items() if value is not None}
    asked = {name: value for name, value in asked.items() if value is not None}

    with pytest.raises(ValidationException, match=message):
        read_plan({**asked, "HyperParameterTuningJobConfig": config})


def test_training_request_has_static_and_tuned_hyperparameters_and_the_definition() -> None:
    definition = {"EnableManagedSpotTraining": True, "DefinitionName": "xgb"}
    plan = read_plan(request(definition=definition))

    made = plan.training_request("tune-001-00000000", {"eta": "0.3"})

    assert made["TrainingJobName"] == "tune-001-00000000"
    assert made["HyperParameters"] == {
        "sagemaker_program": "train.py",
        "eta": "0.3",
        "_tuning_objective_metric": "validation:auc",
    }
    assert made["EnableManagedSpotTraining"] is True
    assert "DefinitionName" not in made
    assert made["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}


def test_objective_must_be_a_metric_of_the_training_jobs() -> None:
    plan = read_plan(request())

    check_metric(plan, ["validation:rmse", "validation:auc"])
    with pytest.raises(
        ValidationException, match=r"Provide a metric in the metric definitions: .* \(validation:rmse\)"
    ):
        check_metric(plan, ["validation:rmse"])
    with pytest.raises(ValidationException, match=r"'validation:auc' is not among them \(none\)"):
        check_metric(plan, [])
