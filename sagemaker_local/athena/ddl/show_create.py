"""SHOW CREATE TABLE: a table's definition as the statement that makes it again."""

from __future__ import annotations

from collections.abc import Mapping

from sagemaker_local.athena.ddl.catalog_lookup import table_of
from sagemaker_local.athena.ddl.cursor import Cursor
from sagemaker_local.athena.ddl.failures import semantic
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.text_results import store_lines
from sagemaker_local.athena.views import is_view
from sagemaker_local.records.catalog import CatalogTable

_NOT_SHOWN = {"EXTERNAL", "comment"}


def plan_show_create_table(sql: str) -> Action:
    """Read SHOW CREATE TABLE t."""
    cursor = Cursor(sql)
    cursor.expect("SHOW", "CREATE", "TABLE")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table = table_of(execution, name)
        if is_view(table):
            raise semantic(f"{table.database}.{table.name} is a view; use SHOW CREATE VIEW")
        shown = f"{name.database}.{name.name}" if name.database else name.name
        return store_lines(execution, ["createtab_stmt"], create_table_lines(shown, table))

    return run


def create_table_lines(name: str, table: CatalogTable) -> list[str]:
    """The lines of CREATE EXTERNAL TABLE, as Hive lays them out."""
    storage, parameters = table.storage, table.definition.get("Parameters") or {}
    serde = storage.get("SerdeInfo") or {}
    lines = [f"CREATE EXTERNAL TABLE `{name}`(", *_columns(storage.get("Columns") or [])]
    if "comment" in parameters:
        lines.append(f"COMMENT {_quoted(parameters['comment'])}")
    if table.definition.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *_columns(table.definition["PartitionKeys"])]
    if serde.get("SerializationLibrary"):
        lines += ["ROW FORMAT SERDE ", f"  {_quoted(serde['SerializationLibrary'])} "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *_pairs(serde["Parameters"], end=") ")]
    if storage.get("InputFormat"):
        lines += ["STORED AS INPUTFORMAT ", f"  {_quoted(storage['InputFormat'])} "]
        lines += ["OUTPUTFORMAT ", f"  {_quoted(storage.get('OutputFormat') or '')}"]
    lines += ["LOCATION", f"  {_quoted(storage.get('Location') or '')}"]
    shown = {key: str(value) for key, value in parameters.items() if key not in _NOT_SHOWN}
    return lines + (["TBLPROPERTIES (", *_pairs(shown, end=")")] if shown else [])


def _columns(columns: list[Mapping[str, str]]) -> list[str]:
    lines = [
        f"  `{column['Name']}` {column.get('Type') or 'string'}"
        + (f" COMMENT {_quoted(column['Comment'])}" if column.get("Comment") else "")
        for column in columns
    ]
    return [f"{line}, " for line in lines[:-1]] + [f"{line})" for line in lines[-1:]]


def _pairs(pairs: Mapping[str, str], end: str) -> list[str]:
    lines = [f"  {_quoted(key)}={_quoted(value)}" for key, value in sorted(pairs.items())]
    return [f"{line}, " for line in lines[:-1]] + [f"{lines[-1]}{end}"]


def _quoted(text: str) -> str:
    """A text of Hive's: control characters by their number, as Hive shows them."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t").replace("\n", "\\n")
    return "'" + "".join(char if char >= " " else f"\\u{ord(char):04X}" for char in escaped) + "'"
