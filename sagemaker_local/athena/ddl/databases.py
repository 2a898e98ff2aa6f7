"""CREATE DATABASE, DROP DATABASE."""

from __future__ import annotations

from typing import Any

from sagemaker_local.athena.ddl.catalog_lookup import require_database
from sagemaker_local.athena.ddl.cursor import Cursor
from sagemaker_local.athena.ddl.failures import catalog_failures, task_failed
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.text_results import done
from sagemaker_local.errors import AlreadyExistsException


def plan_create_database(sql: str) -> Action:
    """Read CREATE DATABASE [IF NOT EXISTS] d [COMMENT] [LOCATION] [WITH DBPROPERTIES]."""
    cursor = Cursor(sql)
    cursor.expect("CREATE")
    _database_word(cursor)
    is_optional = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    definition: dict[str, Any] = {}
    if cursor.accept("COMMENT"):
        definition["Description"] = cursor.text()
    if cursor.accept("LOCATION"):
        definition["LocationUri"] = cursor.text()
    if cursor.accept("WITH", "DBPROPERTIES"):
        definition["Parameters"] = cursor.properties()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        try:
            execution.resources.catalog.databases.add(name, definition)
        except AlreadyExistsException as error:
            if not is_optional:
                raise task_failed("AlreadyExistsException", f"Database {name} already exists") from error
        return done(execution)

    return run


def plan_drop_database(sql: str) -> Action:
    """Read DROP DATABASE [IF EXISTS] d [RESTRICT | CASCADE]."""
    cursor = Cursor(sql)
    cursor.expect("DROP")
    _database_word(cursor)
    is_optional = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    is_cascade = cursor.accept("CASCADE")
    if not is_cascade:
        cursor.accept("RESTRICT")
    cursor.end()

    def run(execution: Execution) -> Outcome:
        catalog = execution.resources.catalog
        try:
            require_database(execution, name)
        except QueryError:
            if is_optional:
                return done(execution)
            raise
        with catalog.partitions.together(), catalog_failures():
            if not is_cascade and catalog.tables.all(name):
                raise task_failed(
                    "InvalidOperationException", f"Database {name} is not empty. One or more tables exist."
                )
            catalog.databases.delete(name)
        return done(execution)

    return run


def _database_word(cursor: Cursor) -> None:
    if not cursor.accept("SCHEMA"):
        cursor.expect("DATABASE")
