"""`query`: ask the predictions in SQL."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli import athena, result_formats
from cli.context import Context
from cli.errors import CommandError

_FORMATS = ("table", "csv", "json", "parquet")
_TEXT = ("txt", "")
"""Endings of files that a table goes into."""
_TABLE_ROWS = 100
_FILE_WIDTH = 160


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("query", parents=[shared], help="run an Athena query and print its rows")
    command.add_argument("sql", metavar="SQL", help="tables without a database are those of athena_database")
    command.add_argument("--format", choices=_FORMATS, help="left out: by the ending of FILE, else table")
    command.add_argument("--output", type=Path, metavar="FILE", help="write the rows there, all or nothing")
    command.add_argument(
        "--max-rows", type=int, metavar="N", help=f"how many rows at most ({_TABLE_ROWS} in a table, else all)"
    )
    command.set_defaults(run=query)


def query(context: Context, options: argparse.Namespace) -> None:
    """Print or write the rows; bytes scanned and time come after a table, and else on standard error."""
    form = _format_of(options)
    output: Path | None = options.output
    _check(form, output)
    result = athena.run(context, options.sql)
    is_shown = form == "table" and output is None  # a file is never cut short unless that is asked for
    limit = _TABLE_ROWS if options.max_rows is None and is_shown else options.max_rows
    rows = result.rows if limit is None else result.rows[: max(limit, 0)]
    if output is not None:
        _write_whole(output, lambda path: _write_file(form, result, rows, path))
    elif form == "table":
        context.console.print(as_table(result, len(rows)))
    else:
        _write_text(form, result, rows, context.console.file)
    hidden = len(result.rows) - len(rows)
    note = f"; {hidden} more rows not shown, raise --max-rows" if hidden else ""
    place = f" in {output}" if output is not None else ""
    summary = f"{len(result.rows)} rows{place}, {result.scanned_bytes:,} bytes scanned, {result.seconds:.2f} s{note}"
    if output is None and form == "table":
        context.console.print(summary)
    else:
        print(summary, file=sys.stderr)  # not among the rows that somebody reads from a pipe


def as_table(result: athena.QueryResult, max_rows: int) -> Table:
    """The first rows as a table; NULL is shown as a dimmed word, so that it differs from an empty string."""
    table = Table(*(Column(Text(column)) for column in result.columns))
    for row in result.rows[:max_rows]:
        table.add_row(*(Text("NULL", "dim") if cell is None else Text(cell) for cell in row))
    return table


def _format_of(options: argparse.Namespace) -> str:
    if options.format or options.output is None:
        return str(options.format or "table")
    ending = options.output.suffix.removeprefix(".").lower()
    if ending in _FORMATS or ending in _TEXT:
        return ending if ending in _FORMATS else "table"
    raise CommandError(
        f"--output {str(options.output)!r} is refused: no format has that ending; allowed are "
        f"{', '.join(f'.{name}' for name in _FORMATS if name != 'table')} and .txt, or name one with --format."
    )


def _check(form: str, output: Path | None) -> None:
    """Refuse before the query is run and paid for."""
    if form == "parquet" and output is None:
        raise CommandError("--format parquet needs a file: add --output FILE.")
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise CommandError(f"--output {str(output)!r} is refused: name a file in a folder that exists.")


def _write_text(form: str, result: athena.QueryResult, rows: list[list[str | None]], file: IO[str]) -> None:
    if form == "csv":
        result_formats.write_csv(result, rows, file)
    elif form == "json":
        result_formats.write_json(result, rows, file)
    else:
        Console(file=file, width=_FILE_WIDTH, soft_wrap=True).print(as_table(result, len(rows)))


def _write_file(form: str, result: athena.QueryResult, rows: list[list[str | None]], path: Path) -> None:
    if form == "parquet":
        result_formats.write_parquet(result, rows, str(path))
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_text(form, result, rows, file)


def _write_whole(output: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file and move it there when it is whole."""
    part = output.with_name(f".{output.name}.part")
    try:
        write(part)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
