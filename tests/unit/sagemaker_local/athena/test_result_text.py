"""Texts of values in result files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from sagemaker_local.athena.result_text import column_texts, double_text
from sagemaker_local.athena.type_names import parse_type


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (0.00015, "1.5E-4"),
        (9999999.0, "9999999.0"),
        (10000000.0, "1.0E7"),
        (123456789.125, "1.23456789125E8"),
        (1e10, "1.0E10"),
        (-2.5e-7, "-2.5E-7"),
        (1e300, "1.0E300"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_double_is_written_as_java_writes_it(value: float, text: str) -> None:
    assert double_text(value) == text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("int", -5, "-5"),
        ("bigint", 2**40, "1099511627776"),
        ("float", 0.1, "0.1"),
        ("decimal(10,2)", Decimal("1.50"), "1.50"),
        ("decimal(10,8)", Decimal("0.00000001"), "0.00000001"),
        ("string", "", ""),
        ("date", date(2026, 1, 2), "2026-01-02"),
        ("time", time(1, 2, 3, 4000), "01:02:03.004"),
        ("timestamp", datetime(2026, 1, 2, 3, 4, 5, 678000), "2026-01-02 03:04:05.678"),  # noqa: DTZ001
        ("timestamp with time zone", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00.000 UTC"),
        ("binary", b"\x0a\xff", "0a ff"),
        ("array<int>", [1, None, 3], "[1, null, 3]"),
        ("array<string>", ["a b", ""], "[a b, ]"),
        ("map<string,int>", [("a", 1), ("b", None)], "{a=1, b=null}"),
        ("struct<x:int,y:string>", {"x": 1, "y": None}, "{x=1, y=null}"),
        ("array<struct<x:double>>", [{"x": 1.0}], "[{x=1.0}]"),
    ],
)
def test_value_is_written_as_athena_writes_it(kind: str, value: Any, text: str) -> None:
    declared = parse_type(kind)

    assert column_texts(pa.array([value], declared.arrow), declared).to_pylist() == [text]


def test_null_stays_null() -> None:
    declared = parse_type("double")

    assert column_texts(pa.array([None], declared.arrow), declared).to_pylist() == [None]
