"""Run one Athena query to its end and read its rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cli.context import Context
from cli.errors import CommandError

_LOCAL_POLL_SECONDS = 0.05
_CLOUD_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows as Athena prints them: text, None for NULL."""

    columns: list[str]
    types: list[str]
    """Of the columns, as Athena names them: bigint, varchar, decimal(10,2)."""
    rows: list[list[str | None]]
    scanned_bytes: int
    seconds: float


def run(context: Context, sql: str) -> QueryResult:
    """Run `sql` in the configured database and wait for it.

    Raises:
        CommandError: with Athena's reason.
    """
    client = context.client("athena")
    query_id = client.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": context.config.athena_database},
        ResultConfiguration={"OutputLocation": context.config.query_results_uri},
    )["QueryExecutionId"]
    execution = _wait(context, client, query_id)
    state, statistics = execution["Status"]["State"], execution.get("Statistics", {})
    if state != "SUCCEEDED":
        raise CommandError(
            f"the query {state.lower()}: {execution['Status'].get('StateChangeReason', 'no reason given')}"
        )
    columns, types, rows = _rows(client, query_id)
    return QueryResult(
        columns=columns,
        types=types,
        rows=rows,
        scanned_bytes=statistics.get("DataScannedInBytes", 0),
        seconds=statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
    )


def _wait(context: Context, client: Any, query_id: str) -> dict[str, Any]:
    while True:
        execution: dict[str, Any] = client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            return execution
        time.sleep(_LOCAL_POLL_SECONDS if context.is_local else _CLOUD_POLL_SECONDS)


def _rows(client: Any, query_id: str) -> tuple[list[str], list[str], list[list[str | None]]]:
    columns: list[str] = []
    types: list[str] = []
    rows: list[list[str | None]] = []
    for page in client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
        if not columns:
            described = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            columns, types = [column["Name"] for column in described], [_type(column) for column in described]
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    # The first row of a SELECT's first page repeats the column names.
    if rows and rows[0] == columns:
        del rows[0]
    return columns, types, rows


def _type(column: dict[str, Any]) -> str:
    if column["Type"] == "decimal":
        return f"decimal({column.get('Precision', 38)},{column.get('Scale', 0)})"
    return str(column["Type"])
