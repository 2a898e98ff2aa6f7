"""Reading statements that are no queries."""

from __future__ import annotations

import pytest

from sagemaker_local.athena.ddl.cursor import Cursor, TableName, only
from sagemaker_local.athena.failures import QueryError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'\t'", "\t"),
        (r"'\001'", "\x01"),
        (r"'\u0002'", "\x02"),
        (r"'it\'s'", "it's"),
        ("'it''s'", "it's"),
        (r"'\\N'", r"\N"),
        ('"a"', "a"),
        ("''", ""),
    ],
)
def test_text_of_hive_has_escapes(text: str, value: str) -> None:
    assert Cursor(text).text() == value


def test_text_of_trino_has_no_escapes_but_doubled_quotes() -> None:
    assert Cursor(r"'a\'", is_hive=False).text() == "a\\"
    assert Cursor("'it''s'", is_hive=False).text() == "it's"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("T", TableName(None, "t")),
        ("d.T", TableName("d", "t")),
        ("`d`.`my-table`", TableName("d", "my-table")),
        ("`d.t`", TableName("d", "t")),
        ("AwsDataCatalog.d.t", TableName("d", "t")),
        ("-- note\n d /* x */ . t", TableName("d", "t")),
    ],
)
def test_table_name_is_lower_case_and_may_name_its_database(sql: str, name: TableName) -> None:
    assert Cursor(sql).table_name() == name


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ('"t"', "line 1:1: mismatched input '\"t\"': expecting a name, in backquotes"),
        ("", "line 1:1: mismatched input '<EOF>': expecting a name"),
        ("a.b.c.d", "too many parts"),
    ],
)
def test_name_that_is_none_is_refused_with_its_place(sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Cursor(sql).table_name()


def test_properties_are_pairs_of_texts() -> None:
    assert Cursor("('a'='1', 'b' = 2)").properties() == {"a": "1", "b": "2"}


def test_type_ends_outside_of_its_brackets() -> None:
    cursor = Cursor("struct<a:int,b:array<string>>, next")

    assert cursor.raw_until(",", ")") == "struct<a:int,b:array<string>>"
    assert cursor.following == ","


def test_part_of_a_statement_keeps_its_place() -> None:
    assert only("ab\ncd ef", 6, 8) == "  \n   ef"
