"""GROUP BY, and whether each column of an aggregating SELECT is grouped or inside an aggregate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from sagemaker_local.athena.compiler import Compiler
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.registry import FUNCTIONS
from sagemaker_local.athena.functions.signature import FunctionKind
from sagemaker_local.athena.scope import Scope

_AROUND_CALLS = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)
_SETS: dict[type[exp.Expression], str] = {
    exp.GroupingSets: "GROUPING SETS",
    exp.Rollup: "ROLLUP",
    exp.Cube: "CUBE",
    exp.Tuple: "",
}
_SET_MEMBERS = ("grouping_sets", "rollup", "cube")


def group_clause(compiler: Compiler, select: exp.Expression, scope: Scope, column_count: int) -> list[str]:
    """Translate GROUP BY; a number is the position of one of the select list's `column_count` columns."""
    clause = select.args.get("group")
    if clause is None:
        return []
    compiler.refuse_others(clause, frozenset({"expressions", *_SET_MEMBERS}))
    items = _members(clause)
    if not items:
        raise compiler.error("SYNTAX_ERROR", select, "GROUP BY names nothing to group by.")
    return [f"GROUP BY {', '.join(_item(compiler, item, scope, column_count) for item in items)}"]


def _members(node: exp.Expression) -> list[exp.Expression]:
    return [*node.expressions, *(item for name in _SET_MEMBERS for item in node.args.get(name) or [])]


def _item(compiler: Compiler, item: exp.Expression, scope: Scope, column_count: int) -> str:
    if type(item) in _SETS:
        members = ", ".join(_item(compiler, part, scope, column_count) for part in item.expressions)
        return f"{_SETS[type(item)]} ({members})".strip()
    if isinstance(item, exp.Literal) and not item.is_string:
        if not item.name.isdigit() or not 1 <= int(item.name) <= column_count:
            text = f"GROUP BY position {item.name} is not in select list"
            raise compiler.error("INVALID_COLUMN_REFERENCE", item, text)
        if not isinstance(item.parent, exp.Group):
            raise compiler.unsupported(item, "A position inside ROLLUP, CUBE or GROUPING SETS")
        return str(item.name)
    return compiler.expression(item, scope).sql


def check_grouping(compiler: Compiler, select: exp.Expression, scope: Scope) -> None:
    """Refuse a SELECT with GROUP BY or aggregates that shows a column for which a group has many values.

    Raises:
        QueryError: EXPRESSION_NOT_AGGREGATE with the column's place.
    """
    having = select.args.get("having")
    shown = [*select.expressions, *([having.this] if having is not None else [])]
    if select.args.get("group") is None and having is None and not any(map(_has_aggregate, shown)):
        return
    keys = set(_keys(compiler, select, scope))
    for item in shown:
        _check(compiler, item.unalias(), scope, keys)


def _keys(compiler: Compiler, select: exp.Expression, scope: Scope) -> Iterator[str]:
    clause = select.args.get("group")
    if clause is None:
        return
    for item in _group_items(clause):
        node: Any = item.unnest()
        is_position = isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()
        # With `*` in the list positions count its columns; DuckDB looks at those itself.
        is_position = is_position and 1 <= int(node.name) <= len(select.expressions)
        if is_position and not any(column.is_star for column in select.expressions[: int(node.name)]):
            node = select.expressions[int(node.name) - 1].unalias()
        if not isinstance(node, exp.Literal):
            yield compiler.expression(node, scope).sql


def _group_items(node: exp.Expression) -> Iterator[exp.Expression]:
    for item in _members(node):
        if type(item) in _SETS:
            yield from _group_items(item)
        else:
            yield item


def _check(compiler: Compiler, node: exp.Expression, scope: Scope, keys: set[str]) -> None:
    if (
        isinstance(node, exp.Query)
        or node.is_star
        or _is_aggregate(_called(node))
        or _is_key(compiler, node, scope, keys)
    ):
        return
    if isinstance(node, exp.Column):
        if scope.has(node):
            raise compiler.error(
                "EXPRESSION_NOT_AGGREGATE",
                node,
                f"'{node.name.lower()}' must be an aggregate expression or appear in GROUP BY clause",
            )
        return
    for child in node.iter_expressions():
        _check(compiler, child, scope, keys)


def _is_key(compiler: Compiler, node: exp.Expression, scope: Scope, keys: set[str]) -> bool:
    if not keys or not compiler.knows(node):
        return False
    try:
        return compiler.expression(node, scope).sql in keys
    except QueryError:
        # A part of a lambda: its parameters mean nothing outside of it.
        return False


def _has_aggregate(node: exp.Expression) -> bool:
    if isinstance(node, exp.Query):
        return False
    return _is_aggregate(node) or any(map(_has_aggregate, node.iter_expressions()))


def _called(node: exp.Expression) -> exp.Expression:
    """The call inside of FILTER and IGNORE NULLS, whose own columns belong to the aggregate."""
    while isinstance(node, _AROUND_CALLS):
        node = node.this
    return node


def _is_aggregate(node: exp.Expression) -> bool:
    if isinstance(node, exp.GroupConcat):
        name_is_aggregate = True
    elif isinstance(node, exp.Anonymous):
        overloads = FUNCTIONS.get(node.name.lower(), ())
        name_is_aggregate = any(overload.kind is FunctionKind.AGGREGATE for overload in overloads)
    else:
        return False
    parent = node.parent
    while isinstance(parent, _AROUND_CALLS):
        parent = parent.parent
    return name_is_aggregate and not isinstance(parent, exp.Window)
