"""Parsing and places in the text."""

from __future__ import annotations

import pytest
from sqlglot import exp

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.syntax import parse, position


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a from t for", "MALFORMED_QUERY: line 1:17: mismatched input 'for'"),
        ("select a\nfrom t\nwhere and b", "MALFORMED_QUERY: line 3:11: mismatched input 'b'"),
        ("select a from", "MALFORMED_QUERY: line 1:14: mismatched input '<EOF>'"),
        ("select 'x", "MALFORMED_QUERY: the text ends inside"),
        ("select 1; select 2", "MALFORMED_QUERY: one statement is expected, 2 were given"),
    ],
)
def test_malformed_statement_is_refused_with_its_place(sql: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        parse(sql)


def test_position_of_an_expression_is_its_first_token() -> None:
    sql = "select 1,\n  foo(a) + b"

    assert position(sql, parse(sql).expressions[1]) == "line 2:3"


def test_function_calls_keep_name_and_arguments_as_written() -> None:
    call = parse("select DATE_FORMAT(x, '%Y')").expressions[0]

    assert isinstance(call, exp.Anonymous)
    assert call.name == "DATE_FORMAT"


def test_parameters_fill_question_marks_in_the_order_of_the_text() -> None:
    tree = bind(parse("select ? from t where a = ? limit 1"), ["1", "'it''s'"])

    assert tree.sql(dialect="trino") == "SELECT 1 FROM t WHERE a = 'it''s' LIMIT 1"


def test_negative_parameter_stays_one_value() -> None:
    assert bind(parse("select 1 - ?"), ["-2"]).sql() == "SELECT 1 - (-2)"


@pytest.mark.parametrize("given", [[], ["1", "2"]])
def test_wrong_number_of_parameters_is_refused(given: list[str]) -> None:
    with pytest.raises(QueryError, match=f"expected 1 but found {len(given)}"):
        bind(parse("select ?"), given)


@pytest.mark.parametrize("text", ["abc", "1 + 1", "select 1", "2026-01-01", "1, 2", "'a"])
def test_parameter_that_is_no_constant_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(QueryError, match="is not a constant; write texts in single quotes"):
        bind(parse("select ?"), [text])
