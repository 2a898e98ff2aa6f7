"""Athena's queries in SQLite."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime

from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.records.query import (
    Query,
    QueryFailure,
    QueryState,
    QueryStatistics,
    ResultColumn,
    StatementType,
)
from sagemaker_local.store import work_groups
from sagemaker_local.store.database import Database
from sagemaker_local.store.work_groups import NamedQueryStore, PreparedStatementStore, WorkGroupStore

_QUERIES = """
CREATE TABLE IF NOT EXISTS queries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    query_id TEXT NOT NULL UNIQUE,
    work_group TEXT NOT NULL,
    state TEXT NOT NULL,
    token TEXT UNIQUE,
    document TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS queries_by_state ON queries (state);
"""
SCHEMA = f"{_QUERIES}{work_groups.SCHEMA}"

_UNFINISHED = (QueryState.QUEUED, QueryState.RUNNING)


class QueryStore:
    """Adds, finds and updates queries; what else Athena keeps is beside them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.work_groups = WorkGroupStore(database)
        self.prepared = PreparedStatementStore(database)
        self.named = NamedQueryStore(database)

    def add(self, query: Query) -> Query:
        """Keep a new query, or give back the one that the same token made before."""
        with self._database.transaction() as connection:
            if query.token is not None:
                row = connection.execute("SELECT document FROM queries WHERE token = ?", (query.token,)).fetchone()
                if row is not None:
                    return _query(row)
            connection.execute(
                "INSERT INTO queries (query_id, work_group, state, token, document) VALUES (?, ?, ?, ?, ?)",
                (query.query_id, query.work_group, query.state, query.token, _document(query)),
            )
        return query

    def get(self, query_id: str) -> Query:
        """Find a query.

        Raises:
            InvalidRequestException: there is none with that id.
        """
        row = self._database.row("SELECT document FROM queries WHERE query_id = ?", (query_id,))
        if row is None:
            raise InvalidRequestException(f"QueryExecution {query_id} was not found")
        return _query(row)

    def update(self, query: Query) -> bool:
        """Write a query's new state; a query that has ended stays as it is.

        Returns:
            Whether it was written: False when somebody else ended the query before.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE queries SET state = ?, document = ? WHERE query_id = ? AND state IN (?, ?)",
                (query.state, _document(query), query.query_id, *_UNFINISHED),
            )
        return changed.rowcount == 1

    def unfinished(self) -> list[Query]:
        """All queries that have not ended, oldest first."""
        rows = self._database.rows("SELECT document FROM queries WHERE state IN (?, ?) ORDER BY number", _UNFINISHED)
        return [_query(row) for row in rows]

    def ids(self, work_group: str, *, before: int | None, limit: int) -> list[tuple[int, str]]:
        """(number, id) of a work group's queries, newest first, from the number `before` on downwards."""
        rows = self._database.rows(
            "SELECT number, query_id FROM queries WHERE work_group = ? AND number < ? ORDER BY number DESC LIMIT ?",
            (work_group, before if before is not None else 2**62, limit),
        )
        return [(row["number"], row["query_id"]) for row in rows]


def _document(query: Query) -> str:
    document = asdict(query)
    document["submitted"] = query.submitted.timestamp()
    document["completed"] = query.completed.timestamp() if query.completed else None
    return json.dumps(document)


def _query(row: sqlite3.Row) -> Query:
    document = json.loads(row["document"])
    completed, failure = document.pop("completed"), document.pop("failure")
    return Query(
        **{
            **document,
            "state": QueryState(document["state"]),
            "statement_type": StatementType(document["statement_type"]),
            "submitted": datetime.fromtimestamp(document["submitted"], UTC),
            "parameters": tuple(document["parameters"]),
            "statistics": QueryStatistics(**document["statistics"]),
            "targets": tuple(document.get("targets") or ()),
            "columns": tuple(ResultColumn(**column) for column in document["columns"]),
        },
        completed=datetime.fromtimestamp(completed, UTC) if completed is not None else None,
        failure=QueryFailure(**failure) if failure else None,
    )
