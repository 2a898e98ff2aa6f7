"""Records with everything that must be there, for tests that care about one member."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.records.model import ApprovalStatus, Model, ModelPackage, ModelPackageGroup
from sagemaker_local.records.names import Place
from sagemaker_local.records.pipeline import Pipeline
from sagemaker_local.records.tuning_job import TuningJob

PLACE = Place("us-west-2", "000000000000")
ROLE = "arn:aws:iam::000000000000:role/worker"
NOON = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def a_pipeline(name: str = "churn", **members: Any) -> Pipeline:
    arn = PLACE.arn(f"pipeline/{name}")
    return Pipeline(**{"name": name, "arn": arn, "definition": "{}", "role_arn": ROLE, **_born(), **members})


def an_execution(execution_id: str = "e1", pipeline_name: str = "churn", **members: Any) -> Execution:
    pipeline_arn = PLACE.arn(f"pipeline/{pipeline_name}")
    defaults: dict[str, Any] = {
        "arn": f"{pipeline_arn}/execution/{execution_id}",
        "execution_id": execution_id,
        "pipeline_name": pipeline_name,
        "pipeline_arn": pipeline_arn,
        "pipeline_version": 1,
        "definition": "{}",
        "role_arn": ROLE,
        "status": ExecutionStatus.EXECUTING,
        "display_name": f"execution-{execution_id}",
    }
    return Execution(**{**defaults, **_born(), **members})


def a_step(name: str = "Train", execution_id: str = "e1", **members: Any) -> Step:
    defaults: dict[str, Any] = {
        "execution_arn": an_execution(execution_id).arn,
        "name": name,
        "type": "Training",
        "status": StepStatus.EXECUTING,
        "started": NOON,
    }
    return Step(**{**defaults, **members})


def a_job(name: str = "train-1", kind: JobKind = JobKind.TRAINING, **members: Any) -> Job:
    defaults: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "arn": PLACE.arn(f"{kind.resource_type}/{name}"),
        "status": JobStatus.IN_PROGRESS,
        "request": {kind.name_member: name},
    }
    return Job(**{**defaults, **_born(), **members})


def a_tuning_job(name: str = "tune-1", **members: Any) -> TuningJob:
    defaults: dict[str, Any] = {
        "arn": PLACE.arn(f"hyper-parameter-tuning-job/{name.lower()}"),
        "status": JobStatus.IN_PROGRESS,
        "request": {"HyperParameterTuningJobName": name},
    }
    return TuningJob(**{"name": name, **defaults, **_born(), **members})


def a_model(name: str = "scorer", **members: Any) -> Model:
    defaults: dict[str, Any] = {"arn": PLACE.arn(f"model/{name}"), "request": {"ModelName": name}, "created": NOON}
    return Model(**{"name": name, **defaults, **members})


def a_group(name: str = "Churn", **members: Any) -> ModelPackageGroup:
    arn = PLACE.arn(f"model-package-group/{name.lower()}")
    return ModelPackageGroup(**{"name": name, "arn": arn, "created": NOON, **members})


def a_package(version: int, group_name: str = "Churn", **members: Any) -> ModelPackage:
    defaults: dict[str, Any] = {
        "group_name": group_name,
        "version": version,
        "arn": PLACE.arn(f"model-package/{group_name.lower()}/{version}"),
        "approval_status": ApprovalStatus.PENDING_MANUAL_APPROVAL,
        "request": {},
    }
    return ModelPackage(**{**defaults, **_born(), **members})


def _born() -> dict[str, Any]:
    return {"created": NOON, "modified": NOON}
