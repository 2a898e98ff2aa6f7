"""Functions that take a lambda: transform, filter, reduce, any_match and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from sagemaker_local.athena.coercion import coerce
from sagemaker_local.athena.compiler import Compiler
from sagemaker_local.athena.scope import Field, Scope, Source, Typed
from sagemaker_local.athena.types import BOOLEAN, SqlType, array

Handler = Callable[[Compiler, exp.Expression, Scope], Typed]
_MATCHES = {
    "any_match": "list_bool_or({0})",
    "all_match": "list_bool_and({0})",
    "none_match": "NOT list_bool_or({0})",
}
_WITHOUT_ITEMS = {"any_match": "FALSE", "all_match": "TRUE", "none_match": "TRUE"}


def _lambda(compiler: Compiler, node: exp.Expression, scope: Scope, kinds: Sequence[SqlType]) -> tuple[str, Typed]:
    """`lambda a, b` in DuckDB's SQL, and the body."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(kinds):
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"a lambda with {len(kinds)} parameters is expected here")
    names = [compiler.new_name("x") for _ in kinds]
    fields = [
        Field(parameter.name, kind, name) for parameter, kind, name in zip(node.expressions, kinds, names, strict=True)
    ]
    body = compiler.expression(node.this, Scope(sources=[Source((), fields)], parent=scope))
    return f"lambda {', '.join(names)}", body


def _array_and_rest(
    compiler: Compiler, node: exp.Expression, scope: Scope, count: int
) -> tuple[Typed, list[exp.Expression]]:
    if len(node.expressions) != count:
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"{node.name.lower()} needs {count} parameters")
    items = compiler.expression(node.expressions[0], scope)
    if items.type.name != "array":
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"{node.name.lower()} needs an array, not {items.type}")
    return items, node.expressions[1:]


def _transform(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    items, (function,) = _array_and_rest(compiler, node, scope, 2)
    head, body = _lambda(compiler, function, scope, items.type.elements)
    return Typed(f"list_transform({items.sql}, {head}: {body.sql})", array(body.type))


def _filter(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    items, (function,) = _array_and_rest(compiler, node, scope, 2)
    head, body = _lambda(compiler, function, scope, items.type.elements)
    return Typed(f"list_filter({items.sql}, {head}: {body.sql})", items.type)


def _match(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    items, (function,) = _array_and_rest(compiler, node, scope, 2)
    head, body = _lambda(compiler, function, scope, items.type.elements)
    name = node.name.lower()
    answers = _MATCHES[name].format(f"list_transform({items.sql}, {head}: {body.sql})")
    return Typed(f"CASE WHEN len({items.sql}) = 0 THEN {_WITHOUT_ITEMS[name]} ELSE {answers} END", BOOLEAN)


def _reduce(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    items, (start, step, end) = _array_and_rest(compiler, node, scope, 4)
    state = compiler.expression(start, scope)
    head, body = _lambda(compiler, step, scope, [state.type, items.type.elements[0]])
    if body.type != state.type:
        # `reduce(a, 0, (s, x) -> s + x.price, ...)`: the state takes the step's wider type.
        state = coerce(state, body.type)
        head, body = _lambda(compiler, step, scope, [state.type, items.type.elements[0]])
    folded = f"list_reduce({items.sql}, {head}: {coerce(body, state.type).sql}, {state.sql})"
    last_head, last = _lambda(compiler, end, scope, [state.type])
    return Typed(f"list_transform([{folded}], {last_head}: {last.sql})[1]", last.type)


HIGHER_ORDER: dict[str, Handler] = {
    "transform": _transform,
    "filter": _filter,
    "reduce": _reduce,
    **dict.fromkeys(_MATCHES, _match),
}
