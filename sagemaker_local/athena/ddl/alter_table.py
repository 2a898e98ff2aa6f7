"""ALTER TABLE: which change is meant, and changes of columns and properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sagemaker_local.athena.ddl.catalog_lookup import table_of
from sagemaker_local.athena.ddl.columns import check_distinct, read_columns
from sagemaker_local.athena.ddl.cursor import Cursor, TableName
from sagemaker_local.athena.ddl.failures import catalog_failures
from sagemaker_local.athena.ddl.partitions import read_add_partition, read_drop_partition
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.text_results import done
from sagemaker_local.records.catalog import CatalogTable

Change = Callable[[CatalogTable], dict[str, Any]]


def plan_alter_table(sql: str) -> Action:
    """Read ALTER TABLE t ADD PARTITION | DROP PARTITION | ADD COLUMNS | SET TBLPROPERTIES."""
    cursor = Cursor(sql)
    cursor.expect("ALTER", "TABLE")
    name = cursor.table_name()
    for words, read in _CHANGES:
        if cursor.accept(*words):
            return read(cursor, name)
    raise cursor.unsupported(f"ALTER TABLE ... {cursor.following}")


def _add_columns(cursor: Cursor, name: TableName) -> Action:
    columns = read_columns(cursor)
    cursor.end()

    def change(table: CatalogTable) -> dict[str, Any]:
        together = [*(table.storage.get("Columns") or []), *columns]
        check_distinct([*together, *(table.definition.get("PartitionKeys") or [])])
        return {**table.definition, "StorageDescriptor": {**table.storage, "Columns": together}}

    return _changing(name, change)


def _set_properties(cursor: Cursor, name: TableName) -> Action:
    properties = cursor.properties()
    cursor.end()
    return _changing(
        name,
        lambda table: {**table.definition, "Parameters": {**(table.definition.get("Parameters") or {}), **properties}},
    )


def _changing(name: TableName, change: Change) -> Action:
    def run(execution: Execution) -> Outcome:
        tables = execution.resources.catalog.tables
        with execution.resources.catalog.partitions.together(), catalog_failures():
            table = table_of(execution, name)
            tables.update(table.database, table.name, change(table))
        return done(execution)

    return run


_CHANGES: tuple[tuple[tuple[str, ...], Callable[[Cursor, TableName], Action]], ...] = (
    (("ADD", "COLUMNS"), _add_columns),
    (("ADD",), read_add_partition),
    (("DROP",), read_drop_partition),
    (("SET", "TBLPROPERTIES"), _set_properties),
)
