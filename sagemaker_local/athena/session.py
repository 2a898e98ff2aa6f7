"""One DuckDB for one query: its own memory, no files but those named, no network, no extensions, can be interrupted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from sagemaker_local.athena.compiler import text
from sagemaker_local.athena.failures import QueryCancelled, QueryError
from sagemaker_local.athena.macros import MACROS

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET integer_division = true",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    # Without a folder for them, no temporary files: what does not fit in memory fails.
    "SET temp_directory = ''",
    "SET enable_external_access = false",
)
_MACROS = {macro.partition("(")[0].strip(): macro for macro in MACROS}
_WORD = re.compile(r"\w+")
_OWN_FAILURE = re.compile(r"TRINO ([A-Z_]+): (.*?)' to INT32", re.DOTALL)
# DuckDB's messages, the engine's code for each, and how it puts it.
_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile("Out of Memory Error"),
        "EXCEEDED_LOCAL_MEMORY_LIMIT",
        "Query exhausted resources at this scale factor; read fewer rows or columns.",
    ),
    (re.compile("Division by zero"), "DIVISION_BY_ZERO", "Division by zero"),
    (re.compile(r"(?:Overflow in|Out of Range Error: ).*", re.DOTALL), "NUMERIC_VALUE_OUT_OF_RANGE", r"\g<0>"),
    (
        re.compile("More than one row returned by a subquery"),
        "SUBQUERY_MULTIPLE_ROWS",
        "Scalar sub-query has returned multiple rows",
    ),
    (
        re.compile("(WHERE|JOIN|GROUP BY) clause cannot contain (aggregates|window)"),
        "EXPRESSION_NOT_SCALAR",
        r"\1 clause cannot contain \2",
    ),
    (
        re.compile(r'Could not parse string "(.*?)" according to', re.DOTALL),
        "INVALID_FUNCTION_ARGUMENT",
        r'Invalid format: "\1"',
    ),
    (
        re.compile(r'(date|timestamp) field (?:value out of range|format): "(.*?)"'),
        "INVALID_CAST_ARGUMENT",
        r"Value cannot be cast to \1: \2",
    ),
    (
        re.compile(r"Could not convert string '(.*?)' to (?:U?INT(?:8|16|32)|INT)\b", re.DOTALL),
        "INVALID_CAST_ARGUMENT",
        r"Cannot cast '\1' to INT",
    ),
    (
        re.compile(r"Could not convert string '(.*?)' to INT64", re.DOTALL),
        "INVALID_CAST_ARGUMENT",
        r"Cannot cast '\1' to BIGINT",
    ),
    (
        re.compile(r"Could not convert string '(.*?)' to (\w+)", re.DOTALL),
        "INVALID_CAST_ARGUMENT",
        r"Cannot cast '\1' to \2",
    ),
    (
        re.compile(r'column "?(.*?)"? must appear in the GROUP BY clause', re.DOTALL),
        "EXPRESSION_NOT_AGGREGATE",
        r"'\1' must be an aggregate expression or appear in GROUP BY clause",
    ),
)


class Session:
    """A connection to a DuckDB in memory; close it at the end.

    Args:
        memory_bytes: what it may hold.
        threads: how many it works with.
        files: the only ones that its SQL can read.
    """

    def __init__(self, memory_bytes: int, threads: int, files: Sequence[Path] = ()) -> None:
        self._connection = duckdb.connect(":memory:")
        limits = (f"SET memory_limit = '{memory_bytes}B'", f"SET threads = {threads}")
        # Must be said before files and network are shut off; afterwards it cannot be changed.
        allowed = f"SET allowed_paths = [{', '.join(text(str(file)) for file in files)}]"
        for setting in (*limits, *([allowed] if files else []), *_SETTINGS):
            self._connection.execute(setting)
        self._connection.execute("SET lock_configuration = true")
        self._defined: set[str] = set()

    def register(self, name: str, rows: object) -> None:
        """Make Arrow data readable under a name."""
        self._connection.register(name, rows)

    def register_query(self, name: str, sql: str) -> None:
        """Make a query's rows readable under a name.

        Raises:
            QueryError: it reads what cannot be read.
        """
        with _translated():
            self._connection.execute(f"CREATE VIEW {name} AS {sql}")

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query and give its rows as they come.

        Raises:
            QueryError: it fails; in Athena's words where they are known.
            QueryCancelled: `interrupt` was called.
        """
        with _translated():
            _require_select(self._connection.extract_statements(sql))
            self._define_macros(sql)
            yield from self._connection.sql(sql).to_arrow_reader()

    def _define_macros(self, sql: str) -> None:
        """Define the macros that a text names, and those that they name: all of them take as long as a small query."""
        for name in set(_WORD.findall(sql)) & _MACROS.keys() - self._defined:
            self._defined.add(name)
            self._define_macros(_MACROS[name])
            self._connection.execute(f"CREATE MACRO {_MACROS[name]}")

    def interrupt(self) -> None:
        """Stop what runs in another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()


def _require_select(statements: Sequence[duckdb.Statement]) -> None:
    # COPY could write to the files that the session may read.
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError("GENERIC_INTERNAL_ERROR", "all but one SELECT is disabled in DuckDB.")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryCancelled("Query was cancelled") from error
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        # What fails after the first rows comes as Arrow's error: only the text is left of DuckDB's.
        if "INTERRUPT Error" in str(error):
            raise QueryCancelled("Query was cancelled") from error
        raise _query_error(error) from error


def _query_error(error: Exception) -> QueryError:
    message = str(error)
    own = _OWN_FAILURE.search(message)
    if own is not None:
        return QueryError(own[1], own[2])
    for pattern, code, shown in _KNOWN:
        found = pattern.search(message)
        if found is not None:
            return QueryError(code, found.expand(shown))
    reason = message.partition("\n")[0].partition(": ")[2]
    if "Conversion Error" in message:
        return QueryError("INVALID_CAST_ARGUMENT", reason)
    return QueryError("GENERIC_USER_ERROR", reason)
