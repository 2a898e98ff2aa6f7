"""CREATE EXTERNAL TABLE, DROP TABLE."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.athena.ddl.catalog_lookup import require_database, table_of
from sagemaker_local.athena.ddl.columns import check_distinct, read_columns
from sagemaker_local.athena.ddl.cursor import Cursor, TableName
from sagemaker_local.athena.ddl.failures import catalog_failures, semantic, task_failed
from sagemaker_local.athena.ddl.storage import read_row_format, read_stored_as, storage_descriptor
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.text_results import done
from sagemaker_local.athena.views import is_view
from sagemaker_local.errors import AlreadyExistsException, ValidationException
from sagemaker_local.records.s3_uri import S3Uri


@dataclass(frozen=True, slots=True)
class NewTable:
    """What CREATE EXTERNAL TABLE says."""

    name: TableName
    is_optional: bool
    definition: Mapping[str, Any]
    """The TableInput, without Name."""


def plan_create_table(sql: str) -> Action:
    """Read CREATE EXTERNAL TABLE."""
    new = read_table(Cursor(sql))

    def run(execution: Execution) -> Outcome:
        database = new.name.database or execution.database
        require_database(execution, database)
        try:
            with catalog_failures():
                execution.resources.catalog.tables.add(database, new.name.name, new.definition)
        except QueryError as error:
            if not (new.is_optional and isinstance(error.__cause__, AlreadyExistsException)):
                raise
        return done(execution)

    return run


def read_table(cursor: Cursor) -> NewTable:
    """Take the whole statement; its clauses come in Hive's order."""
    cursor.expect("CREATE", "EXTERNAL", "TABLE")
    is_optional = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.table_name()
    columns = read_columns(cursor)
    comment = cursor.text() if cursor.accept("COMMENT") else None
    keys = read_columns(cursor) if cursor.accept("PARTITIONED", "BY") else []
    check_distinct([*columns, *keys])
    if cursor.accept("CLUSTERED", "BY"):
        raise cursor.unsupported("CLUSTERED BY")
    rows, files = read_row_format(cursor), read_stored_as(cursor)
    location = _location(cursor)
    properties = cursor.properties() if cursor.accept("TBLPROPERTIES") else {}
    cursor.end()
    parameters = {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **properties}
    if comment is not None:
        parameters["comment"] = comment
    definition = {
        "Owner": "hadoop",
        "Retention": 0,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": keys,
        "Parameters": parameters,
        "StorageDescriptor": storage_descriptor(columns, location, rows, files),
    }
    return NewTable(name, is_optional, definition)


def plan_drop_table(sql: str) -> Action:
    """Read DROP TABLE [IF EXISTS] t; the files stay."""
    cursor = Cursor(sql)
    cursor.expect("DROP", "TABLE")
    is_optional = cursor.accept("IF", "EXISTS")
    name = cursor.table_name()
    cursor.accept("PURGE")
    cursor.end()

    def run(execution: Execution) -> Outcome:
        try:
            table = table_of(execution, name)
        except QueryError:
            if is_optional:
                return done(execution)
            raise
        if is_view(table):
            raise semantic(f"Cannot drop a view with DROP TABLE: {table.database}.{table.name}; use DROP VIEW")
        with catalog_failures():
            execution.resources.catalog.tables.delete(table.database, table.name)
        return done(execution)

    return run


def _location(cursor: Cursor) -> str:
    if not cursor.accept("LOCATION"):
        raise cursor.error("expecting LOCATION 's3://bucket/folder/'")
    location = cursor.text()
    try:
        uri = S3Uri.parse(location)
    except ValidationException as error:
        raise task_failed("MetaException", f"location {location!r} is not like s3://bucket/folder/") from error
    if "*" in location:
        raise task_failed("MetaException", f"location {location!r} has a '*'; give a folder")
    return str(uri)
