"""Tables of the Glue Data Catalog and their versions in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import (
    AlreadyExistsException,
    ConcurrentModificationException,
    EntityNotFoundException,
    InvalidInputException,
)
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.store.database import Database


class CatalogTableStore:
    """Adds, finds, updates and removes tables; names are folded to lower case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, database_name: str, name: str, definition: Mapping[str, Any]) -> None:
        """Create a table at version 0.

        Raises:
            EntityNotFoundException: there is no such database.
            AlreadyExistsException: the database has a table of that name.
        """
        now = datetime.now(UTC).timestamp()
        with self._database.transaction() as connection:
            self._require_database(connection, database_name)
            try:
                connection.execute(
                    "INSERT INTO glue_tables (database_name, name, version, definition, created, updated)"
                    " VALUES (?, ?, 0, ?, ?, ?)",
                    (database_name.lower(), name.lower(), json.dumps(definition), now, now),
                )
            except sqlite3.IntegrityError as error:
                full_name = f"{database_name}.{name}".lower()
                raise AlreadyExistsException(f"Table {full_name} already exists.") from error

    def get(self, database_name: str, name: str) -> CatalogTable:
        """Find a table at its newest version.

        Raises:
            EntityNotFoundException: there is no such database or table.
        """
        return _table(self.row(database_name, name))

    def all(self, database_name: str) -> list[CatalogTable]:
        """All tables of a database by name.

        Raises:
            EntityNotFoundException: there is no such database.
        """
        with self._database.transaction() as connection:
            self._require_database(connection, database_name)
        rows = self._database.rows(
            "SELECT * FROM glue_tables WHERE database_name = ? ORDER BY name", (database_name.lower(),)
        )
        return [_table(row) for row in rows]

    def update(
        self,
        database_name: str,
        name: str,
        definition: Mapping[str, Any],
        *,
        expected_version: int | None = None,
        archive: bool = True,
    ) -> None:
        """Replace a table's definition, keep the old one as a version when `archive`.

        Raises:
            EntityNotFoundException: there is no such database or table.
            ConcurrentModificationException: the table's version is not `expected_version` any more.
        """
        with self._database.transaction() as connection:
            row = self.row(database_name, name)
            if expected_version not in {None, row["version"]}:
                raise ConcurrentModificationException(
                    f"Update table failed due to concurrent modifications: VersionId {expected_version} was given, "
                    f"the table's is {row['version']}. Read the table again and repeat the change."
                )
            if archive:
                connection.execute(
                    "INSERT INTO glue_table_versions (table_id, version, definition, updated)"
                    " SELECT id, version, definition, updated FROM glue_tables WHERE id = ?",
                    (row["id"],),
                )
            connection.execute(
                "UPDATE glue_tables SET definition = ?, version = version + 1, updated = ? WHERE id = ?",
                (json.dumps(definition), datetime.now(UTC).timestamp(), row["id"]),
            )

    def delete(self, database_name: str, name: str) -> None:
        """Remove a table with its versions and partitions.

        Raises:
            EntityNotFoundException: there is no such database or table.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM glue_tables WHERE id = ?", (self.row(database_name, name)["id"],))

    def versions(self, database_name: str, name: str) -> list[CatalogTable]:
        """All versions of a table that are kept, newest first.

        Raises:
            EntityNotFoundException: there is no such database or table.
        """
        current = self.row(database_name, name)
        older = self._database.rows(
            "SELECT t.id, t.database_name, t.name, v.version, v.definition, t.created, v.updated"
            " FROM glue_table_versions v JOIN glue_tables t ON t.id = v.table_id"
            " WHERE t.id = ? ORDER BY v.version DESC",
            (current["id"],),
        )
        return [_table(row) for row in (current, *older)]

    def delete_version(self, database_name: str, name: str, version: int) -> None:
        """Forget an older version.

        Raises:
            EntityNotFoundException: there is no such database, table or version.
            InvalidInputException: it is the table's current version.
        """
        with self._database.transaction() as connection:
            row = self.row(database_name, name)
            if row["version"] == version:
                raise InvalidInputException(f"Version {version} is the current one of table {row['name']}; it stays.")
            deleted = connection.execute(
                "DELETE FROM glue_table_versions WHERE table_id = ? AND version = ?", (row["id"], version)
            )
            if deleted.rowcount == 0:
                raise EntityNotFoundException(f"Table {row['name']} has no version {version}.")

    def row(self, database_name: str, name: str) -> sqlite3.Row:
        """The table's row, for the partitions that hang on its id.

        Raises:
            EntityNotFoundException: there is no such database or table.
        """
        found = self._database.row(
            "SELECT * FROM glue_tables WHERE database_name = ? AND name = ?", (database_name.lower(), name.lower())
        )
        if found is None:
            with self._database.transaction() as connection:
                self._require_database(connection, database_name)
            raise EntityNotFoundException(f"Table {name.lower()} not found in database {database_name.lower()}.")
        return found

    @staticmethod
    def _require_database(connection: sqlite3.Connection, name: str) -> None:
        if connection.execute("SELECT 1 FROM glue_databases WHERE name = ?", (name.lower(),)).fetchone() is None:
            raise EntityNotFoundException(f"Database {name.lower()} not found.")


def _table(row: sqlite3.Row) -> CatalogTable:
    return CatalogTable(
        database=row["database_name"],
        name=row["name"],
        version=row["version"],
        definition=json.loads(row["definition"]),
        created=datetime.fromtimestamp(row["created"], UTC),
        updated=datetime.fromtimestamp(row["updated"], UTC),
    )
