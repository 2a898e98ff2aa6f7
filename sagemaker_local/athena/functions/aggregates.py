"""Aggregates over groups, and window functions."""

from __future__ import annotations

from collections.abc import Sequence

from sagemaker_local.athena.functions.signature import FunctionKind, Overload, overload
from sagemaker_local.athena.types import SqlType, decimal

_WINDOW = FunctionKind.WINDOW


def _aggregate(signature: str, call: str, *, cast: bool = False) -> Overload:
    return overload(signature, call, kind=FunctionKind.AGGREGATE, cast=cast)


def _total(kinds: Sequence[SqlType]) -> SqlType:
    return decimal(38, kinds[0].arguments[1])


def _statistics(*names: str) -> list[Overload]:
    return [
        _aggregate(f"{name}(double) -> double", f"{duckdb}({{args}})")
        for name, duckdb in (name.split(":") for name in names)
    ]


AGGREGATES: list[Overload] = [
    _aggregate("count() -> bigint", "count(*)"),
    _aggregate("count(T) -> bigint", "count({args})"),
    _aggregate("count_if(boolean) -> bigint", "count_if({args})", cast=True),
    _aggregate("sum(bigint) -> bigint", "sum({args})", cast=True),
    overload("sum(D) -> D", "sum({args})", kind=FunctionKind.AGGREGATE, cast=True, result=_total),
    _aggregate("sum(real) -> real", "sum({args})", cast=True),
    _aggregate("sum(double) -> double", "sum({args})"),
    _aggregate("avg(bigint) -> double", "avg({args})"),
    _aggregate("avg(D) -> D", "avg({args})", cast=True),
    _aggregate("avg(real) -> real", "avg({args})", cast=True),
    _aggregate("avg(double) -> double", "avg({args})"),
    _aggregate("min(T) -> T", "min({args})"),
    _aggregate("max(T) -> T", "max({args})"),
    _aggregate("max(T, bigint) -> array(T)", "max({args})"),
    _aggregate("min(T, bigint) -> array(T)", "min({args})"),
    _aggregate("bitwise_and_agg(bigint) -> bigint", "bit_and({args})"),
    _aggregate("bitwise_or_agg(bigint) -> bigint", "bit_or({args})"),
    _aggregate("min_by(T, U) -> T", "min_by({args})"),
    _aggregate("max_by(T, U) -> T", "max_by({args})"),
    _aggregate("arbitrary(T) -> T", "any_value({args})"),
    _aggregate("any_value(T) -> T", "any_value({args})"),
    _aggregate("bool_and(boolean) -> boolean", "bool_and({args})"),
    _aggregate("every(boolean) -> boolean", "bool_and({args})"),
    _aggregate("bool_or(boolean) -> boolean", "bool_or({args})"),
    # An exact count is within any error that Athena's estimate may have.
    _aggregate("approx_distinct(T) -> bigint", "count(DISTINCT {args})"),
    _aggregate("approx_percentile(bigint, double) -> bigint", "quantile_disc({args})"),
    _aggregate("approx_percentile(double, double) -> double", "quantile_disc({args})"),
    _aggregate("array_agg(T) -> array(T)", "array_agg({args})"),
    _aggregate("histogram(T) -> map(T, bigint)", "histogram({args})", cast=True),
    _aggregate("geometric_mean(double) -> double", "geomean({args})"),
    *_statistics("stddev:stddev_samp", "stddev_samp:stddev_samp", "stddev_pop:stddev_pop"),
    *_statistics("variance:var_samp", "var_samp:var_samp", "var_pop:var_pop"),
    _aggregate("corr(double, double) -> double", "corr({args})"),
    _aggregate("covar_samp(double, double) -> double", "covar_samp({args})"),
    _aggregate("covar_pop(double, double) -> double", "covar_pop({args})"),
    _aggregate("regr_slope(double, double) -> double", "regr_slope({args})"),
    _aggregate("regr_intercept(double, double) -> double", "regr_intercept({args})"),
    overload("row_number() -> bigint", "row_number({args})", kind=_WINDOW),
    overload("rank() -> bigint", "rank({args})", kind=_WINDOW),
    overload("dense_rank() -> bigint", "dense_rank({args})", kind=_WINDOW),
    overload("percent_rank() -> double", "percent_rank({args})", kind=_WINDOW),
    overload("cume_dist() -> double", "cume_dist({args})", kind=_WINDOW),
    overload("ntile(bigint) -> bigint", "ntile({args})", kind=_WINDOW),
    overload("lag(T) -> T", "lag({args})", kind=_WINDOW),
    overload("lag(T, bigint) -> T", "lag({args})", kind=_WINDOW),
    overload("lag(T, bigint, T) -> T", "lag({args})", kind=_WINDOW),
    overload("lead(T) -> T", "lead({args})", kind=_WINDOW),
    overload("lead(T, bigint) -> T", "lead({args})", kind=_WINDOW),
    overload("lead(T, bigint, T) -> T", "lead({args})", kind=_WINDOW),
    overload("first_value(T) -> T", "first_value({args})", kind=_WINDOW),
    overload("last_value(T) -> T", "last_value({args})", kind=_WINDOW),
    overload("nth_value(T, bigint) -> T", "nth_value({args})", kind=_WINDOW),
]
