"""The composition root: everything the endpoint is made of, in order."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from logging.handlers import RotatingFileHandler

from sagemaker_local.api import (
    executions as execution_api,
    feature_groups,
    feature_records,
    jobs as job_api,
    model_package_groups,
    model_packages,
    models,
    pipelines,
    steps,
    tags,
    tuning_jobs as tuning_job_api,
)
from sagemaker_local.api.athena import athena_operations
from sagemaker_local.api.dispatch import Api, Handler
from sagemaker_local.api.glue import glue_operations
from sagemaker_local.app.asgi import Gateway
from sagemaker_local.app.departure import leave_within
from sagemaker_local.app.server import run
from sagemaker_local.athena.queries import Queries
from sagemaker_local.engine.executions import Executions
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.feature_store.groups import FeatureGroups
from sagemaker_local.feature_store.offline_writer import OfflineWriter
from sagemaker_local.feature_store.records import FeatureRecords
from sagemaker_local.ministack.service import LocalAws
from sagemaker_local.records.job import JobKind, Runner
from sagemaker_local.records.names import Place
from sagemaker_local.runners import leftovers, metrics
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.processing import ProcessingRunner
from sagemaker_local.runners.training import TrainingRunner
from sagemaker_local.runners.transform.runner import TransformRunner
from sagemaker_local.settings import Settings
from sagemaker_local.store.store import Store

_LOG_BYTES = 10 << 20
# The parts below wait 3 s each at most, and most of them at the same time.
_DEPARTURE_SECONDS = 12.0


def serve(settings: Settings) -> None:
    """Build the endpoint on its state folder and serve until it is told to stop.

    Raises:
        EndpointError: the port is in use, or MiniStack is not the version that the patches are made for.
    """
    # What the endpoint keeps is its user's alone, also in a root that others may look into.
    os.umask(0o077)
    _log_to_file(settings)
    place = Place(settings.region, settings.account_id)
    settings.work_path.mkdir(mode=0o700, exist_ok=True)
    # Jobs and functions of a killed endpoint: they must not reach this one through the same port.
    leftovers.clean(settings.work_path)
    leftovers.kill(settings.scratch_path)
    aws = LocalAws.start(settings)
    store = Store.open(settings.database_path)
    registry = Registry(store, place)
    jobs = Jobs(store.jobs, place, _runners(settings, aws, registry), limit=2 * settings.cores)
    tuning_jobs = TuningJobs(store, place, jobs, metrics.names_of)
    executions = Executions(store, place, jobs, tuning_jobs, registry, aws.objects, aws.functions)
    queries = Queries(store.queries, store.catalog, aws.objects, place)
    writer = OfflineWriter(store, aws.objects)
    groups = FeatureGroups(store, aws.objects, writer, place)
    # What a killed endpoint left half done, in the order in which one thing tells of another.
    for part in (jobs, tuning_jobs, executions, queries, groups):
        part.recover()
    operations = _operations(store, place, registry, jobs, tuning_jobs, executions, queries, aws)
    features = _feature_store_operations(store, groups, FeatureRecords(store, writer.wake))
    api = Api(
        {**operations, **features, "sagemaker": {**operations["sagemaker"], **features["sagemaker"]}}, settings.log_path
    )
    ending = _ending(settings, executions, tuning_jobs, jobs, queries, groups)
    gateway = Gateway(api, aws, settings, before_shutdown=ending)
    try:
        run(gateway, settings)
    finally:
        aws.close()
        store.close()


def _ending(
    settings: Settings,
    executions: Executions,
    tuning_jobs: TuningJobs,
    jobs: Jobs,
    queries: Queries,
    groups: FeatureGroups,
) -> tuple[Callable[[], object], ...]:
    """Everything that ends while MiniStack still answers, in order."""
    return (
        partial(leave_within, _DEPARTURE_SECONDS),
        # First, so that a step whose job or function ends now is interrupted, not failed.
        executions.interrupt,
        tuning_jobs.interrupt,
        jobs.close,
        # Functions that still run: the loop would wait for their threads.
        partial(leftovers.kill, settings.scratch_path),
        tuning_jobs.close,
        executions.close,
        queries.close,
        groups.close,
    )


def _runners(settings: Settings, aws: LocalAws, registry: Registry) -> Mapping[JobKind, Runner]:
    environment = RunnerEnvironment(
        work_path=settings.work_path,
        objects=aws.objects,
        logs=aws.logs,
        credentials=aws.credentials,
        region=settings.region,
        cores=settings.cores,
        isolate=settings.isolate_jobs,
    )
    return {
        JobKind.PROCESSING: ProcessingRunner(environment),
        JobKind.TRAINING: TrainingRunner(environment),
        JobKind.TRANSFORM: TransformRunner(environment, registry.container_of),
    }


def _operations(
    store: Store,
    place: Place,
    registry: Registry,
    jobs: Jobs,
    tuning_jobs: TuningJobs,
    executions: Executions,
    queries: Queries,
    aws: LocalAws,
) -> Mapping[str, Mapping[str, Handler]]:
    return {
        "sagemaker": {
            **pipelines.operations(store, place, aws.objects),
            **execution_api.operations(store, executions),
            **steps.operations(store),
            **job_api.operations(store, jobs),
            **tuning_job_api.operations(store, tuning_jobs),
            **models.operations(store, registry),
            **model_package_groups.operations(store, registry),
            **model_packages.operations(store, registry),
            **tags.operations(store),
        },
        "glue": glue_operations(store.catalog, place),
        "athena": athena_operations(queries),
    }


def _feature_store_operations(
    store: Store, groups: FeatureGroups, records: FeatureRecords
) -> Mapping[str, Mapping[str, Handler]]:
    return {
        "sagemaker": feature_groups.operations(store, groups),
        "sagemaker-featurestore-runtime": feature_records.operations(records),
    }


def _log_to_file(settings: Settings) -> None:
    """Everything goes to one file that cannot grow without end; standard error belongs to `up --foreground`."""
    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(settings.log_path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    # Whoever started the endpoint made it.
    settings.log_path.chmod(0o600)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[handler], force=True
    )
