"""Names of types."""

from __future__ import annotations

import pytest

from sagemaker_local.athena.type_names import parse_type
from sagemaker_local.athena.types import result_column


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("string", "varchar"),
        ("int", "integer"),
        ("float", "real"),
        ("binary", "varbinary"),
        ("decimal", "decimal(10,0)"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("varchar(20)", "varchar(20)"),
        ("timestamp", "timestamp(3)"),
        ("timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("array<string>", "array(varchar)"),
        ("map<string,array<int>>", "map(varchar, array(integer))"),
        ("struct<a:int,b:struct<c:string>>", "row(a integer, b row(c varchar))"),
        ("row(a integer, b varchar)", "row(a integer, b varchar)"),
        ("row(integer, double)", "row(integer, double)"),
    ],
)
def test_type_written_by_hive_or_sql_is_athenas(written: str, shown: str) -> None:
    assert str(parse_type(written)) == shown


@pytest.mark.parametrize(
    "written", ["", "strin", "array<", "array<int", "map<int>", "decimal(a)", "int int", "uniontype<int>"]
)
def test_type_that_is_none_is_refused_with_its_text(written: str) -> None:
    with pytest.raises(ValueError, match="is not a type that is known here"):
        parse_type(written)


@pytest.mark.parametrize(
    ("written", "name", "precision", "scale"),
    [
        ("boolean", "boolean", 0, 0),
        ("tinyint", "tinyint", 3, 0),
        ("smallint", "smallint", 5, 0),
        ("int", "integer", 10, 0),
        ("bigint", "bigint", 19, 0),
        ("float", "float", 17, 0),
        ("double", "double", 17, 0),
        ("string", "varchar", 2147483647, 0),
        ("varchar(7)", "varchar", 7, 0),
        ("timestamp", "timestamp", 3, 0),
        ("date", "date", 0, 0),
        ("binary", "varbinary", 1073741824, 0),
        ("decimal(12,3)", "decimal", 12, 3),
        ("array<int>", "array", 0, 0),
        ("map<int,int>", "map", 0, 0),
        ("struct<a:int>", "row", 0, 0),
    ],
)
def test_result_column_has_type_and_precision_of_athena(written: str, name: str, precision: int, scale: int) -> None:
    column = result_column("x", parse_type(written))

    assert (column.type, column.precision, column.scale) == (name, precision, scale)
