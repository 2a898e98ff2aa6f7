"""Mathematical functions."""

from __future__ import annotations

from collections.abc import Sequence

from sagemaker_local.athena.functions.signature import Overload, overload
from sagemaker_local.athena.types import SqlType, decimal


def _whole(kinds: Sequence[SqlType]) -> SqlType:
    precision, scale = kinds[0].arguments
    return decimal(precision - scale + min(scale, 1), 0)


def _rounded(kinds: Sequence[SqlType]) -> SqlType:
    precision, scale = kinds[0].arguments
    return decimal(precision + 1, scale)


def _each(name: str, render: str) -> list[Overload]:
    return [overload(f"{name}({kind}) -> {kind}", render) for kind in ("tinyint", "smallint", "integer", "bigint")]


def _doubles(*names: str) -> list[Overload]:
    return [overload(f"{name}(double) -> double", f"{name}({{0}})") for name in names]


NUMBERS: list[Overload] = [
    overload("abs(N) -> N", "abs({0})"),
    overload("sign(N) -> N", "sign({0})", cast=True),
    *[item for name in ("ceil", "ceiling", "floor", "round", "truncate") for item in _each(name, "{0}")],
    *[overload(f"{name}(D) -> D", "ceil({0})", cast=True, result=_whole) for name in ("ceil", "ceiling")],
    *[overload(f"{name}(double) -> double", "ceil({0})") for name in ("ceil", "ceiling")],
    overload("floor(D) -> D", "floor({0})", cast=True, result=_whole),
    overload("floor(double) -> double", "floor({0})"),
    overload("round(D) -> D", "round({0}, 0)", cast=True, result=_whole),
    overload("round(real) -> real", "round({0})"),
    overload("round(double) -> double", "round({0})"),
    overload("round(D, bigint) -> D", "round({0}, {1}::INTEGER)", cast=True, result=_rounded),
    overload("round(real, bigint) -> real", "round({0}, {1}::INTEGER)", cast=True),
    overload("round(double, bigint) -> double", "round({0}, {1}::INTEGER)"),
    overload("truncate(D) -> D", "trunc({0})", cast=True, result=_whole),
    overload("truncate(double) -> double", "trunc({0})"),
    overload("cbrt(double) -> double", "trino_cbrt({0})"),
    *_doubles("sqrt", "exp", "ln", "log2", "log10", "degrees", "radians"),
    *_doubles("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    overload("log(double, double) -> double", "(ln({1}) / ln({0}))"),
    overload("atan2(double, double) -> double", "atan2({0}, {1})"),
    *[overload(f"{name}(double, double) -> double", "pow({0}, {1})") for name in ("pow", "power")],
    overload("mod(bigint, bigint) -> bigint", "({0} % {1})"),
    overload("mod(double, double) -> double", "trino_modulus({0}, {1})"),
    overload("pi() -> double", "pi()"),
    overload("e() -> double", "exp(1.0::DOUBLE)"),
    overload("nan() -> double", "'nan'::DOUBLE"),
    overload("infinity() -> double", "'inf'::DOUBLE"),
    overload("is_nan(double) -> boolean", "isnan({0})"),
    overload("is_finite(double) -> boolean", "isfinite({0})"),
    overload("is_infinite(double) -> boolean", "isinf({0})"),
    *[overload(f"{name}() -> double", "random()") for name in ("rand", "random")],
    *[overload(f"{name}(bigint) -> bigint", "floor(random() * {0})", cast=True) for name in ("rand", "random")],
    overload("bitwise_and(bigint, bigint) -> bigint", "({0} & {1})"),
    overload("bitwise_or(bigint, bigint) -> bigint", "({0} | {1})"),
    overload("bitwise_xor(bigint, bigint) -> bigint", "xor({0}, {1})"),
    overload("bitwise_not(bigint) -> bigint", "(~{0})"),
    overload(
        "width_bucket(double, double, double, bigint) -> bigint",
        "CASE WHEN {0} < {1} THEN 0 WHEN {0} >= {2} THEN {3} + 1 ELSE floor(({0} - {1}) / ({2} - {1}) * {3}) + 1 END",
        cast=True,
    ),
    overload("to_base(bigint, bigint) -> varchar", "trino_to_base({0}, {1})"),
    # NULL when any argument is; DuckDB's skip NULLs.
    overload("greatest(T...) -> T", lambda items: _null_aware("greatest", [item.sql for item in items])),
    overload("least(T...) -> T", lambda items: _null_aware("least", [item.sql for item in items])),
]


def _null_aware(function: str, items: Sequence[str]) -> str:
    any_null = " OR ".join(f"{item} IS NULL" for item in items)
    return f"CASE WHEN {any_null} THEN NULL ELSE {function}({', '.join(items)}) END"
