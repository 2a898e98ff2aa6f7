"""SELECT, WITH, UNION, VALUES: whole queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from sagemaker_local.athena.coercion import coerce, common_type, common_type_of
from sagemaker_local.athena.compiler import CompiledQuery, Compiler, QueryHandler
from sagemaker_local.athena.grouping import check_grouping, group_clause
from sagemaker_local.athena.ordering import limit_clause, order_clause
from sagemaker_local.athena.pruning import partition_conditions
from sagemaker_local.athena.scope import CommonTable, Field, OutputField, Scope, Source, Typed
from sagemaker_local.athena.types import BOOLEAN, UNKNOWN, SqlType

_SELECT_CLAUSES = frozenset(
    {"expressions", "distinct", "from_", "joins", "where", "group", "having", "order", "limit", "offset"} | {"with_"}
)
_SET_CLAUSES = frozenset({"this", "expression", "distinct", "order", "limit", "offset", "with_"})


@dataclass(frozen=True, slots=True)
class _Column:
    """An item of the select list."""

    name: str | None
    value: Typed


def _select(compiler: Compiler, node: exp.Expression, outer: Scope) -> CompiledQuery:
    compiler.refuse_others(node, _SELECT_CLAUSES)
    prefix, outer = _with(compiler, node, outer)
    scope = Scope(parent=outer)
    parts = [*_from(compiler, node, scope), *_where(compiler, node, scope)]
    columns = _columns(compiler, node, scope)
    if not columns:
        raise compiler.error("SYNTAX_ERROR", node, "SELECT has no columns.")
    check_grouping(compiler, node, scope)
    distinct = "DISTINCT " if node.args.get("distinct") else ""
    items = ", ".join(f"{column.value.sql} AS c{number}" for number, column in enumerate(columns))
    parts += group_clause(compiler, node, scope, len(columns)) + _having(compiler, node, scope)
    outputs = [OutputField(column.name, column.value.type) for column in columns]
    substitutes = [Field(column.name, column.value.type, f"({column.value.sql})") for column in columns]
    parts += order_clause(compiler, node, Scope(sources=[Source((), substitutes)], parent=scope), outputs)
    parts += limit_clause(compiler, node)
    return CompiledQuery(" ".join([prefix, f"SELECT {distinct}{items}", *parts]).strip(), outputs)


def _with(compiler: Compiler, node: exp.Expression, outer: Scope) -> tuple[str, Scope]:
    clause = node.args.get("with_")
    if clause is None:
        return "", outer
    if clause.args.get("recursive"):
        raise compiler.unsupported(clause, "WITH RECURSIVE")
    known: dict[str, CommonTable] = {}
    texts: list[str] = []
    for item in clause.expressions:
        query = compiler.query(item.this, Scope(parent=outer, common_tables=dict(known)))
        fields = renamed(compiler, item.args["alias"], query.fields)
        common = CommonTable(compiler.new_name("w"), fields)
        known[item.alias.lower()] = common
        texts.append(f"{common.sql_name} AS ({query.sql})")
    return f"WITH {', '.join(texts)}", Scope(parent=outer, common_tables=known)


def renamed(compiler: Compiler, alias: exp.Expression | None, fields: Sequence[OutputField]) -> list[OutputField]:
    """The fields with the names of `AS t (a, b)`, if there are any."""
    names = [column.name for column in alias.args.get("columns") or []] if alias is not None else []
    if alias is None or not names:
        return list(fields)
    if len(names) != len(fields):
        raise compiler.error(
            "MISMATCHED_COLUMN_ALIASES",
            alias,
            f"Column alias list has {len(names)} entries but '{alias.name}' has {len(fields)} columns available",
        )
    return [OutputField(name, field.type) for name, field in zip(names, fields, strict=True)]


def _from(compiler: Compiler, node: exp.Expression, scope: Scope) -> list[str]:
    clause = node.args.get("from_")
    if clause is None:
        return []
    first = compiler.relation(clause.this, scope)
    scope.sources = first.sources
    texts = [f"FROM {first.sql}"]
    for join in node.args.get("joins") or []:
        joined = compiler.relation(join, scope)
        scope.sources = joined.sources
        texts.append(joined.sql)
    return texts


def _where(compiler: Compiler, node: exp.Expression, scope: Scope) -> list[str]:
    clause = node.args.get("where")
    if clause is None:
        return []
    condition = boolean(compiler, clause.this, scope, "WHERE clause")
    partition_conditions(compiler, clause.this, scope)
    return [f"WHERE {condition}"]


def boolean(compiler: Compiler, node: exp.Expression, scope: Scope, what: str) -> str:
    """Translate a condition.

    Raises:
        QueryError: its type is not boolean.
    """
    condition = compiler.expression(node, scope)
    if condition.type not in {BOOLEAN, UNKNOWN}:
        raise compiler.error("TYPE_MISMATCH", node, f"{what} must evaluate to a boolean: actual type {condition.type}")
    return condition.sql


def _columns(compiler: Compiler, node: exp.Expression, scope: Scope) -> list[_Column]:
    columns: list[_Column] = []
    for item in node.expressions:
        if isinstance(item, exp.Star):
            columns += _star(compiler, item, scope, ())
        elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            columns += _star(compiler, item, scope, tuple(part.name.lower() for part in item.parts[:-1]))
        else:
            columns.append(_Column(_output_name(item), compiler.expression(item.unalias(), scope)))
    return columns


def _star(compiler: Compiler, node: exp.Expression, scope: Scope, qualifier: tuple[str, ...]) -> list[_Column]:
    if isinstance(node, exp.Star):
        compiler.refuse_others(node, frozenset())
    size = len(qualifier)
    sources = [source for source in scope.sources if not size or source.qualifier[-size:] == qualifier]
    if not sources:
        raise compiler.error("SYNTAX_ERROR", node, f"Unable to resolve reference {node.sql(dialect='trino')}")
    fields = [field for source in sources for field in source.fields]
    for field in fields:
        field.touch()
    return [_Column(field.name, Typed(field.sql, field.type)) for field in fields]


def _output_name(item: exp.Expression) -> str | None:
    if isinstance(item, exp.Alias):
        return str(item.alias)
    if isinstance(item, exp.Column):
        return str(item.name)
    if isinstance(item, exp.Dot):
        return str(item.expression.name)
    return None


def _having(compiler: Compiler, node: exp.Expression, scope: Scope) -> list[str]:
    clause = node.args.get("having")
    return [] if clause is None else [f"HAVING {boolean(compiler, clause.this, scope, 'HAVING clause')}"]


def _set_operation(compiler: Compiler, node: exp.Expression, outer: Scope) -> CompiledQuery:
    compiler.refuse_others(node, _SET_CLAUSES)
    prefix, outer = _with(compiler, node, outer)
    left, right = compiler.query(node.this, outer), compiler.query(node.expression, outer)
    operator = type(node).__name__.upper()
    if len(left.fields) != len(right.fields):
        raise compiler.error(
            "SYNTAX_ERROR",
            node,
            f"{operator} query has different number of fields: {len(left.fields)}, {len(right.fields)}",
        )
    kinds = [_common_column(compiler, node, number, left, right) for number in range(len(left.fields))]
    outputs = [OutputField(field.name, kind) for field, kind in zip(left.fields, kinds, strict=True)]
    quantifier = "" if node.args.get("distinct") else " ALL"
    body = f"{_cast_columns(left, kinds)} {operator}{quantifier} {_cast_columns(right, kinds)}"
    fields = [Field(field.name, field.type, f"c{number}") for number, field in enumerate(outputs)]
    scope = Scope(sources=[Source((), fields)])
    tail = [*order_clause(compiler, node, scope, outputs), *limit_clause(compiler, node)]
    return CompiledQuery(" ".join([prefix, body, *tail]).strip(), outputs)


def _common_column(
    compiler: Compiler, node: exp.Expression, number: int, left: CompiledQuery, right: CompiledQuery
) -> SqlType:
    first, second = left.fields[number].type, right.fields[number].type
    common = common_type(first, second)
    if common is None:
        operator = type(node).__name__.upper()
        raise compiler.error(
            "TYPE_MISMATCH", node, f"column {number + 1} in {operator} query has incompatible types: {first}, {second}"
        )
    return common


def _cast_columns(query: CompiledQuery, kinds: Sequence[SqlType]) -> str:
    if [field.type for field in query.fields] == list(kinds):
        return f"({query.sql})"
    columns = (
        f"{coerce(Typed(f'c{number}', field.type), kind).sql} AS c{number}"
        for number, (field, kind) in enumerate(zip(query.fields, kinds, strict=True))
    )
    return f"(SELECT {', '.join(columns)} FROM ({query.sql}))"  # noqa: S608 - made of checked parts


def _parenthesized(compiler: Compiler, node: exp.Expression, outer: Scope) -> CompiledQuery:
    compiler.refuse_others(node, frozenset({"this", "order", "limit", "offset", "with_"}))
    prefix, outer = _with(compiler, node, outer)
    query = compiler.query(node.this, outer)
    fields = [Field(field.name, field.type, f"c{number}") for number, field in enumerate(query.fields)]
    tail = order_clause(compiler, node, Scope(sources=[Source((), fields)]), query.fields) + limit_clause(
        compiler, node
    )
    if not tail and not prefix:
        return query
    body = f"SELECT * FROM ({query.sql})"  # noqa: S608 - made of checked parts
    return CompiledQuery(" ".join([prefix, body, *tail]).strip(), query.fields)


def _values(compiler: Compiler, node: exp.Expression, outer: Scope) -> CompiledQuery:
    compiler.refuse_others(node, frozenset({"expressions", "alias", "order", "limit", "offset"}))
    rows = [[compiler.expression(cell, outer) for cell in _cells(row)] for row in node.expressions]
    if len({len(row) for row in rows}) != 1:
        raise compiler.error("SYNTAX_ERROR", node, "Values rows have mismatched numbers of columns.")
    kinds: list[SqlType] = []
    for cells in zip(*rows, strict=True):
        kind = common_type_of([cell.type for cell in cells])
        if kind is None:
            shown = ", ".join(str(cell.type) for cell in cells)
            raise compiler.error("TYPE_MISMATCH", node, f"Values rows have mismatched types: {shown}")
        kinds.append(kind)
    lines = (f"({', '.join(coerce(cell, kind).sql for cell, kind in zip(row, kinds, strict=True))})" for row in rows)
    names = ", ".join(f"c{number}" for number in range(len(kinds)))
    outputs = [OutputField(None, kind) for kind in kinds]
    fields = [Field(None, kind, f"c{number}") for number, kind in enumerate(kinds)]
    tail = order_clause(compiler, node, Scope(sources=[Source((), fields)]), outputs) + limit_clause(compiler, node)
    body = f"SELECT {names} FROM (VALUES {', '.join(lines)}) AS v({names})"  # noqa: S608 - made of checked parts
    return CompiledQuery(" ".join([body, *tail]), outputs)


def _cells(row: exp.Expression) -> list[exp.Expression]:
    """The cells of `(1, 'a')`, of `ROW(1, 'a')`, or of the one value that stands there."""
    node: Any = row
    if isinstance(node, exp.Tuple):
        # sqlglot puts what has no parentheses of its own into some.
        node = node.expressions[0] if len(node.expressions) == 1 else node
    is_row = isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and node.name.lower() == "row")
    return list(node.expressions) if is_row else [node]


QUERIES: dict[type[exp.Expression], QueryHandler] = {
    exp.Select: _select,
    exp.Union: _set_operation,
    exp.Intersect: _set_operation,
    exp.Except: _set_operation,
    exp.Subquery: _parenthesized,
    exp.Values: _values,
}
