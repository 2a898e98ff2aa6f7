"""Whatever a configuration says stays one name or one value of the statement."""

import athena_sql as sql
import pytest
from dataset_schema import SchemaRefused
from hypothesis import given, strategies as st
from sqlglot import exp, parse, parse_one

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
HOSTILE = st.lists(
    st.sampled_from(["'", '"', "''", '""', "\\", "--", "/*", "*/", ";", "\n", " OR 1=1", "${x}", "?", "é", "`"])
).map("".join)


@given(TEXTS | HOSTILE)
def test_text_stays_one_literal_with_the_same_value(value: str) -> None:
    (statement,) = parse(f"SELECT {sql.text(value)} AS found", dialect="athena")

    assert isinstance(statement, exp.Select)
    (selected,) = statement.expressions
    assert isinstance(selected.this, exp.Literal)
    assert selected.this.this == value


@given((TEXTS | HOSTILE).filter(bool))
def test_identifier_stays_one_column_of_that_name(name: str) -> None:
    (statement,) = parse(f"SELECT {sql.identifier(name)} FROM t", dialect="athena")

    assert isinstance(statement, exp.Select)
    (column,) = statement.expressions
    assert isinstance(column, exp.Column)
    assert column.name == name


def test_table_quotes_each_part() -> None:
    name = 'c"; DROP TABLE d'

    table = parse_one(f"SELECT * FROM {sql.table('a.b', name)}", dialect="athena").find(exp.Table)

    assert table is not None
    assert (table.db, table.name) == ("a.b", name)


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_that_sql_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(SchemaRefused, match="SQL carries no NUL"):
        sql.text(value)


def test_identifier_empty_is_refused() -> None:
    with pytest.raises(SchemaRefused, match="An empty name is refused"):
        sql.identifier("")


def test_number_takes_whole_numbers_only() -> None:
    with pytest.raises(TypeError, match="is no int"):
        sql.number("1 OR 1=1")  # type: ignore[arg-type]  # what must not come in

    assert sql.number(-4) == "-4"
