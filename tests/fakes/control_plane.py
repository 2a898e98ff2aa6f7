"""The control plane on a real store and the real engine; only what runs inside a job, S3 and Lambda are fakes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.api import (
    executions,
    jobs,
    model_package_groups,
    model_packages,
    models,
    pipelines,
    steps,
    tags,
    tuning_jobs,
)
from sagemaker_local.api.dispatch import Api
from sagemaker_local.engine.executions import Executions
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.records.job import JobKind
from sagemaker_local.runners import metrics
from sagemaker_local.store.store import Store
from tests.fakes.api_client import ApiClient
from tests.fakes.functions import FakeFunctions
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.records import PLACE
from tests.fakes.scripted_runner import ScriptedRunner


@dataclass(frozen=True)
class ControlPlane:
    """Everything behind one endpoint's SageMaker API."""

    client: ApiClient
    api: Api
    store: Store
    jobs: Jobs
    tuning_jobs: TuningJobs
    executions: Executions
    runner: ScriptedRunner
    objects: FolderObjectStore

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.client.call(operation, **params)

    def pages(self, operation: str, member: str, **params: Any) -> list[Any]:
        return self.client.pages(operation, member, **params)

    def close(self) -> None:
        self.executions.interrupt()
        self.tuning_jobs.interrupt()
        self.jobs.close(5)
        self.tuning_jobs.close(5)
        self.executions.close(5)
        self.store.close()


def build(root: Path) -> ControlPlane:
    store = Store.open(root / "sagemaker.sqlite3")
    runner = ScriptedRunner()
    objects = FolderObjectStore(root / "s3", "pipes")
    registry = Registry(store, PLACE)
    running = Jobs(store.jobs, PLACE, dict.fromkeys(JobKind, runner))
    tuning = TuningJobs(store, PLACE, running, metrics.names_of)
    walks = Executions(store, PLACE, running, tuning, registry, objects, FakeFunctions())
    running.recover()
    tuning.recover()
    walks.recover()
    api = Api(
        {
            "sagemaker": {
                **pipelines.operations(store, PLACE, objects),
                **executions.operations(store, walks),
                **steps.operations(store),
                **jobs.operations(store, running),
                **tuning_jobs.operations(store, tuning),
                **models.operations(store, registry),
                **model_packages.operations(store, registry),
                **model_package_groups.operations(store, registry),
                **tags.operations(store),
            }
        }
    )
    return ControlPlane(ApiClient(api), api, store, running, tuning, walks, runner, objects)
