"""Pipeline executions: start, stop, retry, update, describe, list."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import DESCENDING, PIPELINES_PAGE_SIZE, Listing, after, before
from sagemaker_local.api.pipelines import find_pipeline, max_parallel_steps, parallelism
from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.executions import Executions
from sagemaker_local.engine.jobs import now
from sagemaker_local.engine.parameters import settle
from sagemaker_local.errors import ConflictException, UnsupportedFeature, ValidationException
from sagemaker_local.records.execution import Execution, ExecutionStatus
from sagemaker_local.records.pipeline import Pipeline
from sagemaker_local.store.store import Store

_UNSUPPORTED_AT_START = ("SelectiveExecutionConfig", "MlflowExperimentName")
_FAILURE_REASON_MAX = 1300


def operations(store: Store, executions: Executions) -> Mapping[str, Handler]:
    """Handlers for executions."""
    changes = _Changes(store, executions)
    reads = _Reads(store)
    return {
        "StartPipelineExecution": changes.start,
        "StopPipelineExecution": changes.stop,
        "RetryPipelineExecution": changes.retry,
        "UpdatePipelineExecution": changes.update,
        "DescribePipelineExecution": reads.describe,
        "ListPipelineExecutions": reads.list,
        "ListPipelineParametersForExecution": reads.list_parameters,
        "DescribePipelineDefinitionForExecution": reads.describe_definition,
    }


class _Changes:
    def __init__(self, store: Store, executions: Executions) -> None:
        self._store = store
        self._executions = executions
        # Between looking for a request's token and acting on it no other request may come.
        self._lock = threading.Lock()
        self._retry_tokens: dict[str, str] = {}
        self._stop_tokens: dict[str, str] = {}

    def start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for member in _UNSUPPORTED_AT_START:
            if member in request:
                raise UnsupportedFeature(
                    f"{member} of StartPipelineExecution is not supported here; leave it out. "
                    "docs/fidelity.md lists what is supported."
                )
        given = _parameters(request)
        with self._lock:
            pipeline = self._version(request)
            known = self._store.executions.find_by_token(pipeline.name, request["ClientRequestToken"])
            if known is None:
                return {"PipelineExecutionArn": self._started(pipeline, given, request).arn}
        _check_repeated(known, given, request)
        return {"PipelineExecutionArn": known.arn}

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        arn, token = request["PipelineExecutionArn"], request["ClientRequestToken"]
        with self._lock:
            is_stopping = self._store.executions.get(arn).status is ExecutionStatus.STOPPING
            # Sent again by a client that missed the answer, it is not a second stop.
            if not (is_stopping and self._stop_tokens.get(arn) == token):
                self._executions.stop(arn)
                self._stop_tokens[arn] = token
        return {"PipelineExecutionArn": arn}

    def retry(self, request: Mapping[str, Any]) -> dict[str, Any]:
        arn, token = request["PipelineExecutionArn"], request["ClientRequestToken"]
        with self._lock:
            if self._retry_tokens.get(arn) != token:
                self._executions.retry(arn, max_parallel_steps(request))
                self._retry_tokens[arn] = token
        return {"PipelineExecutionArn": arn}

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            execution = self._store.executions.get(request["PipelineExecutionArn"])
            changed = replace(
                execution,
                display_name=request.get("PipelineExecutionDisplayName", execution.display_name),
                description=request.get("PipelineExecutionDescription", execution.description),
                max_parallel_steps=max_parallel_steps(request) or execution.max_parallel_steps,
                modified=now(),
            )
            self._store.executions.update(changed)
        return {"PipelineExecutionArn": changed.arn}

    def _version(self, request: Mapping[str, Any]) -> Pipeline:
        """The pipeline with the definition of the version that shall run."""
        pipeline = find_pipeline(self._store, request["PipelineName"])
        version = self._store.pipelines.version(pipeline.name, request.get("PipelineVersionId", pipeline.version))
        return replace(pipeline, version=version.version, definition=version.definition)

    def _started(self, pipeline: Pipeline, given: Mapping[str, str], request: Mapping[str, Any]) -> Execution:
        return self._executions.start(
            pipeline,
            given,
            display_name=request.get("PipelineExecutionDisplayName"),
            description=request.get("PipelineExecutionDescription"),
            max_parallel_steps=max_parallel_steps(request),
            client_request_token=request["ClientRequestToken"],
        )


class _Reads:
    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._store.executions.get(request["PipelineExecutionArn"])
        return {
            "PipelineArn": execution.pipeline_arn,
            "PipelineExecutionArn": execution.arn,
            "PipelineExecutionDisplayName": execution.display_name,
            "PipelineExecutionStatus": execution.status,
            "PipelineExecutionDescription": execution.description,
            # Where AWS files the runs of an execution when the definition names no experiment.
            "PipelineExperimentConfig": {
                "ExperimentName": execution.pipeline_name.lower()[:120],
                "TrialName": execution.execution_id,
            },
            "FailureReason": _shortened(execution.failure_reason),
            "CreationTime": execution.created,
            "LastModifiedTime": execution.modified,
            "CreatedBy": {},
            "LastModifiedBy": {},
            "ParallelismConfiguration": parallelism(execution.max_parallel_steps),
            "PipelineVersionId": execution.pipeline_version,
        }

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        pipeline = find_pipeline(self._store, request["PipelineName"])
        return _EXECUTIONS.answer(self._store.executions.of_pipeline(pipeline.name), request)

    def list_parameters(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._store.executions.get(request["PipelineExecutionArn"])
        return _PARAMETERS.answer(list(enumerate(execution.parameters.items())), request)

    def describe_definition(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._store.executions.get(request["PipelineExecutionArn"])
        return {"PipelineDefinition": execution.definition, "CreationTime": execution.created}


def _parameters(request: Mapping[str, Any]) -> dict[str, str]:
    given: dict[str, str] = {}
    for parameter in request.get("PipelineParameters", []):
        if parameter["Name"] in given:
            raise ValidationException(f"Parameter '{parameter['Name']}' is given twice; give each parameter once.")
        given[parameter["Name"]] = parameter["Value"]
    return given


def _check_repeated(known: Execution, given: Mapping[str, str], request: Mapping[str, Any]) -> None:
    """Refuse a token that started another execution than this request would."""
    wanted = settle(parse(known.definition).parameters, given)
    if (
        wanted != dict(known.parameters)
        or request.get("PipelineVersionId", known.pipeline_version) != known.pipeline_version
    ):
        raise ConflictException(
            f"ClientRequestToken '{known.client_request_token}' was used before, by a request that started "
            f"'{known.arn}' with other parameters. Use a new token for a new execution."
        )


def _shortened(reason: str | None) -> str | None:
    return None if reason is None else reason[:_FAILURE_REASON_MAX]


def _summary(execution: Execution) -> dict[str, Any]:
    return {
        "PipelineExecutionArn": execution.arn,
        "StartTime": execution.created,
        "PipelineExecutionStatus": execution.status,
        "PipelineExecutionDescription": execution.description,
        "PipelineExecutionDisplayName": execution.display_name,
        "PipelineExecutionFailureReason": _shortened(execution.failure_reason),
    }


_EXECUTIONS: Listing[Execution] = Listing(
    member="PipelineExecutionSummaries",
    summary=_summary,
    identity=lambda execution: execution.arn,
    sort_keys={
        "CreationTime": lambda execution: execution.created,
        "PipelineExecutionArn": lambda execution: execution.arn,
    },
    filters={
        "CreatedAfter": after(lambda execution: execution.created),
        "CreatedBefore": before(lambda execution: execution.created),
    },
    sort_order=DESCENDING,
    page_size=PIPELINES_PAGE_SIZE,
)

_PARAMETERS: Listing[tuple[int, tuple[str, str]]] = Listing(
    member="PipelineParameters",
    summary=lambda item: {"Name": item[1][0], "Value": item[1][1]},
    identity=lambda item: item[0],
    sort_keys={"Position": lambda item: item[0]},
    sort_by="Position",
    page_size=PIPELINES_PAGE_SIZE,
)
