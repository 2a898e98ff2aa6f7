"""Processing, training and transform jobs."""

from __future__ import annotations

import sqlite3

from sagemaker_local.errors import ResourceInUse, ValidationException
from sagemaker_local.records.job import Job, JobKind, JobStatus
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    started TEXT,
    ended TEXT,
    failure_reason TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE INDEX IF NOT EXISTS jobs_by_arn ON jobs (arn)
"""

_JOBS = Table(Job, "jobs", ["kind", "name"], fixed=["arn", "request", "created"])
_BY_NAME = "SELECT * FROM jobs WHERE kind = ? AND name = ?"
_BY_ARN = "SELECT * FROM jobs WHERE arn = ? ORDER BY created DESC, rowid DESC LIMIT 1"
_ALL = "SELECT * FROM jobs WHERE kind = ? ORDER BY created, rowid"
_UNFINISHED = "SELECT * FROM jobs WHERE status NOT IN (?, ?, ?) ORDER BY created, rowid"
_FINAL = tuple(status.value for status in JobStatus if status.is_final)


class JobStore:
    """Keeps jobs by kind and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> None:
        """Keep a new job.

        Raises:
            ResourceInUse: a job of this kind has the name already.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_JOBS.insert, _JOBS.values(job))
            except sqlite3.IntegrityError as error:
                raise ResourceInUse(
                    "Job name must be unique within an AWS account and region, "
                    f"and a {job.kind.value.lower()} job with this name already exists ({job.arn})."
                ) from error

    def get(self, kind: JobKind, name: str) -> Job:
        """Read a job.

        Raises:
            ValidationException: there is none of this name, as AWS says it.
        """
        found = self.find(kind, name)
        if found is None:
            raise _missing(kind, name)
        return found

    def find(self, kind: JobKind, name: str) -> Job | None:
        """The job of this name, if there is one."""
        row = self._database.row(_BY_NAME, (kind.value, name))
        return None if row is None else _JOBS.read(row)

    def find_by_arn(self, arn: str) -> Job | None:
        """The job with this ARN, if there is one; the newest, as names that differ in case only share it."""
        row = self._database.row(_BY_ARN, (arn,))
        return None if row is None else _JOBS.read(row)

    def update(self, job: Job) -> None:
        """Keep the changed job; its request stays as it was added.

        Raises:
            ValidationException: there is none of this name.
        """
        with self._database.transaction() as connection:
            if connection.execute(_JOBS.update, _JOBS.changes(job)).rowcount == 0:
                raise _missing(job.kind, job.name)

    def all(self, kind: JobKind) -> list[Job]:
        """Every job of a kind, oldest first."""
        return [_JOBS.read(row) for row in self._database.rows(_ALL, (kind.value,))]

    def unfinished(self) -> list[Job]:
        """Every job that has not reached a final state, oldest first."""
        return [_JOBS.read(row) for row in self._database.rows(_UNFINISHED, _FINAL)]


def _missing(kind: JobKind, name: str) -> ValidationException:
    return ValidationException(
        f"Could not find requested job with name: {name}. List{kind.value}Jobs shows those that exist."
    )
