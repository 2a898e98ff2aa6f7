"""Pipeline parameters: everything that a person may change from one execution to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipelines.config import PipelineConfig
from pipelines.sdk import ParameterFloat, ParameterInteger, ParameterString

GIT_COMMIT = "GitCommit"
"""The door sets it at the start of an execution; the definition itself is the same from every checkout."""

UNKNOWN_COMMIT = "unknown"
APPROVAL_STATUSES = ["PendingManualApproval", "Approved", "Rejected"]


class _Described:
    """Adds the description, which the definition may have but the SDK's parameters cannot."""

    description: str

    def to_request(self) -> dict[str, Any]:
        request: dict[str, Any] = super().to_request()  # type: ignore[misc]  # the SDK's class comes after this one
        return {**request, "Description": self.description}


class TextParameter(_Described, ParameterString):  # type: ignore[misc]  # the SDK publishes no types
    """A string with a description."""

    def __init__(self, name: str, default: str, description: str, allowed: list[str] | None = None) -> None:
        super().__init__(name=name, default_value=default, enum_values=allowed)
        self.description = description


class IntegerParameter(_Described, ParameterInteger):  # type: ignore[misc]  # the SDK publishes no types
    """A whole number with a description."""

    def __init__(self, name: str, default: int, description: str) -> None:
        super().__init__(name=name, default_value=default)
        self.description = description


class FloatParameter(_Described, ParameterFloat):  # type: ignore[misc]  # the SDK publishes no types
    """A number with a description."""

    def __init__(self, name: str, default: float, description: str) -> None:
        super().__init__(name=name, default_value=float(default))
        self.description = description


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters; a pipeline has those that its steps use.

    A bound of customers is None where the configuration has none, the tolerance where no champion is compared with.
    """

    input_data_uri: TextParameter
    labels_uri: TextParameter
    inference_date: TextParameter
    model_version: TextParameter
    train_id_start: TextParameter | None
    train_id_end: TextParameter | None
    batch_id_start: TextParameter | None
    batch_id_end: TextParameter | None
    processing_instance_type: TextParameter
    training_instance_type: TextParameter
    transform_instance_type: TextParameter
    transform_instance_count: IntegerParameter
    metric_threshold: FloatParameter
    champion_tolerance: FloatParameter | None
    model_approval_status: TextParameter
    hyperparameters: Mapping[str, IntegerParameter | FloatParameter]
    """By the name that the training script gives them."""
    git_commit: TextParameter

    @classmethod
    def of(cls, config: PipelineConfig) -> Parameters:
        """Make the parameters with the configuration's values as their defaults."""
        train, learn, score = config.training, "to learn from, inclusive", "to score, inclusive"
        return cls(
            input_data_uri=TextParameter(
                "InputDataUri", config.input_uri, "S3 address below which the customers lie, as CSV or Parquet files"
            ),
            labels_uri=TextParameter(
                "LabelsUri", config.labels_uri, "S3 address below which the labels of a published day lie"
            ),
            inference_date=TextParameter(
                "InferenceDate",
                config.publish.inference_date,
                "Day that the execution is about, customers as of its end: today or YYYY-MM-DD",
            ),
            model_version=TextParameter(
                "ModelVersion", "latest", "Version that scores: latest (or the pinned one), or a number"
            ),
            train_id_start=_bound("TrainIdStart", train.customer_id_start, f"First customer number {learn}"),
            train_id_end=_bound("TrainIdEnd", train.customer_id_end, f"Last customer number {learn}"),
            batch_id_start=_bound("BatchIdStart", config.customer_id_start, f"First customer number {score}"),
            batch_id_end=_bound("BatchIdEnd", config.customer_id_end, f"Last customer number {score}"),
            processing_instance_type=TextParameter(
                "ProcessingInstanceType", config.processing_instance_type, "Instance that preprocesses and evaluates"
            ),
            training_instance_type=TextParameter(
                "TrainingInstanceType", train.instance_type, "Instance that trains the model"
            ),
            transform_instance_type=TextParameter(
                "TransformInstanceType", config.transform.instance_type, "Instance that scores the batch"
            ),
            transform_instance_count=IntegerParameter(
                "TransformInstanceCount", config.transform.instance_count, "How many instances score the batch"
            ),
            metric_threshold=FloatParameter(
                "MetricThreshold", config.gate.threshold, f"What {config.gate.metric} must reach for a registration"
            ),
            champion_tolerance=_tolerance(config.gate.tolerance),
            model_approval_status=TextParameter(
                "ModelApprovalStatus",
                config.registration.approval_status,
                "Status of the version that this execution registers, unless an approval policy decides",
                APPROVAL_STATUSES,
            ),
            hyperparameters=_hyperparameters(config),
            git_commit=TextParameter(
                GIT_COMMIT, UNKNOWN_COMMIT, "Commit of the code that started this execution, kept with the model"
            ),
        )

    def all(self) -> list[TextParameter | IntegerParameter | FloatParameter]:
        """List the parameters that exist, in the order in which Studio shows them."""
        found: list[Any] = []
        for member in fields(self):
            value = getattr(self, member.name)
            found.extend(value.values() if isinstance(value, Mapping) else [value] if value is not None else [])
        return found


def _bound(name: str, number: int | None, description: str) -> TextParameter | None:
    return None if number is None else TextParameter(name, str(number), description)


def _tolerance(tolerance: float | None) -> FloatParameter | None:
    if tolerance is None:
        return None
    return FloatParameter(
        "ChampionTolerance", tolerance, "How much worse than the champion a model may be, in the gate's metric"
    )


def _hyperparameters(config: PipelineConfig) -> dict[str, IntegerParameter | FloatParameter]:
    values = config.training.hyperparameters
    return {
        "max_depth": IntegerParameter("MaxDepth", values.max_depth, "Deepest tree"),
        "eta": FloatParameter("Eta", values.eta, "Learning rate"),
        "num_round": IntegerParameter("NumRound", values.num_round, "Most trees to grow"),
        "min_child_weight": FloatParameter("MinChildWeight", values.min_child_weight, "Least weight in a leaf"),
        "subsample": FloatParameter("Subsample", values.subsample, "Share of customers that each tree sees"),
        "colsample_bytree": FloatParameter(
            "ColsampleByTree", values.colsample_bytree, "Share of features that each tree sees"
        ),
        "early_stopping_rounds": IntegerParameter(
            "EarlyStoppingRounds",
            values.early_stopping_rounds,
            "Rounds without gain before training stops; 0: never",
        ),
        "gamma": FloatParameter("Gamma", values.gamma, "Least gain of a split"),
        "lambda": FloatParameter("Lambda", values.lambda_, "L2 penalty"),
        "alpha": FloatParameter("Alpha", values.alpha, "L1 penalty"),
        "max_bin": IntegerParameter("MaxBin", values.max_bin, "Bins of a numeric feature"),
        "scale_pos_weight": FloatParameter("ScalePosWeight", values.scale_pos_weight, "Weight of the positive class"),
        "seed": IntegerParameter("Seed", config.training.seed, "Seed of the split and of the training"),
    }
