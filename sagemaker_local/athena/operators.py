"""Arithmetic, comparison and concatenation, with Athena's result types."""

from __future__ import annotations

from sqlglot import exp

from sagemaker_local.athena.coercion import as_decimal, coerce, common_type
from sagemaker_local.athena.compiler import Compiler, ExpressionHandler
from sagemaker_local.athena.scope import Scope, Typed
from sagemaker_local.athena.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTERVAL_DAYS,
    MAX_DECIMAL_PRECISION,
    REAL,
    TIMESTAMP,
    UNKNOWN,
    VARCHAR,
    SqlType,
    array,
    decimal,
    text_of,
)

_ARITHMETIC: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISONS: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def _arithmetic(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    sign = _ARITHMETIC[type(node)]
    left, right = compiler.expression(node.this, scope), compiler.expression(node.expression, scope)
    if UNKNOWN in {left.type, right.type}:
        return Typed("NULL", right.type if left.type == UNKNOWN else left.type)
    if left.type.is_number and right.type.is_number:
        return _numeric(sign, left, right)
    moved = _moved(sign, left, right)
    if moved is None:
        raise compiler.error("TYPE_MISMATCH", node, f"Cannot apply operator: {left.type} {sign} {right.type}")
    return moved


def _numeric(sign: str, left: Typed, right: Typed) -> Typed:
    kind = common_type(left.type, right.type) or DOUBLE
    if kind.name == "decimal":
        return _decimal(sign, left, right)
    if kind in {DOUBLE, REAL} and sign in "/%":
        # Floating-point division by zero gives Infinity or NaN in Athena, an error in DuckDB.
        function = "trino_divide" if sign == "/" else "trino_modulus"
        return Typed(
            f"CAST({function}(CAST({left.sql} AS DOUBLE), CAST({right.sql} AS DOUBLE)) AS {kind.duckdb})", kind
        )
    return Typed(f"({coerce(left, kind).sql} {sign} {coerce(right, kind).sql})", kind)


def _decimal(sign: str, left: Typed, right: Typed) -> Typed:
    (first_precision, first_scale), (second_precision, second_scale) = as_decimal(left.type), as_decimal(right.type)
    scale = max(first_scale, second_scale)
    if sign == "*":
        kind = decimal(first_precision + second_precision, first_scale + second_scale)
    elif sign == "/":
        kind = decimal(first_precision + second_scale + max(0, second_scale - first_scale), scale)
        return Typed(_decimal_division(left, right, kind), kind)
    elif sign == "%":
        digits = min(first_precision - first_scale, second_precision - second_scale)
        kind = decimal(digits + scale, scale)
    else:
        kind = decimal(max(first_precision - first_scale, second_precision - second_scale) + scale + 1, scale)
    return Typed(f"CAST(({left.sql} {sign} {right.sql}) AS {kind.duckdb})", kind)


def _decimal_division(left: Typed, right: Typed, kind: SqlType) -> str:
    """Divide exactly, as whole numbers that are scaled to the result's digits, and round half away from zero."""
    scale = kind.arguments[1]
    first, second = (_unscaled(side) for side in (left, right))
    shift = scale - as_decimal(left.type)[1] + as_decimal(right.type)[1]
    quotient = f"trino_rounded_quotient({first} * CAST('1{'0' * shift}' AS HUGEINT), {second})"
    if not scale:
        return f"CAST({quotient} AS {kind.duckdb})"
    unit = f"CAST('0.{'0' * (scale - 1)}1' AS DECIMAL({scale}, {scale}))"
    return f"CAST(CAST({quotient} AS DECIMAL({MAX_DECIMAL_PRECISION - scale}, 0)) * {unit} AS {kind.duckdb})"


def _unscaled(side: Typed) -> str:
    scale = as_decimal(side.type)[1]
    if not scale:
        return f"CAST({side.sql} AS HUGEINT)"
    digits = as_decimal(side.type)[0]
    room = (
        f"CAST({side.sql} AS DECIMAL({MAX_DECIMAL_PRECISION - scale - 1}, {scale}))"
        if digits > 37 - scale
        else side.sql
    )
    return f"CAST({room} * CAST('1{'0' * scale}' AS DECIMAL({scale + 1}, 0)) AS HUGEINT)"


def _moved(sign: str, left: Typed, right: Typed) -> Typed | None:
    """A date or timestamp and an interval, or two of the same kind."""
    if right.type.is_moment and left.type.name.startswith("interval") and sign == "+":
        left, right = right, left
    if left.type.is_moment and right.type.name.startswith("interval") and sign in "+-":
        return Typed(f"CAST(({left.sql} {sign} {right.sql}) AS {left.type.duckdb})", left.type)
    if left.type.is_moment and right.type.is_moment and sign == "-":
        sides = (f"CAST({side.sql} AS {TIMESTAMP.duckdb})" if side.type == DATE else side.sql for side in (left, right))
        return Typed(f"({' - '.join(sides)})", INTERVAL_DAYS)
    if left.type == right.type and left.type.name.startswith("interval") and sign in "+-":
        return Typed(f"({left.sql} {sign} {right.sql})", left.type)
    return None


def _comparison(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    sign = _COMPARISONS[type(node)]
    left = compiler.expression(node.this, scope)
    if isinstance(node.expression, exp.Any | exp.All):
        query = compiler.query(node.expression.this, scope)
        right = Typed(f"{type(node.expression).__name__.upper()} ({query.sql})", query.fields[0].type)
    else:
        right = compiler.expression(node.expression, scope)
    if common_type(left.type, right.type) is None:
        raise compiler.error("TYPE_MISMATCH", node, f"Cannot apply operator: {left.type} {sign} {right.type}")
    return Typed(f"({left.sql} {sign} {right.sql})", BOOLEAN)


def _negation(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    value = compiler.expression(node.this, scope)
    if not (value.type.is_number or value.type.name.startswith("interval") or value.type == UNKNOWN):
        raise compiler.error("TYPE_MISMATCH", node, f"Cannot negate {value.type}")
    literal = f"-{value.literal}" if value.literal is not None else None
    return Typed(f"(-{value.sql})", value.type, literal)


def _concatenation(compiler: Compiler, node: exp.Expression, scope: Scope) -> Typed:
    left, right = compiler.expression(node.this, scope), compiler.expression(node.expression, scope)
    kinds = {left.type.name, right.type.name} - {"unknown"}
    if kinds <= {"varchar"}:
        lengths = [*left.type.arguments, *right.type.arguments]
        return Typed(f"({left.sql} || {right.sql})", text_of(sum(lengths)) if len(lengths) == 2 else VARCHAR)
    # An element joins an array as an array of one.
    if left.type.name == "array" and right.type.name != "array":
        right = Typed(f"[{right.sql}]", array(right.type))
    elif right.type.name == "array" and left.type.name != "array":
        left = Typed(f"[{left.sql}]", array(left.type))
    common = common_type(left.type, right.type)
    if "array" not in kinds or common is None:
        raise compiler.error(
            "FUNCTION_NOT_FOUND", node, f"Unexpected parameters ({left.type}, {right.type}) for function concat"
        )
    return Typed(f"list_concat({coerce(left, common).sql}, {coerce(right, common).sql})", common)


OPERATORS: dict[type[exp.Expression], ExpressionHandler] = {
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_COMPARISONS, _comparison),
    exp.Neg: _negation,
    exp.DPipe: _concatenation,
}
