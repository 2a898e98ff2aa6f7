"""What docs/fidelity.md says about operations and fields, and the requests that put it to the test."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.engine.descriptions import describe_job, describe_model, describe_model_package
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.tuning.results import describe_tuning_job
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.records.job import Job, JobKind, Runner
from sagemaker_local.records.model import ModelContainer
from sagemaker_local.runners import metrics
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.processing import ProcessingRunner
from sagemaker_local.runners.training import TrainingRunner
from sagemaker_local.runners.transform.runner import TransformRunner
from sagemaker_local.store.store import Store
from tests.fakes.credentials import FakeCredentials
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.markdown import Row
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.records import PLACE, a_job, a_tuning_job
from tests.fakes.sample_requests import Setting

IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::000000000000:role/job"
PACKAGE = PLACE.arn("model-package/churn/1")
STATUSES = ("same", "emulated", "refused")

_TERM = re.compile(r"(?P<path>[\w.\[\]]+)(?: = (?P<value>\w+)| > (?P<least>\d+)| (?P<absent>absent))?")
_S3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in/"}


@dataclass(frozen=True)
class Claim:
    """One field of one line of the page, with what is said about it."""

    path: str
    status: str
    note: str
    value: str | None = None
    more_than: int | None = None
    is_absence: bool = False

    @property
    def is_general(self) -> bool:
        """It holds for all values."""
        return self.value is None and self.more_than is None and not self.is_absence

    @property
    def is_refused_on_aws(self) -> bool:
        return self.note.startswith("as on AWS")


def claims(rows: list[Row]) -> list[Claim]:
    found: list[Claim] = []
    for row in rows:
        for span in row.spans("field"):
            term = _TERM.fullmatch(span)
            assert term, f"{span!r} is not understood"
            least = int(term["least"]) if term["least"] else None
            found.append(
                Claim(term["path"], row.cells["here"], row.cells["note"], term["value"], least, bool(term["absent"]))
            )
    return found


def claim_about(known: list[Claim], setting: Setting) -> Claim | None:
    """The line that decides: about this value, else about the field, else about what is around it."""
    path = setting.path.replace("Containers[]", "PrimaryContainer") if _is_model(known) else setting.path
    shown = str(setting.value).lower() if isinstance(setting.value, bool) else str(setting.value)
    for claim in known:
        if claim.path == path and claim.value == shown:
            return claim
    general = [claim for claim in known if claim.is_general and _holds(claim.path, path)]
    return max(general, key=lambda claim: len(claim.path), default=None)


def _is_model(known: list[Claim]) -> bool:
    return any(claim.path.startswith("PrimaryContainer") for claim in known)


def _holds(around: str, path: str) -> bool:
    return path == around or path.startswith((f"{around}.", f"{around}[]."))


@dataclass(frozen=True)
class StepFields:
    """How the fields of one step type are tried: a request that is accepted, and the code that accepts it."""

    operation: str
    describe_operation: str
    base: Mapping[str, Any]
    accept: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """Raises what the endpoint answers; returns the Describe response."""

    def base_for(self, path: str) -> Mapping[str, Any]:
        """The request that a field is set in: some fields exclude each other."""
        if path.startswith("Containers[]"):
            container = {} if path.endswith("ModelPackageName") else self.base["PrimaryContainer"]
            return {"ModelName": "m", "Containers": [container]}
        if path == "Containers":
            return {"ModelName": "m"}
        if path == "PrimaryContainer.ModelPackageName":
            return {"ModelName": "m", "PrimaryContainer": {}}
        if path == "HyperParameterTuningJobConfig.Strategy":
            # A grid has categories only.
            return _tuning({"CategoricalParameterRanges": [_CATEGORIES]})
        return self.base


# What a shape cannot say: values that mean something.
_VALUES: Mapping[str, Any] = {
    "LocalPath": "/opt/ml/processing/data",
    "TrainingImage": IMAGE,
    "InputFilter": "$[1:]",
    "OutputFilter": "$[0]",
    "MetricDefinitions[].Regex": "loss=(.*?);",
    "HyperParameters": {"eta": "0.1", "sagemaker_program": "train.py"},
    "StaticHyperParameters": {"gamma": "0.1", "sagemaker_program": "train.py"},
    "HyperParameterTuningJobObjective.MetricName": "validation:rmse",
    "IntegerParameterRanges[].MinValue": "2",
    "IntegerParameterRanges[].MaxValue": "8",
    "ContinuousParameterRanges[].MinValue": "0.2",
    "ContinuousParameterRanges[].MaxValue": "0.8",
    "PrimaryContainer.ModelPackageName": PACKAGE,
    "Containers[].ModelPackageName": PACKAGE,
    "ModelPackageGroupName": "Churn",
}


def meaningful(setting: Setting) -> Setting:
    """The setting with a value that makes sense, where the shape alone cannot tell one."""
    value = next((known for end, known in _VALUES.items() if f".{setting.path}".endswith(f".{end}")), setting.value)
    return Setting(setting.path, value)


def step_fields(root: Path, store: Store) -> Mapping[str, StepFields]:
    """Each step type that makes something, by its name on the page."""
    environment = RunnerEnvironment(
        work_path=root / "work",
        objects=FolderObjectStore(root / "s3", "bucket"),
        logs=FakeLogWriter(),
        credentials=FakeCredentials(),
        region="us-west-2",
    )
    script = {"SAGEMAKER_PROGRAM": "inference.py"}
    runners: Mapping[JobKind, Runner] = {
        JobKind.PROCESSING: ProcessingRunner(environment),
        JobKind.TRAINING: TrainingRunner(environment),
        JobKind.TRANSFORM: TransformRunner(environment, lambda _: ModelContainer(IMAGE, None, script)),
    }
    registry = Registry(store, PLACE)
    registry.create_model_package_group({"ModelPackageGroupName": "Churn"})
    assert registry.create_model_package(_PACKAGE).arn == PACKAGE
    return {
        **{
            kind.value: StepFields(f"Create{kind.value}Job", f"Describe{kind.value}Job", _JOBS[kind], _accept(kind, to))
            for kind, to in runners.items()
        },
        "Tuning": StepFields(
            "CreateHyperParameterTuningJob",
            "DescribeHyperParameterTuningJob",
            _tuning(),
            _accept_tuning(TuningJobs(store, PLACE, Jobs(store.jobs, PLACE, runners), metrics.names_of)),
        ),
        "Model": StepFields("CreateModel", "DescribeModel", _MODEL, _accept_model(registry)),
        "RegisterModel": StepFields(
            "CreateModelPackage",
            "DescribeModelPackage",
            _PACKAGE,
            lambda request: describe_model_package(registry.create_model_package(request)),
        ),
    }


def _accept(kind: JobKind, runner: Runner) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def accept(request: Mapping[str, Any]) -> Mapping[str, Any]:
        runner.check(request)
        job: Job = a_job(request[kind.name_member], kind, request=request)
        return describe_job(job)

    return accept


def _accept_tuning(tuning_jobs: TuningJobs) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def accept(request: Mapping[str, Any]) -> Mapping[str, Any]:
        tuning_jobs.check(request)
        return describe_tuning_job(a_tuning_job(request["HyperParameterTuningJobName"], request=request), [])

    return accept


def _accept_model(registry: Registry) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    numbers = itertools.count()

    def accept(request: Mapping[str, Any]) -> Mapping[str, Any]:
        model = registry.create_model({**request, "ModelName": f"m-{next(numbers)}"})
        return {**describe_model(model), "ModelName": request["ModelName"]}

    return accept


_JOBS: Mapping[JobKind, Mapping[str, Any]] = {
    JobKind.PROCESSING: {
        "ProcessingJobName": "job",
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "run.py"]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "ProcessingInputs": [{"InputName": "in", "S3Input": {**_S3, "LocalPath": "/opt/ml/processing/in"}}],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": "s3://bucket/out",
                        "S3UploadMode": "EndOfJob",
                        "LocalPath": "/opt/ml/processing/out",
                    },
                }
            ]
        },
    },
    JobKind.TRAINING: {
        "TrainingJobName": "job",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
        },
        "HyperParameters": {"sagemaker_program": "train.py"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": _S3}}],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
    JobKind.TRANSFORM: {
        "TransformJobName": "job",
        "ModelName": "model",
        "TransformInput": {"DataSource": {"S3DataSource": _S3}, "ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out", "Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    },
}
_CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
_MODEL = {"ModelName": "m", "PrimaryContainer": _CONTAINER}
_PACKAGE = {"ModelPackageGroupName": "Churn", "InferenceSpecification": {"Containers": [_CONTAINER]}}

_CATEGORIES = {"Name": "booster", "Values": ["gbtree", "dart"]}
_NUMBERS = {
    "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "9"}],
    "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.9"}],
}


def _tuning(ranges: Mapping[str, Any] = _NUMBERS) -> Mapping[str, Any]:
    named = ("TrainingJobName", "HyperParameters")
    training = {name: value for name, value in _JOBS[JobKind.TRAINING].items() if name not in named}
    return {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": {**training, "StaticHyperParameters": {"sagemaker_program": "train.py"}},
    }
