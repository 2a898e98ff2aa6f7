"""SHOW DATABASES, TABLES, COLUMNS, PARTITIONS, TBLPROPERTIES; DESCRIBE."""

from __future__ import annotations

import re

from sagemaker_local.athena.ddl.catalog_lookup import partitioned_table_of, require_database, table_of
from sagemaker_local.athena.ddl.cursor import Cursor, TableName
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.hive_paths import partition_name
from sagemaker_local.athena.text_results import padded, store_lines
from sagemaker_local.athena.views import is_view
from sagemaker_local.records.catalog import CatalogTable

_BLANK_LINE = "\t \t "


def plan_show_databases(sql: str) -> Action:
    """Read SHOW DATABASES | SCHEMAS [LIKE 'pattern']."""
    cursor = Cursor(sql)
    cursor.expect("SHOW")
    if not cursor.accept("SCHEMAS"):
        cursor.expect("DATABASES")
    pattern = _pattern(cursor)

    def run(execution: Execution) -> Outcome:
        names = [database.name for database in execution.resources.catalog.databases.all()]
        return store_lines(execution, ["database_name"], [name for name in names if pattern.fullmatch(name)])

    return run


def plan_show_tables(sql: str) -> Action:
    """Read SHOW TABLES [IN d] ['pattern']; views are listed too."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "TABLES")
    database = _in_database(cursor)
    pattern = _pattern(cursor)

    def run(execution: Execution) -> Outcome:
        tables = _tables(execution, database)
        return store_lines(execution, ["tab_name"], [table.name for table in tables if pattern.fullmatch(table.name)])

    return run


def plan_show_columns(sql: str) -> Action:
    """Read SHOW COLUMNS IN t [IN d]."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "COLUMNS")
    if not cursor.accept("FROM"):
        cursor.expect("IN")
    name = cursor.table_name()
    database = _in_database(cursor)
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table = table_of(execution, TableName(database or name.database, name.name))
        return store_lines(
            execution, ["field"], [padded(column) for column, _ in [*table.columns, *table.partition_keys]]
        )

    return run


def plan_show_partitions(sql: str) -> Action:
    """Read SHOW PARTITIONS t: those that are registered, whatever projection says."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "PARTITIONS")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table = partitioned_table_of(execution, name)
        keys = [key for key, _ in table.partition_keys]
        found = execution.resources.catalog.partitions.page(table.database, table.name).partitions
        return store_lines(execution, ["partition"], [partition_name(keys, part.values) for part in found])

    return run


def plan_show_properties(sql: str) -> Action:
    """Read SHOW TBLPROPERTIES t [('key')]."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "TBLPROPERTIES")
    name = cursor.table_name()
    wanted = cursor.list_of(cursor.text)[0] if cursor.following == "(" else None
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table = table_of(execution, name)
        properties = table.definition.get("Parameters") or {}
        if wanted is None:
            lines = [f"{key}\t{value}" for key, value in sorted(properties.items())]
        else:
            missing = f"Table {table.database}.{table.name} does not have property: {wanted}"
            lines = [str(properties.get(wanted, missing))]
        return store_lines(execution, ["prpt_name", "prpt_value"], lines)

    return run


def plan_describe(sql: str) -> Action:
    """Read DESCRIBE t."""
    cursor = Cursor(sql)
    if not cursor.accept("DESC"):
        cursor.expect("DESCRIBE")
    for word in ("EXTENDED", "FORMATTED"):
        if cursor.accept(word):
            raise cursor.unsupported(f"DESCRIBE {word}")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table = table_of(execution, name)
        lines = [_described(column) for column in table.storage.get("Columns") or []]
        keys = [_described(column) for column in table.definition.get("PartitionKeys") or []]
        if keys:
            heading = ["# Partition Information\t \t ", padded("# col_name", "data_type", "comment")]
            lines += [*keys, _BLANK_LINE, *heading, _BLANK_LINE, *keys]
        return store_lines(execution, ["col_name", "data_type", "comment"], lines)

    return run


def plan_show_views(sql: str) -> Action:
    """Read SHOW VIEWS [IN d] [LIKE 'pattern']."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "VIEWS")
    database = _in_database(cursor)
    pattern = _pattern(cursor)

    def run(execution: Execution) -> Outcome:
        views = [table for table in _tables(execution, database) if is_view(table)]
        return store_lines(execution, ["views"], [view.name for view in views if pattern.fullmatch(view.name)])

    return run


def _described(column: dict[str, str]) -> str:
    return padded(column["Name"], column.get("Type") or "string", column.get("Comment") or "")


def _tables(execution: Execution, database: str | None) -> list[CatalogTable]:
    name = database or execution.database
    require_database(execution, name)
    return execution.resources.catalog.tables.all(name)


def _in_database(cursor: Cursor) -> str | None:
    return cursor.name() if cursor.accept("IN") or cursor.accept("FROM") else None


def _pattern(cursor: Cursor) -> re.Pattern[str]:
    """A pattern of Hive's: `*` is any text, `|` separates alternatives, case does not matter."""
    cursor.accept("LIKE")
    text = cursor.text() if cursor.is_at_text else "*"
    cursor.end()
    alternatives = (".*".join(map(re.escape, part.split("*"))) for part in text.split("|"))
    return re.compile("|".join(alternatives), re.IGNORECASE)
