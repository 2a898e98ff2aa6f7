"""Finds the tables that DDL statements name."""

from __future__ import annotations

from sagemaker_local.athena.ddl.cursor import TableName
from sagemaker_local.athena.ddl.failures import database_not_found, semantic, table_not_found
from sagemaker_local.athena.execution import Execution
from sagemaker_local.errors import EntityNotFoundException
from sagemaker_local.records.catalog import CatalogTable


def table_of(execution: Execution, name: TableName) -> CatalogTable:
    """Find a table or view.

    Raises:
        QueryError: there is none.
    """
    database = name.database or execution.database
    require_database(execution, database)
    try:
        return execution.resources.catalog.tables.get(database, name.name)
    except EntityNotFoundException as error:
        raise table_not_found(database, name.name) from error


def partitioned_table_of(execution: Execution, name: TableName) -> CatalogTable:
    """Find a table that has partition keys.

    Raises:
        QueryError: there is none, or it has no keys.
    """
    table = table_of(execution, name)
    if not table.partition_keys:
        raise semantic(f"[Error 10241]: Table {table.database}.{table.name} is not a partitioned table")
    return table


def require_database(execution: Execution, name: str) -> None:
    """Check that a database exists.

    Raises:
        QueryError: it does not.
    """
    try:
        execution.resources.catalog.databases.get(name)
    except EntityNotFoundException as error:
        raise database_not_found(name) from error
