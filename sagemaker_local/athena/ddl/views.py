"""CREATE VIEW, DROP VIEW, SHOW CREATE VIEW."""

from __future__ import annotations

from sagemaker_local.athena.ddl.catalog_lookup import require_database
from sagemaker_local.athena.ddl.cursor import Cursor, TableName, only
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.text_results import done, store_lines
from sagemaker_local.athena.views import View, is_view, view_definition, view_of
from sagemaker_local.errors import EntityNotFoundException
from sagemaker_local.records.catalog import CatalogTable


def plan_create_view(sql: str) -> Action:
    """Read CREATE [OR REPLACE] VIEW v AS query; its query is checked when it is made."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("CREATE")
    is_replacing = cursor.accept("OR", "REPLACE")
    cursor.expect("VIEW")
    name = cursor.table_name()
    cursor.expect("AS")
    start = cursor.offset
    query, stored = only(sql, start, len(sql)), sql[start:].rstrip().removesuffix(";").rstrip()
    tree = parse(query)

    def run(execution: Execution) -> Outcome:
        database = name.database or execution.database
        require_database(execution, database)
        translation = execution.translated(query, bind(tree, execution.query.parameters))
        _check_names(translation.given_names)
        columns = [(str(column.name), column.type) for column in translation.columns]
        definition = view_definition(stored, execution.database, columns)
        tables = execution.resources.catalog.tables
        with execution.resources.catalog.partitions.together():
            found = _find(execution, TableName(database, name.name))
            if found is None:
                tables.add(database, name.name, definition)
            elif is_view(found) and is_replacing:
                tables.update(database, name.name, definition)
            else:
                kind = "View" if is_view(found) else "Table"
                raise QueryError(
                    "TABLE_ALREADY_EXISTS",
                    f"line 1:1: {kind} already exists: 'awsdatacatalog.{database}.{name.name}'",
                )
        return done(execution)

    return run


def plan_drop_view(sql: str) -> Action:
    """Read DROP VIEW [IF EXISTS] v."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("DROP", "VIEW")
    is_optional = cursor.accept("IF", "EXISTS")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        full_name = TableName(name.database or execution.database, name.name)
        if _find(execution, full_name) is None and is_optional:
            return done(execution)
        table, _ = _existing(execution, full_name)
        execution.resources.catalog.tables.delete(table.database, table.name)
        return done(execution)

    return run


def plan_show_create_view(sql: str) -> Action:
    """Read SHOW CREATE VIEW v."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("SHOW", "CREATE", "VIEW")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table, view = _existing(execution, TableName(name.database or execution.database, name.name))
        text = f"CREATE VIEW {table.database}.{table.name} AS\n{view.sql}"
        return store_lines(execution, ["Create View"], text.split("\n"))

    return run


def _check_names(names: list[str | None]) -> None:
    for number, name in enumerate(names, 1):
        if name is None:
            raise QueryError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {number}")
        if [str(other).lower() for other in names].count(name.lower()) > 1:
            raise QueryError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once")


def _find(execution: Execution, name: TableName) -> CatalogTable | None:
    try:
        return execution.resources.catalog.tables.get(str(name.database), name.name)
    except EntityNotFoundException:
        return None


def _existing(execution: Execution, name: TableName) -> tuple[CatalogTable, View]:
    table = _find(execution, name)
    if table is None or not is_view(table):
        what = "does not exist" if table is None else "is a table, not a view"
        raise QueryError("TABLE_NOT_FOUND", f"line 1:1: View 'awsdatacatalog.{name.database}.{name.name}' {what}")
    return table, view_of(table)
