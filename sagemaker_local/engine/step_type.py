"""The step types that this endpoint executes, and which operation of the SageMaker API stands behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sagemaker_local.errors import UnsupportedFeature
from sagemaker_local.records.job import JobKind
from sagemaker_local.records.names import JOB_NAME_MAX, TUNING_JOB_NAME_MAX

COMMON_KEYS = ("Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description")


@dataclass(frozen=True, slots=True)
class StepType:
    """What a step of one type may say, and what it makes."""

    name: str
    keys: tuple[str, ...] = ()
    """Keys beyond COMMON_KEYS."""
    resource: str | None = None
    """What the step creates: `Create<resource>` takes its arguments, `Describe<resource>` gives its properties."""
    name_member: str | None = None
    """The request member that the engine fills with a generated name."""
    job_kind: JobKind | None = None
    listing: str | None = None
    """An operation whose response the properties have beside the Describe response."""
    name_max: int = JOB_NAME_MAX
    """Characters of a generated name."""

    @property
    def create_operation(self) -> str:
        """The operation that takes the step's arguments."""
        return f"Create{self.resource}"

    @property
    def property_operations(self) -> tuple[str, ...]:
        """The operations whose responses are the step's properties."""
        return (f"Describe{self.resource}", *((self.listing,) if self.listing else ()))


def _job(kind: JobKind, *keys: str) -> StepType:
    return StepType(
        kind.value, ("CacheConfig", "RetryPolicies", *keys), f"{kind.value}Job", kind.name_member, job_kind=kind
    )


STEP_TYPES: Mapping[str, StepType] = {
    step_type.name: step_type
    for step_type in (
        _job(JobKind.PROCESSING, "PropertyFiles"),
        _job(JobKind.TRAINING),
        StepType(
            "Tuning",
            ("CacheConfig", "RetryPolicies"),
            "HyperParameterTuningJob",
            "HyperParameterTuningJobName",
            listing="ListTrainingJobsForHyperParameterTuningJob",
            name_max=TUNING_JOB_NAME_MAX,
        ),
        _job(JobKind.TRANSFORM),
        StepType("Model", ("RetryPolicies",), "Model", "ModelName"),
        StepType("RegisterModel", ("RetryPolicies",), "ModelPackage"),
        StepType("Condition"),
        StepType("Lambda", ("FunctionArn", "OutputParameters", "CacheConfig")),
        StepType("Fail"),
    )
}


def step_type(name: object) -> StepType:
    """Find a step type.

    Raises:
        UnsupportedFeature: no such type, or one that only SageMaker executes.
    """
    found = STEP_TYPES.get(name) if isinstance(name, str) else None
    if found is None:
        raise UnsupportedFeature(
            f"Step type {name!r} is not supported here; supported are {', '.join(STEP_TYPES)}. See docs/fidelity.md."
        )
    return found
