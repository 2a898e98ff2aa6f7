"""Column lists of DDL statements: names, Hive's types, comments."""

from __future__ import annotations

from collections.abc import Iterable

from sagemaker_local.athena.ddl.cursor import Cursor
from sagemaker_local.athena.ddl.failures import semantic
from sagemaker_local.athena.type_names import parse_type

_ENDS = (",", ")", "COMMENT")
# What SQL calls otherwise is refused: DDL is Hive's.
_ONLY_SQL = {"row": "struct", "real": "float", "varbinary": "binary", "json": "string", "time": "string"}


def read_columns(cursor: Cursor) -> list[dict[str, str]]:
    """Take `(name type [COMMENT 'text'], ...)` as the catalog's columns.

    Raises:
        QueryError: a type is unknown, or a name comes twice.
    """
    columns = cursor.list_of(lambda: _column(cursor))
    check_distinct(columns)
    return columns


def check_distinct(columns: Iterable[dict[str, str]]) -> None:
    """Refuse a name that comes twice.

    Raises:
        QueryError: naming it.
    """
    seen: set[str] = set()
    for column in columns:
        if column["Name"] in seen:
            raise semantic(f"[Error 10036]: Duplicate column name: {column['Name']}")
        seen.add(column["Name"])


def _column(cursor: Cursor) -> dict[str, str]:
    name = cursor.name()
    cursor.accept(":")
    column = {"Name": name, "Type": _type(cursor)}
    if cursor.accept("COMMENT"):
        column["Comment"] = cursor.text()
    return column


def _type(cursor: Cursor) -> str:
    refusal = cursor.error("expecting a type of Hive, such as int, string, decimal(10,2), array<string>")
    text = "".join(cursor.raw_until(*_ENDS).lower().split())
    word = text.partition("(")[0]
    try:
        parse_type(text)
    except ValueError as error:
        raise refusal from error
    if word in _ONLY_SQL or ("<" not in text and word in {"array", "map"}):
        raise refusal
    return "int" if text == "integer" else text
