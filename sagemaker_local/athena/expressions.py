"""Expressions other than arithmetic, casts and calls: names, constants, logic, subqueries, subscripts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sagemaker_local.athena.coercion import coerce, common_type, common_type_of
from sagemaker_local.athena.compiler import Compiler, ExpressionHandler, text
from sagemaker_local.athena.scope import AmbiguousColumn, Scope, Typed, column_parts
from sagemaker_local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL_DAYS,
    INTERVAL_MONTHS,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARBINARY,
    SqlType,
    array,
    decimal,
    text_of,
)

_INTEGER_MAX, _BIGINT_MAX = 2**31 - 1, 2**63 - 1
_INTERVALS = {
    "SECOND": INTERVAL_DAYS,
    "MINUTE": INTERVAL_DAYS,
    "HOUR": INTERVAL_DAYS,
    "DAY": INTERVAL_DAYS,
    "MONTH": INTERVAL_MONTHS,
    "YEAR": INTERVAL_MONTHS,
}


def _column(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _named(compiler, node, column_parts(node), scope)


def _identifier(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _named(compiler, node, [node.name], scope)


def _named(compiler: Compiler, node: exp.Expression, parts: list[str], scope: Scope) -> Typed:
    shown = ".".join(part.lower() for part in parts)
    try:
        found = scope.resolve(parts)
    except AmbiguousColumn as error:
        raise compiler.error("AMBIGUOUS_NAME", node, f"Column '{shown}' is ambiguous") from error
    if found is None:
        raise compiler.error(
            "COLUMN_NOT_FOUND",
            node,
            f"Column '{shown}' cannot be resolved or requester is not authorized to access requested resources",
        )
    field, rest = found
    value = Typed(field.sql, field.type)
    for name in rest:
        value = _member(compiler, node, value, name)
    return value


def _dot(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return _member(compiler, node, compiler.expression(node.this, scope), node.expression.name)


def _member(compiler: Compiler, node: exp.Expression, value: Typed, name: str) -> Typed:
    if value.type.name != "row":
        raise compiler.error("TYPE_MISMATCH", node, f"Expression of type {value.type} is not of type ROW")
    for position, (label, kind) in enumerate(value.type.members, 1):
        if (label or "").lower() == name.lower():
            return Typed(f"struct_extract_at({value.sql}, {position})", kind)
    raise compiler.error("COLUMN_NOT_FOUND", node, f"Column '{name.lower()}' cannot be resolved in {value.type}")


def _literal(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del scope
    written = node.name
    if node.is_string:
        return Typed(text(written), text_of(len(written)), written)
    if "e" in written.lower():
        return Typed(f"CAST({written} AS DOUBLE)", DOUBLE, written)
    if "." in written:
        whole, _, fraction = written.partition(".")
        kind = decimal(max(1, len(whole.lstrip("0")) + len(fraction)), len(fraction))
        return Typed(f"CAST({text(written)} AS {kind.duckdb})", kind, written)
    if int(written) > _BIGINT_MAX:
        raise compiler.error("INVALID_LITERAL", node, f"Invalid numeric literal: {written}")
    kind = INTEGER if int(written) <= _INTEGER_MAX else BIGINT
    return Typed(written, kind, written)


def _boolean_literal(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del compiler, scope
    return Typed("TRUE" if node.this else "FALSE", BOOLEAN)


def _null(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del compiler, node, scope
    return Typed("NULL", UNKNOWN)


def _binary_literal(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del compiler, scope
    return Typed(f"unhex({text(node.name)})", VARBINARY)


def _interval(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del scope
    unit = node.args["unit"].name.upper() if node.args.get("unit") else ""
    amount = node.this.name if node.this is not None else ""
    if unit not in _INTERVALS or not amount.lstrip("-").isdigit():
        raise compiler.unsupported(node, f"`{node.sql(dialect='trino')}`: an interval other than n SECOND ... YEAR")
    return Typed(f"to_{unit.lower()}s({amount})", _INTERVALS[unit])


def _parenthesized(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    inner = compiler.expression(node.this, scope)
    return Typed(f"({inner.sql})", inner.type, inner.literal)


def _logical(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    sides = (
        _condition(compiler, side, scope, f"Logical expression term of {word}") for side in (node.this, node.expression)
    )
    return Typed(f"({f' {word} '.join(sides)})", BOOLEAN)


def _not(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"(NOT {_condition(compiler, node.this, scope, 'Value of logical NOT expression')})", BOOLEAN)


def _condition(compiler: Compiler, node: exp.Expression, scope: Scope, what: str) -> str:
    value = compiler.expression(node, scope)
    if value.type not in {BOOLEAN, UNKNOWN}:
        raise compiler.error("TYPE_MISMATCH", node, f"{what} must evaluate to a boolean (actual: {value.type})")
    return value.sql


def _is(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise compiler.unsupported(node, f"`{node.sql(dialect='trino')}`")
    return Typed(f"({compiler.expression(node.this, scope).sql} IS NULL)", BOOLEAN)


def _like(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    like, escape = (node.this, node.expression) if isinstance(node, exp.Escape) else (node, None)
    compiler.refuse_others(like, frozenset({"this", "expression", "negate"}))
    value, pattern = (compiler.expression(part, scope) for part in (like.this, like.expression))
    for side in (value, pattern):
        if side.type.name not in {"varchar", "unknown"}:
            raise compiler.error(
                "TYPE_MISMATCH", like, f"Left and right side of LIKE must be varchar (actual: {side.type})"
            )
    tail = f" ESCAPE {compiler.expression(escape, scope).sql}" if escape is not None else ""
    # NOT LIKE is a LIKE with a mark, not a NOT around it.
    sign = "NOT LIKE" if like.args.get("negate") else "LIKE"
    return Typed(f"({value.sql} {sign} {pattern.sql}{tail})", BOOLEAN)


def _between(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    compiler.refuse_others(node, frozenset({"this", "low", "high"}))
    value, low, high = (compiler.expression(node.args[name], scope) for name in ("this", "low", "high"))
    kind = common_type_of([value.type, low.type, high.type])
    if kind is None:
        raise compiler.error(
            "TYPE_MISMATCH", node, f"Cannot check if {value.type} is BETWEEN {low.type} and {high.type}"
        )
    return Typed(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", BOOLEAN)


def _in(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    compiler.refuse_others(node, frozenset({"this", "expressions", "query"}))
    value = compiler.expression(node.this, scope)
    if node.args.get("query"):
        query = compiler.query(node.args["query"], scope)
        _check_one_column(compiler, node, len(query.fields))
        _check_in(compiler, node, value.type, query.fields[0].type)
        return Typed(f"({value.sql} IN ({query.sql}))", BOOLEAN)
    items = [compiler.expression(item, scope) for item in node.expressions]
    for item in items:
        _check_in(compiler, node, value.type, item.type)
    return Typed(f"({value.sql} IN ({', '.join(item.sql for item in items)}))", BOOLEAN)


def _check_in(compiler: Compiler, node: exp.Expression, value: SqlType, item: SqlType) -> None:
    if common_type(value, item) is None:
        raise compiler.error(
            "TYPE_MISMATCH", node, f"value and result of IN must be of the same type: {value} vs {item}"
        )


def _exists(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"EXISTS ({compiler.query(node.this, scope).sql})", BOOLEAN)


def _scalar_subquery(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    query = compiler.query(node, scope)
    _check_one_column(compiler, node, len(query.fields))
    return Typed(f"({query.sql})", query.fields[0].type)


def _check_one_column(compiler: Compiler, node: exp.Expression, count: int) -> None:
    if count != 1:
        raise compiler.error(
            "NOT_SUPPORTED", node, f"Multiple columns returned by subquery are not yet supported. Found {count}"
        )


def _case(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    branches = node.args["ifs"]
    values = [compiler.expression(branch.args["true"], scope) for branch in branches]
    default = node.args.get("default")
    values.append(compiler.expression(default, scope) if default is not None else Typed("NULL", UNKNOWN))
    kind = _common(compiler, node, [value.type for value in values], "All CASE results must be the same type")
    operand = compiler.expression(node.this, scope) if node.this is not None else None
    lines = []
    for branch, value in zip(branches, values, strict=False):
        if operand is None:
            condition = _condition(compiler, branch.this, scope, "CASE WHEN clause")
        else:
            case = compiler.expression(branch.this, scope)
            _common(
                compiler, branch, [operand.type, case.type], "CASE operand type does not match WHEN clause operand type"
            )
            condition = case.sql
        lines.append(f"WHEN {condition} THEN {coerce(value, kind).sql}")
    head = f"CASE {operand.sql}" if operand is not None else "CASE"
    return Typed(f"{head} {' '.join(lines)} ELSE {coerce(values[-1], kind).sql} END", kind)


def _if(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    condition = _condition(compiler, node.this, scope, "IF condition")
    yes = compiler.expression(node.args["true"], scope)
    no = compiler.expression(node.args["false"], scope) if node.args.get("false") else Typed("NULL", UNKNOWN)
    kind = _common(compiler, node, [yes.type, no.type], "Result types for IF must be the same")
    return Typed(f"CASE WHEN {condition} THEN {coerce(yes, kind).sql} ELSE {coerce(no, kind).sql} END", kind)


def _common(compiler: Compiler, node: exp.Expression, kinds: Sequence[SqlType], what: str) -> SqlType:
    kind = common_type_of(list(kinds))
    if kind is None:
        raise compiler.error("TYPE_MISMATCH", node, f"{what}: {' vs '.join(map(str, kinds))}")
    return kind


def _array(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    items = [compiler.expression(item, scope) for item in node.expressions]
    kind = _common(compiler, node, [item.type for item in items], "All ARRAY elements must be the same type")
    values = ", ".join(coerce(item, kind).sql for item in items)
    return Typed(f"CAST([{values}] AS {array(kind).duckdb})", array(kind))


def _tuple(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del scope
    raise compiler.unsupported(node, "A row value in parentheses; write ROW(...)")


def _subscript(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    value, key = compiler.expression(node.this, scope), compiler.expression(node.expressions[0], scope)
    if value.type.name == "array" and key.type.is_integer:
        return Typed(f"trino_item({value.sql}, {key.sql})", value.type.elements[0])
    if value.type.name == "map" and common_type(key.type, value.type.elements[0]) is not None:
        return Typed(f"trino_value({value.sql}, {key.sql})", value.type.elements[1])
    if value.type.name == "row" and key.type.is_integer and (key.literal or "").isdigit():
        position = int(key.literal or 0)
        if 1 <= position <= len(value.type.elements):
            return Typed(f"struct_extract_at({value.sql}, {position})", value.type.elements[position - 1])
        raise compiler.error("INVALID_FUNCTION_ARGUMENT", node, f"ROW index out of bounds: {position}")
    raise compiler.error("TYPE_MISMATCH", node, f"Cannot use {key.type} for subscript of {value.type}")


def _current(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    del scope
    # One moment for the whole query, as in Athena, with its precision of milliseconds and its time zone.
    moment = compiler.started.strftime("%Y-%m-%d %H:%M:%S.") + f"{compiler.started.microsecond // 1000:03d}"
    if isinstance(node, exp.CurrentDate):
        return Typed(f"DATE {text(moment[:10])}", DATE)
    if isinstance(node, exp.Localtimestamp):
        return Typed(f"TIMESTAMP {text(moment)}", TIMESTAMP)
    return Typed(f"TIMESTAMPTZ {text(moment + '+00')}", TIMESTAMP_TZ)


EXPRESSIONS: dict[type[exp.Expression], ExpressionHandler] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Dot: _dot,
    exp.Literal: _literal,
    exp.Boolean: _boolean_literal,
    exp.Null: _null,
    exp.HexString: _binary_literal,
    exp.Interval: _interval,
    exp.Paren: _parenthesized,
    exp.And: _logical,
    exp.Or: _logical,
    exp.Not: _not,
    exp.Is: _is,
    exp.Like: _like,
    exp.Escape: _like,
    exp.Between: _between,
    exp.In: _in,
    exp.Exists: _exists,
    exp.Subquery: _scalar_subquery,
    exp.Case: _case,
    exp.If: _if,
    exp.Array: _array,
    exp.Tuple: _tuple,
    exp.Bracket: _subscript,
    exp.CurrentDate: _current,
    exp.CurrentTimestamp: _current,
    exp.Localtimestamp: _current,
}
