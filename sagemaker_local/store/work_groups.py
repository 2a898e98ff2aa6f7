"""Athena's work groups, prepared statements and named queries in SQLite."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from sagemaker_local.errors import InvalidRequestException, ResourceNotFoundException
from sagemaker_local.records.work_group import PRIMARY, NamedQuery, PreparedStatement, WorkGroup
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS work_groups (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    description TEXT NOT NULL,
    configuration TEXT NOT NULL,
    created REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS prepared_statements (
    name TEXT NOT NULL,
    work_group TEXT NOT NULL,
    sql TEXT NOT NULL,
    description TEXT,
    modified REAL NOT NULL,
    PRIMARY KEY (work_group, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS named_queries (
    query_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    work_group TEXT NOT NULL,
    database TEXT NOT NULL,
    sql TEXT NOT NULL,
    description TEXT,
    token TEXT UNIQUE
)
"""
_GROUPS = Table(WorkGroup, "work_groups", ["name"])
_STATEMENTS = Table(PreparedStatement, "prepared_statements", ["work_group", "name"])
_NAMED = Table(NamedQuery, "named_queries", ["query_id"])
_BEGINNING = datetime(2016, 11, 30, tzinfo=UTC)


class WorkGroupStore:
    """Adds, finds, updates and removes work groups; `primary` is always there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, group: WorkGroup) -> None:
        """Create a work group.

        Raises:
            InvalidRequestException: the name is taken.
        """
        try:
            if group.name == PRIMARY:
                raise sqlite3.IntegrityError  # noqa: TRY301 - its row may not be there yet
            with self._database.transaction() as connection:
                connection.execute(_GROUPS.insert, _GROUPS.values(group))
        except sqlite3.IntegrityError as error:
            raise InvalidRequestException(f"WorkGroup {group.name} is already created") from error

    def get(self, name: str) -> WorkGroup:
        """Find a work group.

        Raises:
            InvalidRequestException: there is none of that name.
        """
        row = self._database.row("SELECT * FROM work_groups WHERE name = ?", (name,))
        if row is not None:
            return _GROUPS.read(row)
        if name == PRIMARY:
            return WorkGroup(PRIMARY, "ENABLED", "", {"EnforceWorkGroupConfiguration": False}, _BEGINNING)
        raise InvalidRequestException(f"WorkGroup {name} is not found.")

    def all(self) -> list[WorkGroup]:
        """All work groups by name."""
        found = [
            _GROUPS.read(row) for row in self._database.rows("SELECT * FROM work_groups WHERE name != ?", (PRIMARY,))
        ]
        return sorted([self.get(PRIMARY), *found], key=lambda group: group.name)

    def update(self, group: WorkGroup) -> None:
        """Write a work group's new settings."""
        with self._database.transaction() as connection:
            connection.execute(_GROUPS.upsert, _GROUPS.values(group))

    def delete(self, name: str, *, is_recursive: bool) -> None:
        """Remove a work group, and what belongs to it when `is_recursive`.

        Raises:
            InvalidRequestException: it is `primary`, is not there, or is not empty.
        """
        if name == PRIMARY:
            raise InvalidRequestException("The primary WorkGroup cannot be deleted.")
        self.get(name)
        with self._database.transaction() as connection:
            for table in ("prepared_statements", "named_queries", "queries"):
                found = connection.execute(f"SELECT 1 FROM {table} WHERE work_group = ?", (name,)).fetchone()  # noqa: S608 - our own names
                if found is not None and not is_recursive:
                    raise InvalidRequestException(
                        f"WorkGroup {name} is not empty: it has {table.replace('_', ' ')}; set RecursiveDeleteOption."
                    )
            connection.execute("DELETE FROM prepared_statements WHERE work_group = ?", (name,))
            connection.execute("DELETE FROM named_queries WHERE work_group = ?", (name,))
            connection.execute("DELETE FROM work_groups WHERE name = ?", (name,))


class PreparedStatementStore:
    """Adds, finds, replaces and removes prepared statements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, statement: PreparedStatement) -> None:
        """Keep a new statement.

        Raises:
            InvalidRequestException: the name is taken.
        """
        try:
            with self._database.transaction() as connection:
                connection.execute(_STATEMENTS.insert, _STATEMENTS.values(statement))
        except sqlite3.IntegrityError as error:
            raise InvalidRequestException(
                f"PreparedStatement {statement.name} already exists in workGroup {statement.work_group}"
            ) from error

    def get(self, work_group: str, name: str) -> PreparedStatement:
        """Find a statement.

        Raises:
            ResourceNotFoundException: there is none of that name.
        """
        row = self._database.row(
            "SELECT * FROM prepared_statements WHERE work_group = ? AND name = ?", (work_group, name)
        )
        if row is None:
            raise ResourceNotFoundException(f"PreparedStatement {name} was not found in workGroup {work_group}")
        return _STATEMENTS.read(row)

    def all(self, work_group: str) -> list[PreparedStatement]:
        """All statements of a work group by name."""
        rows = self._database.rows(
            "SELECT * FROM prepared_statements WHERE work_group = ? ORDER BY name", (work_group,)
        )
        return [_STATEMENTS.read(row) for row in rows]

    def put(self, statement: PreparedStatement) -> None:
        """Keep a statement, in the place of one of that name."""
        with self._database.transaction() as connection:
            connection.execute(_STATEMENTS.upsert, _STATEMENTS.values(statement))

    def delete(self, work_group: str, name: str) -> None:
        """Forget a statement.

        Raises:
            ResourceNotFoundException: there is none of that name.
        """
        self.get(work_group, name)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM prepared_statements WHERE work_group = ? AND name = ?", (work_group, name))


class NamedQueryStore:
    """Adds, finds, updates and removes named queries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, query: NamedQuery) -> NamedQuery:
        """Keep a new query, or give back the one that the same token made before."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM named_queries WHERE token = ?", (query.token,)).fetchone()
            if row is not None:
                return _NAMED.read(row)
            connection.execute(_NAMED.insert, _NAMED.values(query))
        return query

    def get(self, query_id: str) -> NamedQuery:
        """Find a query.

        Raises:
            InvalidRequestException: there is none with that id.
        """
        row = self._database.row("SELECT * FROM named_queries WHERE query_id = ?", (query_id,))
        if row is None:
            raise InvalidRequestException(f"NamedQuery {query_id} was not found")
        return _NAMED.read(row)

    def all(self, work_group: str) -> list[NamedQuery]:
        """All queries of a work group by name."""
        rows = self._database.rows(
            "SELECT * FROM named_queries WHERE work_group = ? ORDER BY name, query_id", (work_group,)
        )
        return [_NAMED.read(row) for row in rows]

    def update(self, query: NamedQuery) -> None:
        """Write a query's new text."""
        with self._database.transaction() as connection:
            connection.execute(_NAMED.upsert, _NAMED.values(query))

    def delete(self, query_id: str) -> None:
        """Forget a query.

        Raises:
            InvalidRequestException: there is none with that id.
        """
        self.get(query_id)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM named_queries WHERE query_id = ?", (query_id,))
