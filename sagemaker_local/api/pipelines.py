"""Pipelines and their versions: create, update, describe, list, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sagemaker_local.api.definitions import Definitions
from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import DESCENDING, PIPELINES_PAGE_SIZE, Listing, after, before
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.jobs import now
from sagemaker_local.errors import ConflictException, ResourceNotFound
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.names import Place
from sagemaker_local.records.pipeline import Pipeline, PipelineVersion
from sagemaker_local.store.store import Store


def operations(
    store: Store,
    place: Place,
    objects: ObjectStore,
    check_definition: Callable[[str], object] = parse,
    clock: Callable[[], datetime] = now,
) -> Mapping[str, Handler]:
    """Handlers for pipelines and their versions.

    Args:
        store: keeps the pipelines.
        place: the region and account of their ARNs.
        objects: where definitions given by PipelineDefinitionS3Location lie.
        check_definition: raises ValidationException for a text that is no definition this endpoint can run.
        clock: tells the time of creation and change.
    """
    pipelines = _Pipelines(store, place, Definitions(objects, check_definition), clock)
    versions = _Versions(store)
    return {
        "CreatePipeline": pipelines.create,
        "UpdatePipeline": pipelines.update,
        "DescribePipeline": pipelines.describe,
        "ListPipelines": pipelines.list,
        "DeletePipeline": pipelines.delete,
        "ListPipelineVersions": versions.list,
        "UpdatePipelineVersion": versions.update,
    }


def find_pipeline(store: Store, name_or_arn: str) -> Pipeline:
    """Read a pipeline by its name or its whole ARN.

    Raises:
        ResourceNotFound: there is none; one of another region or account is none of ours.
    """
    pipeline = store.pipelines.get(name_or_arn.rsplit("/", 1)[-1])
    if name_or_arn not in {pipeline.name, pipeline.arn}:
        raise ResourceNotFound(f"Pipeline '{name_or_arn}' does not exist; '{pipeline.arn}' does.")
    return pipeline


def parallelism(max_parallel_steps: int | None) -> dict[str, int] | None:
    """ParallelismConfiguration of a response."""
    return None if max_parallel_steps is None else {"MaxParallelExecutionSteps": max_parallel_steps}


def max_parallel_steps(request: Mapping[str, Any]) -> int | None:
    """What a request's ParallelismConfiguration says, or None without one."""
    found: int | None = request.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps")
    return found


class _Pipelines:
    def __init__(self, store: Store, place: Place, definitions: Definitions, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._place = place
        self._definitions = definitions
        self._clock = clock

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        definition = self._definitions.read(request)
        tags = as_mapping(request.get("Tags", []))
        created = self._clock()
        pipeline = Pipeline(
            name=request["PipelineName"],
            arn=self._place.arn(f"pipeline/{request['PipelineName']}"),
            definition=definition,
            role_arn=request["RoleArn"],
            created=created,
            modified=created,
            display_name=request.get("PipelineDisplayName"),
            description=request.get("PipelineDescription"),
            max_parallel_steps=max_parallel_steps(request),
            client_request_token=request["ClientRequestToken"],
        )
        with self._store.transaction():
            if not self._is_repeated(pipeline):
                self._store.pipelines.add(pipeline)
                self._store.tags.add(pipeline.arn, tags)
        return {"PipelineArn": pipeline.arn}

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        definition = self._definitions.read(request) if self._definitions.is_given(request) else None
        with self._store.transaction():
            pipeline = self._store.pipelines.get(request["PipelineName"])
            changed = replace(
                pipeline,
                # A version is one update of the definition, whatever it changed.
                version=pipeline.version + (definition is not None),
                definition=pipeline.definition if definition is None else definition,
                role_arn=request.get("RoleArn", pipeline.role_arn),
                display_name=request.get("PipelineDisplayName", pipeline.display_name),
                description=request.get("PipelineDescription", pipeline.description),
                max_parallel_steps=max_parallel_steps(request) or pipeline.max_parallel_steps,
                modified=self._clock(),
            )
            self._store.pipelines.update(changed)
        return {"PipelineArn": changed.arn, "PipelineVersionId": changed.version}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        pipeline = find_pipeline(self._store, request["PipelineName"])
        version = self._store.pipelines.version(pipeline.name, request.get("PipelineVersionId", pipeline.version))
        return {
            "PipelineArn": pipeline.arn,
            "PipelineName": pipeline.name,
            "PipelineDisplayName": pipeline.display_name or pipeline.name,
            "PipelineDefinition": version.definition,
            "PipelineDescription": pipeline.description,
            "RoleArn": pipeline.role_arn,
            "PipelineStatus": "Active",
            "CreationTime": pipeline.created,
            "LastModifiedTime": pipeline.modified,
            "LastRunTime": pipeline.last_run,
            "CreatedBy": {},
            "LastModifiedBy": {},
            "ParallelismConfiguration": parallelism(pipeline.max_parallel_steps),
            "PipelineVersionDisplayName": version.display_name,
            "PipelineVersionDescription": version.description,
        }

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return _PIPELINES.answer(self._store.pipelines.all(), request)

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            pipeline = self._store.pipelines.get(request["PipelineName"])
            running = self._store.executions.first_unfinished(pipeline.name)
            if running is not None:
                raise ConflictException(
                    f"Pipeline '{pipeline.name}' has a running execution ({running}). "
                    "Wait for its end, or stop it with StopPipelineExecution first."
                )
            self._store.pipelines.delete(pipeline.name)
        return {"PipelineArn": pipeline.arn}

    def _is_repeated(self, pipeline: Pipeline) -> bool:
        """Whether the very request was answered before: a client that got no answer sends it again."""
        token = pipeline.client_request_token or ""
        known = self._store.pipelines.find_by_token(token)
        if known is None:
            return False
        first = self._store.pipelines.version(known.name, 1)
        if (known.name, first.definition) != (pipeline.name, pipeline.definition):
            raise ConflictException(
                f"ClientRequestToken '{token}' was used before, by a request that created pipeline '{known.name}' "
                "with other members. Use a new token for a new request."
            )
        return True


class _Versions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        pipeline = find_pipeline(self._store, request["PipelineName"])
        executions = self._store.executions.last_of_versions(pipeline.name)
        listing: Listing[PipelineVersion] = Listing(
            member="PipelineVersionSummaries",
            summary=lambda version: {
                "PipelineArn": pipeline.arn,
                "PipelineVersionId": version.version,
                "CreationTime": version.created,
                "PipelineVersionDescription": version.description,
                "PipelineVersionDisplayName": version.display_name,
                "LastExecutionPipelineExecutionArn": executions.get(version.version),
            },
            identity=lambda version: version.version,
            sort_keys={"CreationTime": lambda version: version.created},
            filters={
                "CreatedAfter": after(lambda version: version.created),
                "CreatedBefore": before(lambda version: version.created),
            },
            sort_order=DESCENDING,
            page_size=PIPELINES_PAGE_SIZE,
        )
        return listing.answer(self._store.pipelines.versions(pipeline.name), request)

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            pipeline = find_pipeline(self._store, request["PipelineArn"])
            version = self._store.pipelines.version(pipeline.name, request["PipelineVersionId"])
            changed = replace(
                version,
                display_name=request.get("PipelineVersionDisplayName", version.display_name),
                description=request.get("PipelineVersionDescription", version.description),
            )
            self._store.pipelines.update_version(changed)
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": changed.version}


def _summary(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "PipelineArn": pipeline.arn,
        "PipelineName": pipeline.name,
        "PipelineDisplayName": pipeline.display_name or pipeline.name,
        "PipelineDescription": pipeline.description,
        "RoleArn": pipeline.role_arn,
        "CreationTime": pipeline.created,
        "LastModifiedTime": pipeline.modified,
        "LastExecutionTime": pipeline.last_run,
    }


_PIPELINES: Listing[Pipeline] = Listing(
    member="PipelineSummaries",
    summary=_summary,
    identity=lambda pipeline: pipeline.name,
    sort_keys={"CreationTime": lambda pipeline: pipeline.created, "Name": lambda pipeline: pipeline.name},
    filters={
        "PipelineNamePrefix": lambda pipeline, prefix: pipeline.name.startswith(prefix),
        "CreatedAfter": after(lambda pipeline: pipeline.created),
        "CreatedBefore": before(lambda pipeline: pipeline.created),
    },
    sort_order=DESCENDING,
    page_size=PIPELINES_PAGE_SIZE,
)
