"""ORDER BY, LIMIT and OFFSET."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sagemaker_local.athena.compiler import Compiler
from sagemaker_local.athena.scope import OutputField, Scope


def order_clause(compiler: Compiler, node: exp.Expression, scope: Scope, outputs: Sequence[OutputField]) -> list[str]:
    """Translate a query's ORDER BY, whose names mean the output's columns before those of `scope`."""
    clause = node.args.get("order")
    if clause is None:
        return []
    items = (order_item(compiler, item, _key(compiler, item.this, scope, outputs)) for item in clause.expressions)
    return [f"ORDER BY {', '.join(items)}"]


def order_item(compiler: Compiler, item: exp.Expression, key: str) -> str:
    """`key DESC NULLS FIRST`: Athena sorts NULLs last in both directions unless told."""
    compiler.refuse_others(item, frozenset({"this", "desc", "nulls_first"}))
    direction = "DESC" if item.args.get("desc") else "ASC"
    return f"{key} {direction} NULLS {'FIRST' if item.args.get('nulls_first') else 'LAST'}"


def _key(compiler: Compiler, node: exp.Expression, scope: Scope, outputs: Sequence[OutputField]) -> str:
    if isinstance(node, exp.Literal) and not node.is_string:
        if not node.name.isdigit() or not 1 <= int(node.name) <= len(outputs):
            raise compiler.error(
                "INVALID_COLUMN_REFERENCE", node, f"ORDER BY position {node.name} is not in select list"
            )
        return str(node.name)
    if isinstance(node, exp.Column) and not node.table:
        name = node.name.lower()
        matches = [number for number, output in enumerate(outputs, 1) if (output.name or "").lower() == name]
        if len(matches) == 1:
            return str(matches[0])
    return compiler.expression(node, scope).sql


def limit_clause(compiler: Compiler, node: exp.Expression) -> list[str]:
    """Translate LIMIT n, FETCH FIRST n ROWS ONLY and OFFSET n."""
    parts: list[str] = []
    limit = node.args.get("limit")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise compiler.unsupported(limit, "FETCH FIRST ... WITH TIES")
        parts.append(f"LIMIT {_count(compiler, limit.args.get('count'), limit)}")
    elif limit is not None and limit.expression.sql().upper() != "ALL":
        parts.append(f"LIMIT {_count(compiler, limit.expression, limit)}")
    offset = node.args.get("offset")
    if offset is not None:
        parts.append(f"OFFSET {_count(compiler, offset.expression, offset)}")
    return parts


def _count(compiler: Compiler, node: exp.Expression | None, clause: exp.Expression) -> int:
    if node is None:
        return 1
    if not isinstance(node, exp.Literal) or not node.name.isdigit():
        raise compiler.error("SYNTAX_ERROR", clause, f"a whole number is expected, not `{node.sql(dialect='trino')}`")
    return int(node.name)
