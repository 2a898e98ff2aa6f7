"""Databases of the Glue Data Catalog in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import AlreadyExistsException, EntityNotFoundException
from sagemaker_local.records.catalog import CatalogDatabase
from sagemaker_local.store.database import Database


class CatalogDatabaseStore:
    """Adds, finds and removes databases; names are folded to lower case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, definition: Mapping[str, Any]) -> None:
        """Create a database.

        Raises:
            AlreadyExistsException: the name is taken.
        """
        values = (name.lower(), json.dumps(definition), datetime.now(UTC).timestamp())
        try:
            with self._database.transaction() as connection:
                connection.execute("INSERT INTO glue_databases (name, definition, created) VALUES (?, ?, ?)", values)
        except sqlite3.IntegrityError as error:
            raise AlreadyExistsException(f"Database {name.lower()} already exists.") from error

    def get(self, name: str) -> CatalogDatabase:
        """Find a database.

        Raises:
            EntityNotFoundException: there is none of that name.
        """
        row = self._database.row("SELECT * FROM glue_databases WHERE name = ?", (name.lower(),))
        if row is None:
            raise _not_found(name)
        return _database(row)

    def all(self) -> list[CatalogDatabase]:
        """All databases by name."""
        return [_database(row) for row in self._database.rows("SELECT * FROM glue_databases ORDER BY name")]

    def update(self, name: str, definition: Mapping[str, Any]) -> None:
        """Replace a database's definition.

        Raises:
            EntityNotFoundException: there is none of that name.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE glue_databases SET definition = ? WHERE name = ?", (json.dumps(definition), name.lower())
            )
            if changed.rowcount == 0:
                raise _not_found(name)

    def delete(self, name: str) -> None:
        """Remove a database with its tables and their partitions.

        Raises:
            EntityNotFoundException: there is none of that name.
        """
        with self._database.transaction() as connection:
            if connection.execute("DELETE FROM glue_databases WHERE name = ?", (name.lower(),)).rowcount == 0:
                raise _not_found(name)


def _not_found(name: str) -> EntityNotFoundException:
    return EntityNotFoundException(f"Database {name.lower()} not found.")


def _database(row: sqlite3.Row) -> CatalogDatabase:
    return CatalogDatabase(
        name=row["name"],
        definition=json.loads(row["definition"]),
        created=datetime.fromtimestamp(row["created"], UTC),
    )
