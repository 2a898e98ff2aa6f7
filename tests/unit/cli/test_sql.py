from __future__ import annotations

import pytest
import sqlglot

from cli import sql
from cli.errors import CommandError

HOSTILE = ["CUST_1", "it's", "' OR 1=1 --", "''", "\\'; DROP TABLE t", "/* */", "a\nb", "ü✓", "%_", '"']


@pytest.mark.parametrize("value", [*HOSTILE, ""])
def test_value_stays_one_value_whatever_is_in_it(value: str) -> None:
    tree = sqlglot.parse_one(f"SELECT 1 FROM t WHERE a = {sql.text(value)} AND b = 2", dialect="athena")

    literals = [item.this for item in tree.find_all(sqlglot.exp.Literal) if item.is_string]
    assert literals == [value]


@pytest.mark.parametrize("name", HOSTILE)
def test_name_stays_one_name_whatever_is_in_it(name: str) -> None:
    tree = sqlglot.parse_one(f"SELECT {sql.identifier(name)} FROM t", dialect="athena")

    assert [column.name for column in tree.find_all(sqlglot.exp.Column)] == [name]


def test_table_without_a_database_is_of_the_configured_one() -> None:
    assert sql.table("daily", "scores") == '"scores"."daily"'
    assert sql.table("other.daily", "scores") == '"other"."daily"'


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_that_sql_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(CommandError, match="is refused: SQL carries no NUL and no half of a surrogate pair"):
        sql.text(value)


@pytest.mark.parametrize("name", ["", "scores."])
def test_name_that_is_empty_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="an empty name is refused"):
        sql.table(name, "scores")
