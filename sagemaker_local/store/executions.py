"""Pipeline executions and their steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sagemaker_local.errors import ResourceNotFound
from sagemaker_local.records.execution import Execution, ExecutionStatus, Step, StepStatus
from sagemaker_local.store.database import Database
from sagemaker_local.store.documents import dump_time
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    arn TEXT PRIMARY KEY,
    execution_id TEXT NOT NULL,
    pipeline_name TEXT NOT NULL REFERENCES pipelines (name) ON DELETE CASCADE,
    pipeline_arn TEXT NOT NULL,
    pipeline_version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT,
    parameters TEXT NOT NULL,
    max_parallel_steps INTEGER,
    failure_reason TEXT,
    client_request_token TEXT
);
CREATE INDEX IF NOT EXISTS executions_of_pipeline ON executions (pipeline_name, created);
CREATE INDEX IF NOT EXISTS executions_by_token ON executions (client_request_token);
CREATE TABLE IF NOT EXISTS steps (
    execution_arn TEXT NOT NULL REFERENCES executions (arn) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    display_name TEXT,
    description TEXT,
    failure_reason TEXT,
    attempt_count INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    properties TEXT NOT NULL,
    cache_key TEXT,
    cache_hit_arn TEXT,
    PRIMARY KEY (execution_arn, name)
);
CREATE INDEX IF NOT EXISTS steps_by_cache_key ON steps (cache_key)
"""

_EXECUTIONS = Table(
    Execution,
    "executions",
    ["arn"],
    fixed=["execution_id", "pipeline_name", "pipeline_arn", "definition", "created", "client_request_token"],
)
_STEPS = Table(Step, "steps", ["execution_arn", "name"])
_BY_ARN = "SELECT * FROM executions WHERE arn = ?"
_BY_REQUEST = "SELECT * FROM executions WHERE client_request_token = ? AND pipeline_name = ?"
_OF_PIPELINE = "SELECT * FROM executions WHERE pipeline_name = ? ORDER BY created, rowid"
_LAST_OF_VERSIONS = """
SELECT pipeline_version, arn FROM executions WHERE pipeline_name = ? ORDER BY created, rowid
"""
_FINAL = tuple(status.value for status in ExecutionStatus if status.is_final)
_IS_UNFINISHED = f"status NOT IN ({', '.join('?' * len(_FINAL))})"
# The text in these statements is our own, made two lines above; the values go in as parameters.
_FIRST_UNFINISHED = f"""
SELECT arn FROM executions WHERE pipeline_name = ? AND {_IS_UNFINISHED} ORDER BY created, rowid LIMIT 1
"""  # noqa: S608  # see above
_UNFINISHED = f"SELECT * FROM executions WHERE {_IS_UNFINISHED} ORDER BY created, rowid"  # noqa: S608  # see above
_STEPS_OF = "SELECT * FROM steps WHERE execution_arn = ? ORDER BY started, rowid"
_DELETE_STEP = "DELETE FROM steps WHERE execution_arn = ? AND name = ?"
# A step that took over a result is no source itself: its age would hide how old the result is.
_CACHED_STEPS = """
SELECT steps.* FROM steps JOIN executions ON executions.arn = steps.execution_arn
WHERE executions.pipeline_name = ? AND steps.cache_key = ? AND steps.status = ? AND steps.ended >= ?
  AND steps.cache_hit_arn IS NULL
ORDER BY steps.ended DESC, steps.rowid DESC
"""


class ExecutionStore:
    """Keeps executions by ARN, and their steps by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, execution: Execution) -> None:
        """Keep a new execution.

        Raises:
            ResourceNotFound: its pipeline was deleted in the meantime.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_EXECUTIONS.insert, _EXECUTIONS.values(execution))
            except sqlite3.IntegrityError as error:
                raise ResourceNotFound(f"Pipeline '{execution.pipeline_name}' does not exist.") from error

    def get(self, arn: str) -> Execution:
        """Read an execution.

        Raises:
            ResourceNotFound: there is none with this ARN.
        """
        row = self._database.row(_BY_ARN, (arn,))
        if row is None:
            raise _missing(arn)
        return _EXECUTIONS.read(row)

    def find_by_token(self, pipeline_name: str, token: str) -> Execution | None:
        """The execution that a request with this idempotency token started."""
        row = self._database.row(_BY_REQUEST, (token, pipeline_name))
        return None if row is None else _EXECUTIONS.read(row)

    def update(self, execution: Execution) -> None:
        """Keep the changed execution; its definition and what else names it stay as they were added.

        Raises:
            ResourceNotFound: there is none with this ARN.
        """
        with self._database.transaction() as connection:
            if connection.execute(_EXECUTIONS.update, _EXECUTIONS.changes(execution)).rowcount == 0:
                raise _missing(execution.arn)

    def of_pipeline(self, name: str) -> list[Execution]:
        """Every execution of a pipeline, oldest first."""
        return [_EXECUTIONS.read(row) for row in self._database.rows(_OF_PIPELINE, (name,))]

    def unfinished(self) -> list[Execution]:
        """Every execution that has not reached a final state, oldest first."""
        return [_EXECUTIONS.read(row) for row in self._database.rows(_UNFINISHED, _FINAL)]

    def first_unfinished(self, pipeline_name: str) -> str | None:
        """The ARN of the pipeline's oldest execution that has not reached a final state."""
        row = self._database.row(_FIRST_UNFINISHED, (pipeline_name, *_FINAL))
        return None if row is None else row["arn"]

    def last_of_versions(self, pipeline_name: str) -> dict[int, str]:
        """The ARN of the newest execution of each version of a pipeline that was ever started."""
        rows = self._database.rows(_LAST_OF_VERSIONS, (pipeline_name,))
        return {row["pipeline_version"]: row["arn"] for row in rows}

    def save_step(self, step: Step) -> None:
        """Keep a step, in place of what was kept of it before."""
        with self._database.transaction() as connection:
            connection.execute(_STEPS.upsert, _STEPS.values(step))

    def steps(self, execution_arn: str) -> list[Step]:
        """The steps of an execution that have started, in the order of their starts."""
        return [_STEPS.read(row) for row in self._database.rows(_STEPS_OF, (execution_arn,))]

    def delete_steps(self, execution_arn: str, names: Sequence[str]) -> None:
        """Forget steps, so that they can start anew; one that is not there is no error."""
        with self._database.transaction() as connection:
            connection.executemany(_DELETE_STEP, [(execution_arn, name) for name in names])

    def cached_steps(self, pipeline_name: str, cache_key: str, since: datetime) -> list[Step]:
        """The pipeline's succeeded steps with this key that ran and ended at `since` or later, newest first."""
        values = (pipeline_name, cache_key, StepStatus.SUCCEEDED.value, dump_time(since))
        return [_STEPS.read(row) for row in self._database.rows(_CACHED_STEPS, values)]


def _missing(arn: str) -> ResourceNotFound:
    return ResourceNotFound(f"Pipeline execution '{arn}' does not exist. ListPipelineExecutions shows those that do.")
