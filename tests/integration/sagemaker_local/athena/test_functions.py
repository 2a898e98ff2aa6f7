"""Functions and operators, against values worked out by hand from Trino's documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.result_text import column_texts
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.tables import Tables
from sagemaker_local.athena.translation import translate
from sagemaker_local.store.catalog import CatalogStore

_MOMENT = datetime(2026, 11, 20, 10, 11, 12, 345678, UTC)
Evaluate = Callable[[str], str | None]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(500_000_000, 1)
    yield made
    made.close()


@pytest.fixture
def evaluate(session: Session) -> Evaluate:
    """Give the text of a SELECT's only value."""
    no_catalog = cast("CatalogStore", None)

    def run(expression: str) -> str | None:
        sql = expression if expression.startswith(("select", "with", "values")) else f"select {expression}"
        translation = translate(sql, parse(sql), Tables(no_catalog, None), _MOMENT)
        kind = translation.columns[0].type
        values: list[Any] = []
        for batch in session.batches(translation.sql):
            column = batch.column(0)
            values += column_texts(column if column.type == kind.arrow else column.cast(kind.arrow), kind).to_pylist()
        assert len(values) == 1
        return cast("str | None", values[0])

    return run


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        # Whole numbers divide to whole numbers, towards zero.
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-5 % 3", "-2"),
        ("cast(9 as bigint) / 2", "4"),
        # Decimals keep the larger scale and round halves away from zero.
        ("7.5 / 2", "3.8"),
        ("-7.5 / 2", "-3.8"),
        ("2.01 / 2", "1.01"),
        ("1 / 3.0", "0.3"),
        ("100.0 * 1 / 3", "33.3"),
        ("1.1 + 2.22", "3.32"),
        ("2 * 1.5", "3.0"),
        ("cast(1 as decimal(38,10)) / 3", "0.3333333333"),
        # Doubles follow IEEE 754.
        ("7e0 / 2", "3.5"),
        ("1e0 / 0", "Infinity"),
        ("-1e0 / 0", "-Infinity"),
        ("0e0 / 0", "NaN"),
        ("'a' || 'b' || null", None),
        ("array[1] || array[2, 3]", "[1, 2, 3]"),
        ("1 is distinct from null", "true"),
        ("null = null", None),
        ("3 in (1, null)", None),
        ("'a%' like 'a#%' escape '#'", "true"),
        ("'abc' not like 'a%'", "false"),
        ("'abc' not like 'b%'", "true"),
        ("'abc' not in ('abd') and 2 not between 3 and 4", "true"),
        ("date '2026-01-31' + interval '1' month", "2026-02-28"),
        ("timestamp '2026-01-01 00:00:00' - interval '90' minute", "2025-12-31 22:30:00.000"),
        ("date '2026-01-02' - date '2026-01-01'", "1 00:00:00.000"),
        ("timestamp '2026-01-02 00:00:00' - timestamp '2026-01-01 12:00:00'", "0 12:00:00.000"),
        ("interval '14' month", "1-2"),
        ("array[10, 20][2]", "20"),
        ("map(array['a'], array[1])['a']", "1"),
        ("cast(row(1, 'a') as row(x integer, y varchar)).y", "a"),
        ("row(1, 'a')[2]", "a"),
    ],
)
def test_operator_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cast('12' as integer)", "12"),
        ("cast(2.5e0 as integer)", "3"),
        ("cast(-2.5e0 as bigint)", "-3"),
        ("cast(0.5e0 as integer)", "1"),
        ("cast(2.5 as integer)", "3"),
        ("cast(1e0 as varchar)", "1.0E0"),
        ("cast(0.1e0 as varchar)", "1.0E-1"),
        ("cast(-123.456e0 as varchar)", "-1.23456E2"),
        ("cast(0e0 as varchar)", "0.0E0"),
        ("cast(1.50 as varchar)", "1.50"),
        ("cast(true as varchar)", "true"),
        ("cast('abcdef' as varchar(3))", "abc"),
        ("cast(timestamp '2026-01-01 10:00:00' as varchar)", "2026-01-01 10:00:00.000"),
        ("cast(timestamp '2026-01-01 10:00:00' as date)", "2026-01-01"),
        ("cast(1.005 as decimal(10,2))", "1.01"),
        ("decimal '1.50'", "1.50"),
        ("cast(array[1, 2] as array(varchar))", "[1, 2]"),
        ("try_cast('x' as integer)", None),
        ("try_cast('2026-13-01' as date)", None),
        ("try(1 / 0)", None),
        ("try(array[1][2])", None),
        ("timestamp '2026-01-01 00:00:00 UTC'", "2026-01-01 00:00:00.000 UTC"),
        (
            "cast(timestamp '2026-01-01 00:00:00' at time zone 'America/New_York' as timestamp)",
            "2025-12-31 19:00:00.000",
        ),
        ("typeof(1.5)", "decimal(2,1)"),
        ("if(1 > 2, 'a')", None),
        ("coalesce(null, 2, 3)", "2"),
        ("nullif(1, 1)", None),
        ("case when 1 = 1 then 1 else 2.5 end", "1.0"),
        ("case 3 when 1 then 'a' else 'b' end", "b"),
    ],
)
def test_cast_or_condition_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("length('héllo')", "5"),
        ("substr('hello', 2)", "ello"),
        ("substr('hello', -3, 2)", "ll"),
        ("substr('hello', 0)", ""),
        ("substr('hello', -10)", ""),
        ("substring('hello' from 2 for 3)", "ell"),
        ("position('l' in 'hello')", "3"),
        ("trim(both 'x' from 'xax')", "a"),
        ("trim('  a ')", "a"),
        ("concat('a', 'b', null)", None),
        ("concat_ws('-', 'a', null, 'b')", "a-b"),
        ("replace('abcabc', 'b')", "acac"),
        ("split('a,b,', ',')", "[a, b, ]"),
        ("split_part('a,b', ',', 2)", "b"),
        ("split_part('a,b', ',', 3)", None),
        ("lpad('7', 3, '0')", "007"),
        ("rpad('abcd', 2, 'x')", "ab"),
        ("strpos('abc', 'z')", "0"),
        ("regexp_like('a1', '\\d')", "true"),
        ("regexp_extract('id=42;', 'id=(\\d+)', 1)", "42"),
        ("regexp_extract('abc', 'z')", None),
        ("regexp_replace('John Smith', '(\\w+) (\\w+)', '$2, $1')", "Smith, John"),
        ("regexp_replace('a1b2', '\\d')", "ab"),
        ("regexp_extract_all('a1b22', '\\d+')", "[1, 22]"),
        ("regexp_split('a1b2c', '\\d')", "[a, b, c]"),
        ("""json_extract_scalar('{"a":{"b":"x"}}', '$.a.b')""", "x"),
        ("""json_extract_scalar('{"a":[10,20]}', '$.a[1]')""", "20"),
        ("""json_extract_scalar('{"a b":true}', '$["a b"]')""", "true"),
        ("""json_extract_scalar('{"a":[1]}', '$.a')""", None),
        ("""json_extract_scalar('{"a":null}', '$.a')""", None),
        ("json_extract_scalar('not json', '$.a')", None),
        ("""json_extract('{"a":{"b":[1,2]}}', '$.a')""", '{"b":[1,2]}'),
        ("json_array_length('[1,2,3]')", "3"),
        ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661"),
        ("X'0aff'", "0a ff"),
    ],
)
def test_text_function_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("round(2.5e0)", "3.0"),
        ("round(-2.5e0)", "-3.0"),
        ("round(2.5)", "3"),
        ("round(2.567, 2)", "2.570"),
        ("round(1.2345e0, 2)", "1.23"),
        ("ceil(1.2)", "2"),
        ("floor(-1.5e0)", "-2.0"),
        ("truncate(-1.7e0)", "-1.0"),
        ("cbrt(27)", "3.0"),
        ("log(2, 8)", "3.0"),
        ("mod(-7, 3)", "-1"),
        ("power(2, 10)", "1024.0"),
        ("greatest(1, null)", None),
        ("least(3, 1.5)", "1.5"),
        ("is_nan(nan())", "true"),
        ("bitwise_and(6, 3)", "2"),
    ],
)
def test_number_function_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("current_date", "2026-11-20"),
        ("now()", "2026-11-20 10:11:12.345 UTC"),
        ("localtimestamp", "2026-11-20 10:11:12.345"),
        (
            "date_format(timestamp '2026-03-04 15:06:07.089', '%e %c %y %b %W %k %l %p %i:%s')",
            "4 3 26 Mar Wednesday 15 3 PM 06:07",
        ),
        ("date_format(from_unixtime(0), '%Y-%m-%dT%T')", "1970-01-01T00:00:00"),
        ("date_parse('04/Mar/2026 15:06', '%d/%b/%Y %H:%i')", "2026-03-04 15:06:00.000"),
        (
            "format_datetime(timestamp '2026-03-04 15:06:07.089', 'EEE, dd MMM yyyy hh:mm:ss.SSS a')",
            "Wed, 04 Mar 2026 03:06:07.089 PM",
        ),
        ("parse_datetime('2026-03-04 05', 'yyyy-MM-dd HH')", "2026-03-04 05:00:00.000 UTC"),
        ("date_add('month', 1, date '2026-01-31')", "2026-02-28"),
        ("date_add('hour', -2, timestamp '2026-01-01 01:00:00')", "2025-12-31 23:00:00.000"),
        ("date_add('quarter', 1, date '2026-01-31')", "2026-04-30"),
        ("date_diff('day', timestamp '2026-01-01 12:00:00', timestamp '2026-01-03 11:00:00')", "1"),
        ("date_diff('month', date '2026-01-31', date '2026-03-01')", "1"),
        ("date_diff('year', date '2024-02-29', date '2025-02-28')", "1"),
        ("date_diff('month', date '2026-03-31', date '2026-02-28')", "-1"),
        ("date_trunc('week', date '2026-01-01')", "2025-12-29"),
        ("date_trunc('hour', timestamp '2026-01-01 10:11:12')", "2026-01-01 10:00:00.000"),
        ("extract(year from date '2026-05-06')", "2026"),
        ("day_of_week(date '2026-01-04')", "7"),
        ("week(date '2027-01-01')", "53"),
        ("year_of_week(date '2027-01-01')", "2026"),
        ("millisecond(timestamp '2026-01-01 10:11:12.345')", "345"),
        ("last_day_of_month(date '2028-02-03')", "2028-02-29"),
        ("from_unixtime(1.5)", "1970-01-01 00:00:01.500 UTC"),
        ("to_unixtime(timestamp '1970-01-01 00:00:01')", "1.0"),
        ("from_iso8601_timestamp('2026-01-01T10:00:00.123Z')", "2026-01-01 10:00:00.123 UTC"),
        ("to_iso8601(timestamp '2026-01-01 01:02:03')", "2026-01-01T01:02:03.000"),
        ("hour(timestamp '2026-01-01 12:00:00' at time zone 'Europe/Berlin')", "13"),
        ("date(timestamp '2026-01-01 05:00:00')", "2026-01-01"),
    ],
)
def test_time_function_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cardinality(array[1, 2, 3])", "3"),
        ("cardinality(map(array['a'], array[1]))", "1"),
        ("element_at(array[1, 2], 5)", None),
        ("element_at(array[1, 2], -1)", "2"),
        ("element_at(map(array['a'], array[1]), 'z')", None),
        ("contains(array[1, 2], 2)", "true"),
        ("contains(array[1, null], 2)", None),
        ("contains(array[1], 2)", "false"),
        ("array_max(array[1, null])", None),
        ("array_sort(array[3, 1, null])", "[1, 3, null]"),
        ("array_distinct(array[2, 1, 2])", "[2, 1]"),
        ("array_join(array['a', null, 'b'], '-')", "a-b"),
        ("slice(array[1, 2, 3, 4], -2, 2)", "[3, 4]"),
        ("sequence(3, 1)", "[3, 2, 1]"),
        ("map(array['a', 'b'], array[1, 2])", "{a=1, b=2}"),
        ("row(1, 'a')", "{field0=1, field1=a}"),
        ("transform(array[1, 2], x -> x * 10)", "[10, 20]"),
        ("filter(array[1, null], x -> x is not null)", "[1]"),
        ("reduce(array[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10)", "60"),
        ("any_match(array[1, 2], x -> x > 1)", "true"),
        ("all_match(cast(array[] as array(integer)), x -> x > 1)", "true"),
        ("none_match(array[1, 2], x -> x > 1)", "false"),
    ],
)
def test_collection_function_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(expression) == text


_ROWS = "from (values (1, 1.10, 'a'), (2, 2.20, 'b'), (2, 3.30, null)) t(x, y, z)"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("count(*)", "3"),
        ("count(z)", "2"),
        ("count(distinct x)", "2"),
        ("approx_distinct(x)", "2"),
        ("count_if(x > 1)", "2"),
        ("sum(x)", "5"),
        ("sum(x) filter (where x > 1)", "4"),
        ("sum(y)", "6.60"),
        ("avg(x)", "1.6666666666666667"),
        ("avg(y)", "2.20"),
        ("sum(x) / count(*)", "1"),
        ("max_by(z, x)", "b"),
        ("arbitrary(x) is not null", "true"),
        ("bool_and(x > 1)", "false"),
        ("array_agg(x order by y desc)", "[2, 2, 1]"),
        ("array_agg(distinct x order by x)", "[1, 2]"),
        ("listagg(z, ',') within group (order by z desc)", "b,a"),
        ("approx_percentile(x, 0.5)", "2"),
        ("histogram(x)", "{1=1, 2=2}"),
        ("stddev_pop(x) > 0", "true"),
        ("sum(x) filter (where x > 9)", None),
    ],
)
def test_aggregate_gives_trinos_value(evaluate: Evaluate, expression: str, text: str | None) -> None:
    assert evaluate(f"select {expression} {_ROWS}") == text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("with a as (select 1 as x) select x + 1 from a", "2"),
        ("select x from (values 1, 2) t(x) order by x desc nulls first limit 1", "2"),
        ("select x from (values 1, 2, 3) t(x) order by x offset 1 limit 1", "2"),
        ("select count(*) from (select 1 union select 1 union all select 1)", "2"),
        ("select x from (values 1, 2) t(x) intersect select 2", "2"),
        ("select x from (values 1, 2) t(x) except select 2", "1"),
        ("select t.x from (values 1, 2) t(x) where exists (select 1 from (values 2) u(y) where y = x)", "2"),
        ("select x from (values 1, 2) t(x) where x > (select avg(y) from (values 1, 2) u(y))", "2"),
        ("select x from (values 1, 2) a(x) join (values 2, 3) b(x) using (x)", "2"),
        ("select sum(n) from (values array['a', 'b']) t(a) cross join unnest(a) with ordinality as u(e, n)", "3"),
        (
            "select concat(k, typeof(v)) from (values map(array['k'], array[9])) t(m) cross join unnest(m) as u(k, v)",
            "kinteger",
        ),
        ("select count(*) from (values 1, 2) t(x) left join (values 2) u(y) on x = y where y is null", "1"),
        ("select r from (select rank() over (order by x) r from (values 5) t(x))", "1"),
        ("select sum(x) over (order by x rows between unbounded preceding and current row) from (values 4) t(x)", "4"),
        ("select count(*) + 1 as n from (values 1, 2) t(x) group by x % 1 having count(*) > 1 order by n * 2", "3"),
        ("select grouping(x) from (values 1, 2) t(x) group by grouping sets ((x), ()) having grouping(x) = 1", "1"),
    ],
)
def test_query_gives_trinos_value(evaluate: Evaluate, sql: str, text: str) -> None:
    assert evaluate(sql) == text


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("cast('abc' as integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to INT"),
        ("cast('2026-13-01' as date)", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2026-13-01"),
        ("array[1][2]", "INVALID_FUNCTION_ARGUMENT: Array subscript is out of bounds"),
        ("map(array['a'], array[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
        ("date_parse('nope', '%Y')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "nope"'),
        ("foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"),
        ("list_sum(array[1])", "FUNCTION_NOT_FOUND: line 1:8: Function 'list_sum' not registered"),
        ("getenv('HOME')", "FUNCTION_NOT_FOUND: line 1:8: Function 'getenv' not registered"),
        ("lower(1)", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters .integer. for function lower"),
        ("'a' = 1", "TYPE_MISMATCH: line 1:8: Cannot apply operator: varchar.1. = integer"),
        ("1 + 'a'", "TYPE_MISMATCH: line 1:8: Cannot apply operator: integer . varchar.1."),
        ("case when true then 1 else 'a' end", "TYPE_MISMATCH: line 1:28: All CASE results must be the same type"),
        ("row_number()", "MISSING_OVER: line 1:8: Window function row_number requires an OVER clause"),
        (
            "date_trunc('century', current_date)",
            "line 1:8: 'century' is not a valid date field",
        ),
        ("current_timestamp at time zone 'Asia/Tokyo'", "NOT_SUPPORTED: .*AT TIME ZONE"),
        ("from_iso8601_timestamp('2026-01-01T00:00:00+02:00')", "NOT_SUPPORTED: from_iso8601_timestamp keeps no zone"),
        ("date_format(current_timestamp, '%U')", "INVALID_FUNCTION_ARGUMENT: line 1:8: %U not supported"),
        ("x", "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"),
        ("t.x from (values 1) u(x)", "COLUMN_NOT_FOUND: line 1:8: Column 't.x' cannot be resolved"),
        ("x from (values 1) t(x), (values 2) u(x)", "AMBIGUOUS_NAME: line 1:8: Column 'x' is ambiguous"),
        ("x, count(*) from (values 1) t(x)", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'x' must be an aggregate"),
        ("x as n from (values 1) t(x) where n = 1", "COLUMN_NOT_FOUND: line 1:42: Column 'n'"),
        ("1 union select 'a'", "TYPE_MISMATCH: .*column 1 in UNION query has incompatible types"),
        ("1 union select 1, 2", "UNION query has different number of fields: 1, 2"),
        ("* from unnest(1)", "TYPE_MISMATCH: .*Cannot unnest type: integer"),
        ("1 from (values 1) t(x, y)", "MISMATCHED_COLUMN_ALIASES: .*has 2 entries but 't' has 1"),
        ("* exclude (x) from (values 1) t(x)", "NOT_SUPPORTED: .*is not supported by the local endpoint"),
        ("x from (values 1) t(x) tablesample bernoulli (50)", "NOT_SUPPORTED: .*SAMPLE"),
        ("(select x from (values 1, 2) t(x))", "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"),
    ],
)
def test_expression_that_athena_refuses_fails_in_its_words(evaluate: Evaluate, expression: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        evaluate(expression)


@pytest.mark.parametrize(
    "source",
    ["read_csv('/etc/passwd')", "glob('/etc/*')", "read_text('/etc/passwd')", "duckdb_settings()", "parquet_scan('x')"],
)
def test_table_function_of_duckdb_is_refused_by_name(evaluate: Evaluate, source: str) -> None:
    with pytest.raises(QueryError, match="NOT_SUPPORTED: line 1:15: The table function"):
        evaluate(f"select * from {source}")
