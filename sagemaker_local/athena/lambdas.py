"""Functions that take a lambda: transform, filter, reduce, any_match and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from sagemaker_local.athena.coercion import coerce
from sagemaker_local.athena.compiler import Compiler
from sagemaker_local.athena.scope import Field, Scope, Source, Typed
from sagemaker_local.athena.types import BOOLEAN, SqlType, array, map_of

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


def _zip_with(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    first, (other, function) = _array_and_rest(compiler, node, scope, 3)
    second = compiler.expression(other, scope)
    if second.type.name != "array":
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"zip_with needs two arrays, not {second.type}")
    place = compiler.new_name("x")
    items = [Typed(f"({side.sql})[{place}]", side.type.elements[0]) for side in (first, second)]
    body = _body(compiler, function, scope, items)
    length = f"greatest(len({first.sql}), len({second.sql}))"
    return Typed(f"list_transform(range(1, {length} + 1), lambda {place}: {body.sql})", array(body.type))


def _body(compiler: Compiler, node: exp.Expression, scope: Scope, values: Sequence[Typed]) -> Typed:
    """A lambda's body, its parameters replaced by values."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(values):
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"a lambda with {len(values)} parameters is expected here")
    fields = [
        Field(parameter.name, value.type, value.sql) for parameter, value in zip(node.expressions, values, strict=True)
    ]
    return compiler.expression(node.this, Scope(sources=[Source((), fields)], parent=scope))


def _on_map(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    name = node.name.lower()
    if len(node.expressions) != 2:
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"{name} needs 2 parameters")
    pairs = compiler.expression(node.expressions[0], scope)
    if pairs.type.name != "map":
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"{name} needs a map, not {pairs.type}")
    key, value = pairs.type.elements
    entry = compiler.new_name("x")
    members = [Typed(f"{entry}.key", key), Typed(f"{entry}.value", value)]
    body = _body(compiler, node.expressions[1], scope, members)
    if name == "map_filter":
        return Typed(f"map_from_entries(list_filter(map_entries({pairs.sql}), lambda {entry}: {body.sql}))", pairs.type)
    changed = f"list_transform(map_entries({pairs.sql}), lambda {entry}: {body.sql})"
    if name == "transform_keys":
        return Typed(f"map({changed}, map_values({pairs.sql}))", map_of(body.type, value))
    return Typed(f"map(map_keys({pairs.sql}), {changed})", map_of(key, body.type))


HIGHER_ORDER: dict[str, Handler] = {
    "transform": _transform,
    "filter": _filter,
    "reduce": _reduce,
    "zip_with": _zip_with,
    "map_filter": _on_map,
    "transform_keys": _on_map,
    "transform_values": _on_map,
    **dict.fromkeys(_MATCHES, _match),
}
