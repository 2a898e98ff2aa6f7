"""Models, as CreateModel made them."""

from __future__ import annotations

import sqlite3

from sagemaker_local.errors import ValidationException
from sagemaker_local.records.model import Model
from sagemaker_local.store import tags
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS models (
    name TEXT PRIMARY KEY,
    arn TEXT NOT NULL,
    request TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS models_by_arn ON models (arn)
"""

_MODELS = Table(Model, "models", ["name"])
_BY_NAME = "SELECT * FROM models WHERE name = ?"
_ALL = "SELECT * FROM models ORDER BY created, rowid"
_DELETE = "DELETE FROM models WHERE name = ? RETURNING arn"


class ModelStore:
    """Keeps models by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, model: Model) -> None:
        """Keep a new model.

        Raises:
            ValidationException: the name is taken, in AWS's words.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_MODELS.insert, _MODELS.values(model))
            except sqlite3.IntegrityError as error:
                raise ValidationException(
                    f'Cannot create already existing model "{model.arn}". '
                    "Choose another ModelName, or delete it first with DeleteModel."
                ) from error

    def get(self, name: str) -> Model:
        """Read a model.

        Raises:
            ValidationException: there is none of this name, as AWS says it.
        """
        row = self._database.row(_BY_NAME, (name,))
        if row is None:
            raise _missing(name)
        return _MODELS.read(row)

    def all(self) -> list[Model]:
        """Every model, oldest first."""
        return [_MODELS.read(row) for row in self._database.rows(_ALL)]

    def delete(self, name: str) -> None:
        """Forget a model and its tags; jobs that use it go on.

        Raises:
            ValidationException: there is none of this name.
        """
        with self._database.transaction() as connection:
            deleted = connection.execute(_DELETE, (name,)).fetchone()
            if deleted is None:
                raise _missing(name)
            connection.execute(tags.FORGET, (deleted["arn"],))


def _missing(name: str) -> ValidationException:
    return ValidationException(f'Could not find model "{name}". ListModels shows those that exist.')
