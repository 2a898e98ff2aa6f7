"""Which module reads and runs each kind of statement."""

from __future__ import annotations

from collections.abc import Mapping

from sagemaker_local.athena.ddl.alter_table import plan_alter_table
from sagemaker_local.athena.ddl.databases import plan_create_database, plan_drop_database
from sagemaker_local.athena.ddl.partitions import plan_repair_table
from sagemaker_local.athena.ddl.show import (
    plan_describe,
    plan_show_columns,
    plan_show_databases,
    plan_show_partitions,
    plan_show_properties,
    plan_show_tables,
    plan_show_views,
)
from sagemaker_local.athena.ddl.show_create import plan_show_create_table
from sagemaker_local.athena.ddl.tables import plan_create_table, plan_drop_table
from sagemaker_local.athena.ddl.views import plan_create_view, plan_drop_view, plan_show_create_view
from sagemaker_local.athena.execution import Action, Execution, Outcome, Planner
from sagemaker_local.athena.explain import plan_explain
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.prepared import plan_deallocate, plan_prepare
from sagemaker_local.athena.select_results import plan_select
from sagemaker_local.athena.statements import StatementKind
from sagemaker_local.athena.write.create_table_as import plan_create_table_as
from sagemaker_local.athena.write.insert import plan_insert
from sagemaker_local.athena.write.unload import plan_unload

PLANNERS: Mapping[str, Planner] = {
    "SELECT": plan_select,
    "CREATE_DATABASE": plan_create_database,
    "DROP_DATABASE": plan_drop_database,
    "CREATE_TABLE": plan_create_table,
    "DROP_TABLE": plan_drop_table,
    "ALTER_TABLE": plan_alter_table,
    "MSCK_REPAIR_TABLE": plan_repair_table,
    "SHOW_DATABASES": plan_show_databases,
    "SHOW_TABLES": plan_show_tables,
    "SHOW_COLUMNS": plan_show_columns,
    "SHOW_PARTITIONS": plan_show_partitions,
    "SHOW_TBLPROPERTIES": plan_show_properties,
    "SHOW_CREATE_TABLE": plan_show_create_table,
    "DESCRIBE_TABLE": plan_describe,
    "CREATE_VIEW": plan_create_view,
    "DROP_VIEW": plan_drop_view,
    "SHOW_VIEWS": plan_show_views,
    "SHOW_CREATE_VIEW": plan_show_create_view,
    "PREPARE": plan_prepare,
    "DEALLOCATE": plan_deallocate,
    "EXPLAIN": plan_explain,
    "UNLOAD": plan_unload,
    "CREATE_TABLE_AS_SELECT": plan_create_table_as,
    "INSERT": plan_insert,
}


def plan(kind: StatementKind, sql: str) -> Action:
    """Read a statement; one that is not supported is read as one that fails by name.

    Raises:
        QueryError: it is malformed.
    """
    if not kind.is_supported:
        return _refused(kind)
    try:
        return PLANNERS[kind.substatement](sql)
    except QueryError as error:
        if error.code == "MALFORMED_QUERY":
            raise
        return _failing(error)


def _refused(kind: StatementKind) -> Action:
    return _failing(QueryError("NOT_SUPPORTED", f"{kind.name} is not supported by the local endpoint yet."))


def _failing(error: QueryError) -> Action:
    def run(execution: Execution) -> Outcome:
        del execution
        raise error

    return run
