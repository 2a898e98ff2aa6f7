"""Pipelines and every version of their definitions."""

from __future__ import annotations

import sqlite3

from sagemaker_local.errors import ResourceInUse, ResourceNotFound
from sagemaker_local.records.pipeline import Pipeline, PipelineVersion
from sagemaker_local.store import tags
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS pipelines (
    name TEXT PRIMARY KEY,
    arn TEXT NOT NULL,
    definition TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    version INTEGER NOT NULL,
    display_name TEXT,
    description TEXT,
    max_parallel_steps INTEGER,
    client_request_token TEXT
);
CREATE INDEX IF NOT EXISTS pipelines_by_token ON pipelines (client_request_token);
CREATE TABLE IF NOT EXISTS pipeline_versions (
    pipeline_name TEXT NOT NULL REFERENCES pipelines (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created TEXT NOT NULL,
    display_name TEXT,
    description TEXT,
    PRIMARY KEY (pipeline_name, version)
)
"""

_PIPELINES = Table(
    Pipeline, "pipelines", ["name"], derived=["last_run"], fixed=["arn", "created", "client_request_token"]
)
_VERSIONS = Table(PipelineVersion, "pipeline_versions", ["pipeline_name", "version"], fixed=["definition", "created"])
# The last run is worked out, not written: an update of the pipeline and a start of it can cross.
_SELECT = """
SELECT pipelines.*, (SELECT MAX(created) FROM executions WHERE pipeline_name = pipelines.name) AS last_run
FROM pipelines
"""
_BY_NAME = f"{_SELECT} WHERE name = ?"
_BY_REQUEST = f"{_SELECT} WHERE client_request_token = ?"
_ALL = f"{_SELECT} ORDER BY created, name"
_DELETE = "DELETE FROM pipelines WHERE name = ? RETURNING arn"
_VERSIONS_OF = "SELECT * FROM pipeline_versions WHERE pipeline_name = ? ORDER BY version"
_VERSION = "SELECT * FROM pipeline_versions WHERE pipeline_name = ? AND version = ?"


class PipelineStore:
    """Keeps pipelines by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pipeline: Pipeline) -> None:
        """Keep a new pipeline and its first version.

        Raises:
            ResourceInUse: the name is taken, in the words that the SDK's `Pipeline.upsert` looks for.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_PIPELINES.insert, _PIPELINES.values(pipeline))
            except sqlite3.IntegrityError as error:
                raise ResourceInUse(
                    "Pipeline names must be unique within an AWS account and region. "
                    f"Pipeline with name ({pipeline.name}) already exists."
                ) from error
            self._keep_version(connection, pipeline)

    def get(self, name: str) -> Pipeline:
        """Read a pipeline.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        row = self._database.row(_BY_NAME, (name,))
        if row is None:
            raise _missing(name)
        return _PIPELINES.read(row)

    def find_by_token(self, token: str) -> Pipeline | None:
        """The pipeline that a request with this idempotency token created."""
        row = self._database.row(_BY_REQUEST, (token,))
        return None if row is None else _PIPELINES.read(row)

    def update(self, pipeline: Pipeline) -> None:
        """Keep the changed pipeline, and its definition as a new version when the version number grew.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        with self._database.transaction() as connection:
            if connection.execute(_PIPELINES.update, _PIPELINES.changes(pipeline)).rowcount == 0:
                raise _missing(pipeline.name)
            if connection.execute(_VERSION, (pipeline.name, pipeline.version)).fetchone() is None:
                self._keep_version(connection, pipeline)

    def all(self) -> list[Pipeline]:
        """Every pipeline, oldest first."""
        return [_PIPELINES.read(row) for row in self._database.rows(_ALL)]

    def versions(self, name: str) -> list[PipelineVersion]:
        """Every version of a pipeline, from 1 up."""
        return [_VERSIONS.read(row) for row in self._database.rows(_VERSIONS_OF, (name,))]

    def version(self, name: str, version: int) -> PipelineVersion:
        """Read one version.

        Raises:
            ResourceNotFound: the pipeline has no such version.
        """
        row = self._database.row(_VERSION, (name, version))
        if row is None:
            raise _missing_version(name, version)
        return _VERSIONS.read(row)

    def update_version(self, version: PipelineVersion) -> None:
        """Change display name and description of a version.

        Raises:
            ResourceNotFound: the pipeline has no such version.
        """
        with self._database.transaction() as connection:
            if connection.execute(_VERSIONS.update, _VERSIONS.changes(version)).rowcount == 0:
                raise _missing_version(version.pipeline_name, version.version)

    def delete(self, name: str) -> None:
        """Forget a pipeline with its versions, executions, steps and tags.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        with self._database.transaction() as connection:
            deleted = connection.execute(_DELETE, (name,)).fetchone()
            if deleted is None:
                raise _missing(name)
            connection.execute(tags.FORGET, (deleted["arn"],))

    @staticmethod
    def _keep_version(connection: sqlite3.Connection, pipeline: Pipeline) -> None:
        version = PipelineVersion(pipeline.name, pipeline.version, pipeline.definition, pipeline.modified)
        connection.execute(_VERSIONS.insert, _VERSIONS.values(version))


def _missing(name: str) -> ResourceNotFound:
    return ResourceNotFound(f"Pipeline '{name}' does not exist. ListPipelines shows those that do.")


def _missing_version(name: str, version: int) -> ResourceNotFound:
    return ResourceNotFound(f"Pipeline '{name}' has no version '{version}'. ListPipelineVersions shows those it has.")
