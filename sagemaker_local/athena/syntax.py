"""Reads Athena's SELECT statements into sqlglot's trees, and says where in the text a node stands."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from sagemaker_local.athena.failures import QueryError

# The functions with a grammar of their own in Trino; every other call stays what was written, name and arguments.
_GRAMMATICAL = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "LISTAGG")


class _AthenaSelect(Trino):  # type: ignore[misc]  # sqlglot makes its dialects at run time
    """Trino's grammar, without sqlglot's own idea of what a function or a subscript means."""

    INDEX_OFFSET = 0

    class Parser(Trino.Parser):  # type: ignore[misc]  # sqlglot makes its dialects at run time
        FUNCTIONS: ClassVar[dict[str, object]] = {}
        # A question mark keeps its place in the text: parameters are bound in that order.
        PLACEHOLDER_PARSERS: ClassVar = {
            **Trino.Parser.PLACEHOLDER_PARSERS,
            TokenType.PLACEHOLDER: lambda parser: exp.Placeholder().update_positions(parser._prev),  # noqa: SLF001 - the way to extend it,
        }
        FUNCTION_PARSERS: ClassVar = {name: Trino.Parser.FUNCTION_PARSERS[name] for name in _GRAMMATICAL}


_DIALECT = _AthenaSelect()


def parse(sql: str) -> exp.Expression:
    """Read one statement.

    Raises:
        QueryError: MALFORMED_QUERY with line and column, or several statements.
    """
    try:
        trees: list[exp.Expression] = [tree for tree in _DIALECT.parse(sql) if tree is not None]
    except ParseError as error:
        raise _malformed(sql, error) from error
    except RecursionError as error:
        raise QueryError("STACK_OVERFLOW", "statement is too large (stack overflow while parsing)") from error
    except TokenError as error:
        raise QueryError(
            "MALFORMED_QUERY", f"the text ends inside a quoted name, a text or a comment: {error}"
        ) from error
    if len(trees) != 1:
        raise QueryError("MALFORMED_QUERY", f"one statement is expected, {len(trees)} were given.")
    return trees[0]


def position(sql: str, node: exp.Expression) -> str:
    """`line 1:8`: where the node's first token that sqlglot has a position for begins; both count from 1."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return line_and_column(sql, min(starts, default=0))


def line_and_column(sql: str, offset: int) -> str:
    """`line 2:1` for the offset of a character in the text."""
    before = sql[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def _malformed(sql: str, error: ParseError) -> QueryError:
    first = error.errors[0] if error.errors else {}
    token = first.get("highlight") or ""
    line, end = first.get("line") or 1, first.get("col") or 1
    where = f"line {line}:{max(1, end - len(token) + 1)}"
    description = str(first.get("description", error)).partition(" but got <Token")[0]
    if "SENTINEL" in str(error) or not token:
        return QueryError(
            "MALFORMED_QUERY", f"{line_and_column(sql, len(sql.rstrip()))}: mismatched input '<EOF>': {description}"
        )
    return QueryError("MALFORMED_QUERY", f"{where}: mismatched input '{token}': {description}")
