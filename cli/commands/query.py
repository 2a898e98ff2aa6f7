"""`query`: ask the predictions in SQL."""

from __future__ import annotations

import argparse
from typing import Any

from rich.table import Table

from cli import athena
from cli.context import Context


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("query", parents=[shared], help="run an Athena query and print its rows")
    command.add_argument("sql", metavar="SQL", help="tables without a database are those of athena_database")
    command.add_argument("--max-rows", type=int, default=100, metavar="N", help="how many rows to print (100)")
    command.set_defaults(run=query)


def query(context: Context, options: argparse.Namespace) -> None:
    """Print the rows, the bytes scanned and the time."""
    result = athena.run(context, options.sql)
    context.console.print(as_table(result, options.max_rows))
    hidden = len(result.rows) - options.max_rows
    note = f"; {hidden} more rows not shown, raise --max-rows" if hidden > 0 else ""
    context.console.print(
        f"{len(result.rows)} rows, {result.scanned_bytes:,} bytes scanned, {result.seconds:.2f} s{note}"
    )


def as_table(result: athena.QueryResult, max_rows: int) -> Table:
    """The first rows as a table; NULL is shown as a dimmed word, so that it differs from an empty string."""
    table = Table(*result.columns)
    for row in result.rows[:max_rows]:
        table.add_row(*("[dim]NULL[/dim]" if cell is None else cell.replace("[", r"\[") for cell in row))
    return table
