"""Hyperparameter tuning jobs and the training jobs that they launched."""

from __future__ import annotations

import sqlite3

from sagemaker_local.errors import ResourceInUse, ResourceNotFound
from sagemaker_local.records.job import JobStatus
from sagemaker_local.records.tuning_job import Trial, TuningJob
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

# "The name is not case sensitive", says the API reference.
SCHEMA = """
CREATE TABLE IF NOT EXISTS tuning_jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    arn TEXT NOT NULL,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    ended TEXT,
    failure_reason TEXT
);
CREATE INDEX IF NOT EXISTS tuning_jobs_by_arn ON tuning_jobs (arn);
CREATE TABLE IF NOT EXISTS trials (
    tuning_job TEXT NOT NULL COLLATE NOCASE,
    number INTEGER NOT NULL,
    training_job TEXT NOT NULL,
    hyperparameters TEXT NOT NULL,
    PRIMARY KEY (tuning_job, number)
)
"""

_JOBS = Table(TuningJob, "tuning_jobs", ["name"], fixed=["arn", "request", "created"])
_TRIALS = Table(Trial, "trials", ["tuning_job", "number"])
_BY_NAME = "SELECT * FROM tuning_jobs WHERE name = ?"
_BY_ARN = "SELECT * FROM tuning_jobs WHERE arn = ?"
_ALL = "SELECT * FROM tuning_jobs ORDER BY created, rowid"
_UNFINISHED = "SELECT * FROM tuning_jobs WHERE status NOT IN (?, ?, ?) ORDER BY created, rowid"
_TRIALS_OF = "SELECT * FROM trials WHERE tuning_job = ? ORDER BY number"
_FINAL = tuple(status.value for status in JobStatus if status.is_final)


class TuningJobStore:
    """Keeps tuning jobs by name, and their trials by number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: TuningJob) -> None:
        """Keep a new tuning job.

        Raises:
            ResourceInUse: the name is taken, in whatever case.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_JOBS.insert, _JOBS.values(job))
            except sqlite3.IntegrityError as error:
                raise ResourceInUse(
                    "Tuning job name must be unique within an AWS account and region, "
                    f"and a tuning job with this name already exists ({job.arn})."
                ) from error

    def get(self, name: str) -> TuningJob:
        """Read a tuning job.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        row = self._database.row(_BY_NAME, (name,))
        if row is None:
            raise _missing(name)
        return _JOBS.read(row)

    def find_by_arn(self, arn: str) -> TuningJob | None:
        """The tuning job with this ARN, if there is one."""
        row = self._database.row(_BY_ARN, (arn,))
        return None if row is None else _JOBS.read(row)

    def update(self, job: TuningJob) -> None:
        """Keep the changed tuning job; its request stays as it was added.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        with self._database.transaction() as connection:
            if connection.execute(_JOBS.update, _JOBS.changes(job)).rowcount == 0:
                raise _missing(job.name)

    def all(self) -> list[TuningJob]:
        """Every tuning job, oldest first."""
        return [_JOBS.read(row) for row in self._database.rows(_ALL)]

    def unfinished(self) -> list[TuningJob]:
        """Every tuning job that has not reached a final state, oldest first."""
        return [_JOBS.read(row) for row in self._database.rows(_UNFINISHED, _FINAL)]

    def add_trial(self, trial: Trial) -> None:
        """Keep that a training job belongs to a tuning job; keeping it again is no error."""
        with self._database.transaction() as connection:
            connection.execute(_TRIALS.upsert, _TRIALS.values(trial))

    def trials(self, name: str) -> list[Trial]:
        """The training jobs of a tuning job, in the order in which they were launched."""
        return [_TRIALS.read(row) for row in self._database.rows(_TRIALS_OF, (name,))]


def _missing(name: str) -> ResourceNotFound:
    return ResourceNotFound(
        f"Could not find a tuning job with name: {name}. ListHyperParameterTuningJobs shows those that exist."
    )
