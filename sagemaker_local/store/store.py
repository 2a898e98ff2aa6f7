"""Everything that the endpoint keeps, in one SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.store import (
    catalog,
    executions,
    feature_groups,
    feature_records,
    jobs,
    model_packages,
    models,
    pipelines,
    queries,
    tags,
    tuning_jobs,
)
from sagemaker_local.store.catalog import CatalogStore
from sagemaker_local.store.database import Database
from sagemaker_local.store.executions import ExecutionStore
from sagemaker_local.store.feature_groups import FeatureGroupStore
from sagemaker_local.store.feature_records import FeatureRecordStore
from sagemaker_local.store.jobs import JobStore
from sagemaker_local.store.model_packages import ModelPackageStore
from sagemaker_local.store.models import ModelStore
from sagemaker_local.store.pipelines import PipelineStore
from sagemaker_local.store.queries import QueryStore
from sagemaker_local.store.tags import TagStore
from sagemaker_local.store.tuning_jobs import TuningJobStore

_MODULES = (
    pipelines,
    executions,
    jobs,
    tuning_jobs,
    models,
    model_packages,
    tags,
    catalog,
    queries,
    feature_groups,
    feature_records,
)
_SCHEMAS = [module.SCHEMA for module in _MODULES]
_HAS_ARN = """
SELECT 1 FROM pipelines WHERE arn = :arn UNION ALL SELECT 1 FROM executions WHERE arn = :arn
UNION ALL SELECT 1 FROM jobs WHERE arn = :arn UNION ALL SELECT 1 FROM models WHERE arn = :arn
UNION ALL SELECT 1 FROM model_package_groups WHERE arn = :arn UNION ALL SELECT 1 FROM model_packages WHERE arn = :arn
UNION ALL SELECT 1 FROM feature_groups WHERE arn = :arn UNION ALL SELECT 1 FROM tuning_jobs WHERE arn = :arn
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Store:
    """One member for each kind of resource; all are thread-safe, and a change is committed when its call returns."""

    database: Database
    pipelines: PipelineStore
    executions: ExecutionStore
    jobs: JobStore
    tuning_jobs: TuningJobStore
    models: ModelStore
    model_packages: ModelPackageStore
    tags: TagStore
    catalog: CatalogStore
    queries: QueryStore
    feature_groups: FeatureGroupStore
    feature_records: FeatureRecordStore

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the file, and make it with its folder when it is not there."""
        database = Database(path, _SCHEMAS)
        return cls(
            database=database,
            pipelines=PipelineStore(database),
            executions=ExecutionStore(database),
            jobs=JobStore(database),
            tuning_jobs=TuningJobStore(database),
            models=ModelStore(database),
            model_packages=ModelPackageStore(database),
            tags=TagStore(database),
            catalog=CatalogStore(database),
            queries=QueryStore(database),
            feature_groups=FeatureGroupStore(database),
            feature_records=FeatureRecordStore(database),
        )

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All changes to any member inside are committed together, or none is."""
        return self.database.transaction()

    def has_arn(self, arn: str) -> bool:
        """Whether a resource with this ARN exists."""
        return self.database.row(_HAS_ARN, {"arn": arn}) is not None

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        self.database.close()
