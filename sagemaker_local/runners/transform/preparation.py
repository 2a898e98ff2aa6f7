"""Everything that lies ready when the agent starts: the plan, the links to the inputs, the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.model import ModelContainer
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import images, transfer
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.transform.inputs import InputObject
from sagemaker_local.runners.transform.plan import FOLDER, MODEL_ARCHIVE, Plan, PlannedObject, save_objects
from sagemaker_local.runners.transform.request import MEBIBYTE, TransformRequest
from sagemaker_local.runners.workspace import Workspace

PROGRAM = "SAGEMAKER_PROGRAM"
SUBMIT = "SAGEMAKER_SUBMIT_DIRECTORY"
_DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
_JSON = "application/json"
_SCRIPT_ARCHIVE = "sourcedir.tar.gz"
_NO_ROLE = "arn:aws:iam::000000000000:role/model-without-execution-role"


def check_container(container: ModelContainer, request: TransformRequest) -> None:
    """Refuse a model that this endpoint cannot serve.

    Raises:
        UnsupportedFeature: another image, or the container's algorithm mode.
        ValidationException: a program that is no Python file.
    """
    images.require_xgboost(container.image, "batch transform")
    program = {**container.environment, **request.environment}.get(PROGRAM)
    if not program:
        raise UnsupportedFeature(
            f"Model {request.model_name!r} has no {PROGRAM} in its environment, which asks for the XGBoost "
            "container's algorithm mode; this endpoint serves script mode only: pack a script with model_fn into the "
            f"model archive as code/inference.py, and set {PROGRAM}=inference.py and {SUBMIT}=/opt/ml/model/code."
        )
    if not program.endswith(".py"):
        raise ValidationException(f"{PROGRAM} is {program!r}; it must name a Python file, such as inference.py.")


@dataclass(frozen=True, slots=True)
class Preparation:
    """A job's request and surroundings, before its process runs."""

    environment: RunnerEnvironment
    job_name: str
    asked: Mapping[str, Any]
    """CreateTransformJob's request as it came: the container is told only what was said."""
    request: TransformRequest
    container: ModelContainer
    workspace: Workspace

    @property
    def folder(self) -> Path:
        """Where plan, inputs and outputs lie."""
        return self.workspace.path / FOLDER

    def bring(self, inputs: Sequence[InputObject]) -> dict[str, str]:
        """Make the folders, write the plan, link the files; return the job's environment variables.

        Raises:
            JobFailed: a file cannot be brought.
        """
        variables = self.variables()
        for name in ("input", "output", "pieces"):
            (self.folder / name).mkdir(parents=True)
        for name in ("model", "code"):
            (self.workspace.ml / name).mkdir()
        self.plan(inputs, variables).save(self.folder)
        save_objects(self.folder, (planned(number, item) for number, item in enumerate(inputs)))
        self._link(((item.uri, str(number)) for number, item in enumerate(inputs)), self.folder / "input")
        if self.container.model_data_url:
            self._link([(S3Uri.parse(self.container.model_data_url), MODEL_ARCHIVE)], self.folder)
        if variables.get(SUBMIT, "").startswith("s3://"):
            self._link([(S3Uri.parse(variables[SUBMIT]), _SCRIPT_ARCHIVE)], self.folder)
            variables[SUBMIT] = str(self.folder / _SCRIPT_ARCHIVE)
        return variables

    def plan(self, inputs: Sequence[InputObject], variables: Mapping[str, str]) -> Plan:
        """What the agent has to know."""
        request, cores = self.request, self.environment.cores
        worker_count = max(1, min(cores, request.concurrency, self._piece_count(inputs)))
        accept = request.accept if request.accept != "*/*" else None
        return Plan(
            content_type=request.content_type or _JSON,
            accept=accept or variables.get(_DEFAULT_ACCEPT, _JSON),
            splits_lines=request.splits_lines,
            is_single_record=request.is_single_record,
            assembles_lines=request.assembles_lines,
            is_gzip=request.is_gzip,
            payload_bytes=request.payload_mb * MEBIBYTE,
            processing=dict(request.processing),
            worker_count=worker_count,
            thread_count=max(1, cores // worker_count),
            timeout_seconds=request.timeout_seconds,
            max_retries=request.max_retries,
            program=variables[PROGRAM],
        )

    def variables(self) -> dict[str, str]:
        """The container's environment: what describes the batch, the model's own, then the job's."""
        strategies = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}
        batch = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": self.asked.get("MaxPayloadInMB"),
            "SAGEMAKER_BATCH_STRATEGY": strategies.get(self.asked.get("BatchStrategy", "")),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": self.asked.get("MaxConcurrentTransforms"),
        }
        said = {name: str(value) for name, value in batch.items() if value is not None}
        return self.environment.variables(
            self.workspace,
            role_arn=self.container.role_arn or _NO_ROLE,
            job_name=self.job_name,
            requested={**said, **self.container.environment, **self.request.environment},
        )

    def _piece_count(self, inputs: Sequence[InputObject]) -> int:
        """How many workers could have something to do; a model is not loaded for nothing."""
        if not self.request.splits_lines:
            return len(inputs)
        if self.request.is_gzip:
            return self.request.concurrency
        return sum(-(-item.size // (self.request.payload_mb * MEBIBYTE)) for item in inputs)

    def _link(self, files: Iterable[tuple[S3Uri, str]], folder: Path) -> None:
        # Linked, not copied: what the job does is read, and an object that is replaced meanwhile stays whole here.
        wanted = [transfer.InputObject(uri.bucket, uri.key, name) for uri, name in files]
        transfer.bring(self.environment.objects, wanted, folder, link=True)


def planned(number: int, item: InputObject) -> PlannedObject:
    """An input as the agent knows it."""
    return PlannedObject(number, f"{item.uri.bucket}/{item.uri.key}")
