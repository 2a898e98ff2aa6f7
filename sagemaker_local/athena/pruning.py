"""Conditions on partition keys alone: they say which partitions a query need not read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sagemaker_local.athena.compiler import Compiler
from sagemaker_local.athena.scope import Scope, Source
from sagemaker_local.athena.tables import TableUse

_NOT_REPEATABLE = frozenset({"rand", "random", "uuid", "shuffle"})


def partition_conditions(compiler: Compiler, where: exp.Expression, scope: Scope) -> None:
    """Note, at each table, the parts of WHERE that depend on its partition keys alone."""
    parts = list(where.flatten()) if isinstance(where, exp.And) else [where]
    for condition in parts:
        if isinstance(condition, exp.Expression) and _is_repeatable(condition):
            _note(compiler, condition, scope)


def keep_all_partitions(sources: Sequence[Source]) -> None:
    """Read every partition of tables that an outer join fills with NULLs.

    `WHERE r.dt IS NULL` is then true for rows that the table does not have.
    """
    for source in sources:
        for field in source.fields:
            if field.use is not None:
                field.use.is_nullable = True


def _note(compiler: Compiler, condition: exp.Expression, scope: Scope) -> None:
    start = len(scope.referenced)
    translated = compiler.expression(condition, scope)
    fields = scope.referenced[start:]
    uses = {id(field.use): field.use for field in fields}
    use = next(iter(uses.values()), None)
    # A column that was not resolved here belongs to a query around this one: its value is not known yet.
    is_local = len(fields) == len(list(condition.find_all(exp.Column)))
    if len(uses) != 1 or use is None or use.is_nullable or not is_local:
        return
    if all(field.key in use.table.partition_keys for field in fields):
        use.conditions.append(translated.sql)
        _note_constants(use, condition, str(fields[0].key))


def _note_constants(use: TableUse, condition: exp.Expression, key: str) -> None:
    """Note the constants of `key = 'a'` and `key IN ('a', 'b')`."""
    constants: list[str | None] = []
    if isinstance(condition, exp.EQ) and isinstance(condition.this, exp.Column):
        constants = [_constant(condition.expression)]
    elif isinstance(condition, exp.EQ) and isinstance(condition.expression, exp.Column):
        constants = [_constant(condition.this)]
    elif isinstance(condition, exp.In) and isinstance(condition.this, exp.Column):
        constants = [_constant(item) for item in condition.expressions]
    texts = [text for text in constants if text is not None]
    if texts and len(texts) == len(constants):
        before = use.wanted.get(key)
        use.wanted[key] = [text for text in dict.fromkeys(texts) if before is None or text in before]


def _constant(node: exp.Expression) -> str | None:
    if isinstance(node, exp.Cast | exp.Paren):
        return _constant(node.this)
    return str(node.this) if isinstance(node, exp.Literal) else None


def _is_repeatable(condition: exp.Expression) -> bool:
    if condition.find(exp.Query) is not None:
        return False
    return not any(call.name.lower() in _NOT_REPEATABLE for call in condition.find_all(exp.Anonymous))
