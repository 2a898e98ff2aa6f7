"""EXPLAIN: which tables, columns and partitions a query reads, as text."""

from __future__ import annotations

from sagemaker_local.athena.ddl.cursor import Cursor, only
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.statements import classify
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.tables import TableUse
from sagemaker_local.athena.text_results import store_lines


def plan_explain(sql: str) -> Action:
    """Read EXPLAIN [(FORMAT TEXT)] query; the query is checked, not run."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("EXPLAIN")
    if cursor.accept("ANALYZE"):
        raise cursor.unsupported("EXPLAIN ANALYZE")
    if cursor.following == "(" and not cursor.accept("(", "FORMAT", "TEXT", ")"):
        start, _ = cursor.parenthesized()
        kind = classify(sql[start:])
        if kind is None or not kind.is_query:
            raise QueryError("NOT_SUPPORTED", "Of EXPLAIN's options, the local endpoint supports (FORMAT TEXT).")
        start -= 1
    else:
        start = cursor.offset
    query = only(sql, start, len(sql))
    kind = classify(query)
    if kind is not None and not kind.is_query:
        raise QueryError("NOT_SUPPORTED", f"EXPLAIN {kind.name} is not supported by the local endpoint; SELECT is.")
    tree = parse(query)

    def run(execution: Execution) -> Outcome:
        translation = execution.translated(query, bind(tree, execution.query.parameters))
        names = ", ".join(str(column.name) for column in translation.columns)
        types = ", ".join(f"{column.name}:{column.type}" for column in translation.columns)
        lines = ["Query Plan", f"Output[columnNames = [{names}]]", f"    Layout: [{types}]"]
        for use in translation.uses:
            lines += _scan_lines(use)
        return store_lines(execution, ["Query Plan"], lines)

    return run


def _scan_lines(use: TableUse) -> list[str]:
    table = use.table.definition
    lines = [f"    TableScan[table = awsdatacatalog:{table.database}:{table.name}]"]
    lines += [
        f"        {name} := {name}:{kind}" + (":PARTITION_KEY" if name in use.table.partition_keys else ":REGULAR")
        for name, kind in {**use.table.columns, **use.table.partition_keys}.items()
        if name in use.needed
    ]
    return lines + [f"        partitions where {condition}" for condition in use.conditions]
