"""Calls of functions: the overload, the arguments, DISTINCT, ORDER BY, FILTER and OVER around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from sagemaker_local.athena.casts import cast, zoned_clock
from sagemaker_local.athena.coercion import coerce, common_type, common_type_of
from sagemaker_local.athena.compiler import Compiler, ExpressionHandler
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.registry import FUNCTIONS, best_match
from sagemaker_local.athena.functions.signature import FunctionKind, Match
from sagemaker_local.athena.lambdas import HIGHER_ORDER
from sagemaker_local.athena.ordering import order_item
from sagemaker_local.athena.scope import Scope, Typed
from sagemaker_local.athena.types import BIGINT, BOOLEAN, TIMESTAMP_TZ, VARCHAR, row

_FRAME_SIDES = {"preceding": "PRECEDING", "following": "FOLLOWING"}
_SKIPS_NULLS = frozenset({"lag", "lead", "first_value", "last_value", "nth_value"})
# These read the clock in the zone of AT TIME ZONE, which a timestamp without zone can carry.
_CLOCK_READERS = frozenset(
    {"date_format", "format_datetime", "date", "year", "quarter", "month", "week", "day", "hour", "minute", "second"}
    | {"day_of_week", "dow", "day_of_year", "doy", "to_iso8601"}
)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What stands around an aggregate's arguments."""

    filter: str = ""
    over: str | None = None
    skip_nulls: bool = False


def _call(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _apply(compiler, node, scope, _Surroundings())


def _apply(compiler: Compiler, node: exp.Expression, scope: Scope, around: _Surroundings) -> Typed:
    name = node.name.lower()
    special = _SPECIAL.get(name) or HIGHER_ORDER.get(name)
    if special is not None:
        _check_special(compiler, node, around, name)
        return special(compiler, node, scope)
    if name not in FUNCTIONS:
        raise compiler.error("FUNCTION_NOT_FOUND", node, f"Function '{name}' not registered")
    arguments, distinct, order = _arguments(compiler, node, scope)
    values = [_argument(compiler, name, argument, scope) for argument in arguments]
    found = best_match(name, [value.type for value in values])
    if found is None:
        given = ", ".join(str(value.type) for value in values)
        known = ", ".join(map(str, FUNCTIONS[name]))
        raise compiler.error(
            "FUNCTION_NOT_FOUND", node, f"Unexpected parameters ({given}) for function {name}. Expected: {known}"
        )
    _check_place(compiler, node, found, around, distinct or order)
    coerced = [
        coerce(value, wanted) if value.type != wanted else value
        for value, wanted in zip(values, found.parameters, strict=True)
    ]
    try:
        sql = _render(found, coerced, distinct, order, around)
    except QueryError as error:
        raise compiler.error(error.code, node, str(error).partition(": ")[2]) from error
    return Typed(f"CAST({sql} AS {found.result.duckdb})" if found.overload.cast_result else sql, found.result)


def _render(found: Match, values: Sequence[Typed], distinct: str, order: str, around: _Surroundings) -> str:
    render = found.overload.render
    if callable(render):
        return render(values)
    items = [value.sql for value in values]
    nulls = " IGNORE NULLS" if around.skip_nulls else ""
    inside = f"{distinct}{', '.join(items)}{order}{nulls}"
    over = f" OVER ({around.over})" if around.over is not None else ""
    return render.format(*items, args=inside) + around.filter + over


def _arguments(compiler: Compiler, node: exp.Expression, scope: Scope) -> tuple[list[exp.Expression], str, str]:
    """The arguments, `DISTINCT ` and ` ORDER BY ...`."""
    arguments = list(node.expressions)
    if len(arguments) == 1 and isinstance(arguments[0], exp.Star) and node.name.lower() == "count":
        return [], "", ""
    distinct = order = ""
    if arguments and isinstance(arguments[-1], exp.Order):
        clause = arguments.pop()
        keys = (order_item(compiler, item, compiler.expression(item.this, scope).sql) for item in clause.expressions)
        order = f" ORDER BY {', '.join(keys)}"
        if clause.this is None:
            raise compiler.error("SYNTAX_ERROR", clause, f"{node.name.lower()} has no argument before ORDER BY.")
        arguments.append(clause.this)
    if arguments and isinstance(arguments[0], exp.Distinct):
        distinct = "DISTINCT "
        arguments = [*arguments[0].expressions, *arguments[1:]]
    return arguments, distinct, order


def _argument(compiler: Compiler, name: str, node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node, exp.AtTimeZone) and name in _CLOCK_READERS:
        return zoned_clock(compiler, node, scope)
    value = compiler.expression(node, scope)
    if value.type == TIMESTAMP_TZ and name in {"date_format", "format_datetime"}:
        return Typed(
            cast(value, replace(TIMESTAMP_TZ, name="timestamp")) or value.sql, replace(TIMESTAMP_TZ, name="timestamp")
        )
    return value


def _check_place(compiler: Compiler, node: exp.Expression, found: Match, around: _Surroundings, modifiers: str) -> None:
    kind, name = found.overload.kind, found.overload.name
    if kind is FunctionKind.WINDOW and around.over is None:
        raise compiler.error("MISSING_OVER", node, f"Window function {name} requires an OVER clause")
    if kind is FunctionKind.SCALAR and (modifiers or around != _Surroundings()):
        raise compiler.error(
            "FUNCTION_NOT_AGGREGATE", node, f"DISTINCT, ORDER BY, FILTER and OVER need an aggregation function: {name}"
        )
    if around.skip_nulls and name not in _SKIPS_NULLS:
        raise compiler.error("NOT_SUPPORTED", node, f"Cannot specify null treatment clause for {name} function")


def _check_special(compiler: Compiler, node: exp.Expression, around: _Surroundings, name: str) -> None:
    least, most = _ARITIES.get(name, (0, None))
    if len(node.expressions) < least or (most is not None and len(node.expressions) > most):
        raise compiler.error(
            "INVALID_FUNCTION_ARGUMENT", node, f"Invalid number of arguments for '{name}': {len(node.expressions)}"
        )
    if around != _Surroundings():
        raise compiler.error("FUNCTION_NOT_AGGREGATE", node, f"FILTER and OVER need an aggregation function: {name}")


def _filter(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _surrounded(compiler, node, scope, _Surroundings())


def _window(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    compiler.refuse_others(node, frozenset({"this", "partition_by", "order", "spec", "over"}))
    parts: list[str] = []
    if node.args.get("partition_by"):
        keys = (compiler.expression(key, scope).sql for key in node.args["partition_by"])
        parts.append(f"PARTITION BY {', '.join(keys)}")
    if node.args.get("order"):
        items = node.args["order"].expressions
        keys = (order_item(compiler, item, compiler.expression(item.this, scope).sql) for item in items)
        parts.append(f"ORDER BY {', '.join(keys)}")
    if node.args.get("spec"):
        parts.append(_frame(compiler, node.args["spec"]))
    return _surrounded(compiler, node.this, scope, _Surroundings(over=" ".join(parts)))


def _surrounded(compiler: Compiler, node: exp.Expression, scope: Scope, around: _Surroundings) -> Typed:
    if isinstance(node, exp.Filter):
        condition = compiler.expression(node.expression.this, scope)
        if condition.type != BOOLEAN:
            raise compiler.error("TYPE_MISMATCH", node, f"FILTER must be a boolean, not {condition.type}")
        return _surrounded(compiler, node.this, scope, replace(around, filter=f" FILTER (WHERE {condition.sql})"))
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
        return _surrounded(compiler, node.this, scope, replace(around, skip_nulls=isinstance(node, exp.IgnoreNulls)))
    if isinstance(node, exp.GroupConcat):
        return _listagg(compiler, node, scope, around)
    if not isinstance(node, exp.Anonymous):
        raise compiler.unsupported(node, f"FILTER or OVER on `{node.sql(dialect='trino')}`")
    return _apply(compiler, node, scope, around)


def _frame(compiler: Compiler, spec: exp.Expression) -> str:
    compiler.refuse_others(spec, frozenset({"kind", "start", "start_side", "end", "end_side"}))

    def bound(name: str) -> str:
        value, side = spec.args.get(name), _FRAME_SIDES.get(str(spec.args.get(f"{name}_side") or "").lower(), "")
        written = value.sql() if isinstance(value, exp.Expression) else str(value).upper()
        if written not in {"UNBOUNDED", "CURRENT ROW"} and not written.isdigit():
            raise compiler.unsupported(spec, f"The window frame bound `{written}`")
        return f"{written} {side}".strip()

    kind = str(spec.args["kind"]).upper()
    if spec.args.get("end") is None:
        return f"{kind} {bound('start')}"
    return f"{kind} BETWEEN {bound('start')} AND {bound('end')}"


def _listagg(compiler: Compiler, node: exp.Expression, scope: Scope, around: _Surroundings) -> Typed:
    compiler.refuse_others(node, frozenset({"this", "separator"}))
    clause = node.this
    if not isinstance(clause, exp.Order):
        raise compiler.error("SYNTAX_ERROR", node, "listagg needs WITHIN GROUP (ORDER BY ...)")
    value = compiler.expression(clause.this, scope)
    if value.type.name != "varchar":
        raise compiler.error("TYPE_MISMATCH", node, f"Expected expression of LISTAGG to be varchar, not {value.type}")
    separator = compiler.expression(node.args["separator"], scope).sql if node.args.get("separator") else "''"
    keys = (order_item(compiler, item, compiler.expression(item.this, scope).sql) for item in clause.expressions)
    over = f" OVER ({around.over})" if around.over is not None else ""
    return Typed(f"string_agg({value.sql}, {separator} ORDER BY {', '.join(keys)}){around.filter}{over}", VARCHAR)


def _group_concat(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _listagg(compiler, node, scope, _Surroundings())


def _coalesce(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    values = [compiler.expression(item, scope) for item in node.expressions]
    kind = common_type_of([value.type for value in values])
    if kind is None:
        shown = ", ".join(str(value.type) for value in values)
        raise compiler.error("TYPE_MISMATCH", node, f"All COALESCE operands must be the same type: {shown}")
    return Typed(f"coalesce({', '.join(coerce(value, kind).sql for value in values)})", kind)


def _nullif(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    first, second = (compiler.expression(item, scope) for item in node.expressions)
    if common_type(first.type, second.type) is None:
        raise compiler.error(
            "TYPE_MISMATCH", node, f"Types are not comparable with NULLIF: {first.type} vs {second.type}"
        )
    return Typed(f"nullif({first.sql}, {second.sql})", first.type)


def _try(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    value = compiler.expression(node.expressions[0], scope)
    return Typed(f"TRY({value.sql})", value.type)


def _typeof(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"'{compiler.expression(node.expressions[0], scope).type}'", VARCHAR)


def _row(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    values = [compiler.expression(item, scope) for item in node.expressions]
    kind = row([(None, value.type) for value in values])
    return Typed(f"CAST(row({', '.join(value.sql for value in values)}) AS {kind.duckdb})", kind)


def _now(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del node
    return compiler.expression(exp.CurrentTimestamp(), scope)


def _grouping(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    columns = ", ".join(compiler.expression(item, scope).sql for item in node.expressions)
    return Typed(f"CAST(grouping({columns}) AS BIGINT)", BIGINT)


def _as_call(name: str, *members: str) -> ExpressionHandler:
    """Some calls have a grammar of their own, SUBSTRING(x FROM 1) or EXTRACT(year FROM d), and a plain form."""

    def handler(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
        compiler.refuse_others(node, frozenset(members))
        arguments = [node.args[member] for member in members if node.args.get(member) is not None]
        plain = exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
        return _apply(compiler, plain, scope, _Surroundings())

    return handler


def _extract(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    plain = exp.Anonymous(this=node.name.lower(), expressions=[node.expression.copy()])
    return _apply(compiler, plain, scope, _Surroundings())


def _trim(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    compiler.refuse_others(node, frozenset({"this", "expression", "position"}))
    value = compiler.expression(node.this, scope)
    characters = compiler.expression(node.expression, scope) if node.args.get("expression") else Typed("' '", VARCHAR)
    if {value.type.name, characters.type.name} - {"varchar", "unknown"}:
        raise compiler.error("TYPE_MISMATCH", node, f"TRIM needs texts, not {value.type} and {characters.type}")
    side = str(node.args.get("position") or "BOTH").upper()
    function = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
    return Typed(f"{function}({value.sql}, {characters.sql})", VARCHAR)


_SPECIAL: dict[str, Callable[[Compiler, exp.Expression, Scope], Typed]] = {
    "coalesce": _coalesce,
    "nullif": _nullif,
    "try": _try,
    "typeof": _typeof,
    "row": _row,
    "now": _now,
    "grouping": _grouping,
}
_ARITIES: dict[str, tuple[int, int | None]] = {
    "coalesce": (2, None),
    "nullif": (2, 2),
    "try": (1, 1),
    "typeof": (1, 1),
    "row": (1, None),
    "now": (0, 0),
    "grouping": (1, None),
}
CALLS: dict[type[exp.Expression], ExpressionHandler] = {
    exp.Anonymous: _call,
    exp.Filter: _filter,
    exp.Window: _window,
    exp.GroupConcat: _group_concat,
    exp.Extract: _extract,
    exp.Trim: _trim,
    exp.Substring: _as_call("substring", "this", "start", "length"),
    exp.StrPosition: _as_call("strpos", "this", "substr"),
}
