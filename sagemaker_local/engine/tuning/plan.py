"""Reads CreateHyperParameterTuningJob requests, and refuses what this endpoint cannot do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.engine.tuning.ranges import CategoricalRange, Range, parse_ranges
from sagemaker_local.engine.tuning.search import Strategy, grid_size
from sagemaker_local.errors import UnsupportedFeature, ValidationException

OBJECTIVE_PARAMETER = "_tuning_objective_metric"
"""AWS adds this hyperparameter to each training job of a tuning job, with the name of the metric."""

# By the place in the request: members that change what happens on AWS and cannot here, and what to do instead.
_UNSUPPORTED: Mapping[str, Mapping[str, str]] = {
    "": {
        "TrainingJobDefinitions": "give one TrainingJobDefinition; tune other algorithms in tuning jobs of their own",
        "WarmStartConfig": "narrow the ranges around the values that were best",
        "Autotune": "choose strategy, ranges and limits in the request",
    },
    "HyperParameterTuningJobConfig": {
        "StrategyConfig": "it belongs to the strategy Hyperband, which is not supported either",
    },
    "HyperParameterTuningJobConfig.TuningJobCompletionCriteria": {
        "BestObjectiveNotImproving": "use MaxNumberOfTrainingJobs, MaxRuntimeInSeconds or TargetObjectiveMetricValue",
    },
    "TrainingJobDefinition": {
        "TuningObjective": "give HyperParameterTuningJobObjective in HyperParameterTuningJobConfig",
        "HyperParameterRanges": "give ParameterRanges in HyperParameterTuningJobConfig",
        "HyperParameterTuningResourceConfig": "give ResourceConfig",
        "CheckpointConfig": "its training jobs would write over each other's checkpoints",
    },
}
# Members of the definition that are members of CreateTrainingJob.
_TRAINING_MEMBERS = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "RetryStrategy",
    "Environment",
)


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric that says which training job is the best."""

    metric: str
    maximize: bool

    @property
    def type(self) -> str:
        """The word of the API."""
        return "Maximize" if self.maximize else "Minimize"

    def is_reached(self, value: float, target: float) -> bool:
        """Whether a value is at least as good as the target."""
        return value >= target if self.maximize else value <= target


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """A tuning job's request, understood."""

    name: str
    strategy: Strategy
    objective: Objective
    ranges: tuple[Range, ...]
    most_jobs: int | None
    """None: as many as the time allows."""
    parallel: int
    max_runtime_seconds: float | None
    target: float | None
    """A value of the objective that is good enough to end the search."""
    seed: int | None
    definition: Mapping[str, Any]

    @property
    def grid(self) -> tuple[CategoricalRange, ...]:
        """The ranges that a grid has."""
        return tuple(item for item in self.ranges if isinstance(item, CategoricalRange))

    def training_request(self, training_job: str, hyperparameters: Mapping[str, str]) -> dict[str, Any]:
        """The CreateTrainingJob request of one training job."""
        static = self.definition.get("StaticHyperParameters") or {}
        return {
            "TrainingJobName": training_job,
            "HyperParameters": {**static, **hyperparameters, OBJECTIVE_PARAMETER: self.objective.metric},
            **{member: self.definition[member] for member in _TRAINING_MEMBERS if member in self.definition},
        }


def read_plan(request: Mapping[str, Any]) -> TuningPlan:
    """Understand a request whose shape was checked.

    Raises:
        UnsupportedFeature: what SageMaker can do and this endpoint cannot, by name.
        ValidationException: what SageMaker would refuse.
    """
    _refuse_unsupported(request)
    config, definition = request["HyperParameterTuningJobConfig"], request.get("TrainingJobDefinition")
    if definition is None:
        raise ValidationException("The request has no TrainingJobDefinition; say how the training jobs are made.")
    limits = config["ResourceLimits"]
    ranges = parse_ranges(config.get("ParameterRanges") or {})
    _check_static(definition, ranges)
    strategy = Strategy(config["Strategy"])
    return TuningPlan(
        name=request["HyperParameterTuningJobName"],
        strategy=strategy,
        objective=objective_of(request),
        ranges=ranges,
        most_jobs=_most_jobs(strategy, ranges, limits),
        parallel=limits["MaxParallelTrainingJobs"],
        max_runtime_seconds=limits.get("MaxRuntimeInSeconds"),
        target=(config.get("TuningJobCompletionCriteria") or {}).get("TargetObjectiveMetricValue"),
        seed=config.get("RandomSeed"),
        definition=definition,
    )


def objective_of(request: Mapping[str, Any]) -> Objective:
    """Read the objective of a tuning job.

    Raises:
        ValidationException: it has none.
    """
    raw = request["HyperParameterTuningJobConfig"].get("HyperParameterTuningJobObjective")
    if raw is None:
        raise ValidationException(
            "HyperParameterTuningJobConfig has no HyperParameterTuningJobObjective; name the metric and its Type."
        )
    return Objective(raw["MetricName"], raw["Type"] == "Maximize")


def check_metric(plan: TuningPlan, metrics: Sequence[str]) -> None:
    """Refuse an objective that none of the training jobs could have.

    Raises:
        ValidationException: begins with AWS's own words.
    """
    if plan.objective.metric not in metrics:
        raise ValidationException(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric "
            f"definitions: MetricName {plan.objective.metric!r} is not among them ({', '.join(metrics) or 'none'})."
        )


def _refuse_unsupported(request: Mapping[str, Any]) -> None:
    for place, members in _UNSUPPORTED.items():
        inner = request
        for step in filter(None, place.split(".")):
            inner = inner.get(step) or {}
        for member, instead in members.items():
            if inner.get(member):
                raise UnsupportedFeature(f"{member} is not supported; {instead}.")
    config = request["HyperParameterTuningJobConfig"]
    if config["Strategy"] not in set(Strategy):
        raise UnsupportedFeature(
            f"Strategy {config['Strategy']!r} is not supported; use {', '.join(map(repr, map(str, Strategy)))}."
        )
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        raise UnsupportedFeature(
            "TrainingJobEarlyStoppingType 'Auto' is not supported; use 'Off', and let the script stop early by itself."
        )
    convergence = (config.get("TuningJobCompletionCriteria") or {}).get("ConvergenceDetected") or {}
    if convergence.get("CompleteOnConvergence", "Disabled") != "Disabled":
        raise UnsupportedFeature("CompleteOnConvergence 'Enabled' is not supported; limit the number of training jobs.")


def _check_static(definition: Mapping[str, Any], ranges: Sequence[Range]) -> None:
    both = sorted({item.name for item in ranges} & set(definition.get("StaticHyperParameters") or {}))
    if both:
        raise ValidationException(
            f"The hyperparameter {both[0]!r} has a range and is in StaticHyperParameters, too; decide for one of them."
        )


def _most_jobs(strategy: Strategy, ranges: Sequence[Range], limits: Mapping[str, Any]) -> int | None:
    asked: int | None = limits.get("MaxNumberOfTrainingJobs")
    if strategy is Strategy.GRID:
        return _whole_grid(ranges, asked)
    if asked is None and limits.get("MaxRuntimeInSeconds") is None:
        raise ValidationException(
            "ResourceLimits has neither MaxNumberOfTrainingJobs nor MaxRuntimeInSeconds: the tuning job would not end."
        )
    if asked is not None and limits["MaxParallelTrainingJobs"] > asked:
        raise ValidationException(
            f"MaxParallelTrainingJobs {limits['MaxParallelTrainingJobs']} must not be greater than "
            f"MaxNumberOfTrainingJobs {asked}."
        )
    return asked


def _whole_grid(ranges: Sequence[Range], asked: int | None) -> int:
    categorical = [item for item in ranges if isinstance(item, CategoricalRange)]
    others = [item.name for item in ranges if not isinstance(item, CategoricalRange)]
    if others:
        raise ValidationException(
            f"Strategy 'Grid' is for CategoricalParameterRanges only; {', '.join(map(repr, others))} must be one, too."
        )
    size = grid_size(categorical)
    if asked not in {None, size}:
        raise ValidationException(
            f"MaxNumberOfTrainingJobs {asked} is not the number of the grid's combinations, {size}; leave it out."
        )
    return size
