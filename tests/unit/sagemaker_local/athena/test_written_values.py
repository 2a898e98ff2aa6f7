"""Values in text files and in JSON."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from sagemaker_local.athena.type_names import hive_type, parse_type
from sagemaker_local.athena.write.values import hive_texts, json_texts


def column(kind: str, value: Any) -> pa.Array:
    return pa.array([value, None], parse_type(kind).arrow)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("varchar", "plain", '"plain"'),
        ("varchar", 'a"\\\n', '"a\\"\\\\\\n"'),
        ("double", 1e10, "10000000000.0"),
        ("double", float("nan"), '"NaN"'),
        ("double", float("-inf"), '"-Infinity"'),
        ("decimal(5,2)", Decimal("1.20"), "1.20"),
        ("boolean", True, "true"),
        ("timestamp", datetime(2026, 1, 31, 1, 2, 3, 4000), '"2026-01-31 01:02:03.004"'),  # noqa: DTZ001 - a clock's time
        ("varbinary", b"ab", '"YWI="'),
        ("array(varchar)", ["ü", None], '["ü", null]'),
        ("map(integer, double)", [(1, 2.5)], '{"1": 2.5}'),
        ("row(a integer, b array(decimal(3,1)))", {"a": 1, "b": [Decimal("2.5")]}, '{"a": 1, "b": [2.5]}'),
    ],
)
def test_json_value_is_as_trino_writes_it(kind: str, value: Any, text: str) -> None:
    assert json_texts(column(kind, value), parse_type(kind)).to_pylist() == [text, "null"]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("double", 1e10, "1.0E10"),
        ("boolean", False, "false"),
        ("varbinary", b"ab", "YWI="),
        ("array(integer)", [1, None, 3], "1\x02\\N\x023"),
        ("map(varchar, integer)", [("a", 1), ("b", 2)], "a\x031\x02b\x032"),
        ("row(a integer, b array(varchar))", {"a": 1, "b": ["x", "y"]}, "1\x02x\x03y"),
    ],
)
def test_delimited_value_is_as_hive_writes_it(kind: str, value: Any, text: str) -> None:
    assert hive_texts(column(kind, value), parse_type(kind)).to_pylist() == [text, None]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("integer", "int"),
        ("real", "float"),
        ("varchar", "string"),
        ("varchar(7)", "varchar(7)"),
        ("varbinary", "binary"),
        ("decimal(5,2)", "decimal(5,2)"),
        ("array(row(a integer, b map(varchar, bigint)))", "array<struct<a:int,b:map<string,bigint>>>"),
    ],
)
def test_type_is_written_in_hives_words_and_read_again(kind: str, written: str) -> None:
    assert hive_type(parse_type(kind)) == written
    assert parse_type(written) == parse_type(kind)
