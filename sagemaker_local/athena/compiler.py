"""The state of one translation to DuckDB's SQL, and the way from each node of the tree to its handler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.scope import OutputField, Scope, Source, Typed
from sagemaker_local.athena.syntax import parse, position
from sagemaker_local.athena.tables import QueryTable, Tables, TableUse
from sagemaker_local.athena.views import View


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query in DuckDB's SQL, where its columns are c0, c1, ..."""

    sql: str
    fields: Sequence[OutputField]


@dataclass(frozen=True, slots=True)
class CompiledRelation:
    """A part of FROM in DuckDB's SQL and what it brings into the scope."""

    sql: str
    sources: Sequence[Source]


ExpressionHandler = Callable[["Compiler", exp.Expression, Scope], Typed]
QueryHandler = Callable[["Compiler", exp.Expression, Scope], CompiledQuery]
RelationHandler = Callable[["Compiler", exp.Expression, Scope], CompiledRelation]


@dataclass(frozen=True, slots=True)
class Grammar:
    """What is supported: a kind of node that is in no table is refused by name."""

    expressions: Mapping[type[exp.Expression], ExpressionHandler]
    queries: Mapping[type[exp.Expression], QueryHandler]
    relations: Mapping[type[exp.Expression], RelationHandler]


class Compiler:
    """Translates the statement `sql`; `started` is what current_timestamp means in all of it."""

    def __init__(self, sql: str, tables: Tables, started: datetime, grammar: Grammar) -> None:
        self.tables = tables
        self.started = started
        self.uses: list[TableUse] = []
        self._sql = sql
        self._grammar = grammar
        self._names = 0
        self._views: list[str] = []

    def expression(self, node: exp.Expression, scope: Scope) -> Typed:
        """Translate an expression whose names mean what `scope` says."""
        handler = self._grammar.expressions.get(type(node))
        if handler is None:
            raise self.unsupported(node, _describe(node))
        return handler(self, node, scope)

    def knows(self, node: exp.Expression) -> bool:
        """Whether the node is an expression that `expression` can translate."""
        return type(node) in self._grammar.expressions

    def query(self, node: exp.Expression, scope: Scope) -> CompiledQuery:
        """Translate a query; `scope` is the one around it."""
        handler = self._grammar.queries.get(type(node))
        if handler is None:
            raise self.unsupported(node, _describe(node))
        return handler(self, node, scope)

    def relation(self, node: exp.Expression, scope: Scope) -> CompiledRelation:
        """Translate an item of FROM; `scope` has the items before it."""
        handler = self._grammar.relations.get(type(node))
        if handler is None:
            raise self.unsupported(node, f"{_describe(node)} in FROM")
        return handler(self, node, scope)

    @contextmanager
    def inside_view(self, name: str, view: View, node: exp.Expression) -> Iterator[exp.Expression]:
        """Translate a view's query, whose positions and names are its own.

        Raises:
            QueryError: the view reads itself, or its query does not fit its tables any more.
        """
        if name in self._views:
            raise self.error("VIEW_IS_RECURSIVE", node, f"View is recursive: '{name}'")
        where, before = self.where(node), (self._sql, self.tables)
        self._views.append(name)
        self._sql, self.tables = view.sql, self.tables.within(view.database)
        try:
            yield parse(view.sql)
        except QueryError as error:
            raise QueryError("INVALID_VIEW", f"{where}: Failed analyzing stored view '{name}': {error}") from error
        finally:
            self._sql, self.tables = before
            self._views.pop()

    def use(self, table: QueryTable, source_name: str) -> TableUse:
        """Note one more place that reads the table."""
        use = TableUse(table, scan_name=f"scan{len(self.uses)}", source_name=source_name)
        self.uses.append(use)
        return use

    def new_name(self, prefix: str) -> str:
        """A name that the translation has nowhere else."""
        self._names += 1
        return f"{prefix}{self._names}"

    def text_before(self, node: exp.Expression) -> str:
        """The statement's text up to the node."""
        return self._sql[: node.meta.get("start", 0)]

    def where(self, node: exp.Expression) -> str:
        """`line 1:8`: where the node stands."""
        return position(self._sql, node)

    def error(self, code: str, node: exp.Expression, text: str) -> QueryError:
        """A failure at the node's place in the statement."""
        return QueryError(code, f"{self.where(node)}: {text}")

    def unsupported(self, node: exp.Expression, what: str) -> QueryError:
        """A refusal, by name, of what Athena may have and this endpoint has not."""
        return self.error("NOT_SUPPORTED", node, f"{what} is not supported by the local endpoint.")

    def refuse_others(self, node: exp.Expression, known: frozenset[str]) -> None:
        """Refuse a node with a clause that nobody here looks at."""
        for name, value in node.args.items():
            if name not in known and value not in (None, False, []):
                raise self.unsupported(node, f"{name.rstrip('_').upper()} of {_describe(node)}")


def _describe(node: exp.Expression) -> str:
    return f"{type(node).__name__} `{node.sql(dialect='trino')[:60]}`"


def quote(name: str) -> str:
    """An identifier in DuckDB's SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text constant in DuckDB's SQL."""
    return "'" + value.replace("'", "''") + "'"
