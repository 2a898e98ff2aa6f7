"""The Expression of GetPartitions."""

from __future__ import annotations

import pytest

from sagemaker_local.api.glue_expressions import compile_expression
from sagemaker_local.errors import InvalidInputException

_KEYS = [("year", "int"), ("region", "string"), ("day", "date"), ("price", "decimal(6,2)")]
_PARTITIONS = [
    ("9", "eu-west", "2026-01-09", "9.50"),
    ("10", "us-east", "2026-01-10", "10.00"),
    ("2026", "it's", "2026-02-01", "100"),
    ("__HIVE_DEFAULT_PARTITION__", "none", "2026-03-01", "0"),
]


def _years(expression: str) -> list[str]:
    keep = compile_expression(expression, _KEYS)
    return [values[0] for values in _PARTITIONS if keep(values)]


@pytest.mark.parametrize(
    ("expression", "years"),
    [
        ("", ["9", "10", "2026", "__HIVE_DEFAULT_PARTITION__"]),
        ("year = 9", ["9"]),
        ("year = '9'", ["9"]),
        ("YEAR <> 9", ["10", "2026"]),
        ("year != 9", ["10", "2026"]),
        # As numbers 9 < 10; as texts it would not be.
        ("year < 10", ["9"]),
        ("year >= 10", ["10", "2026"]),
        ("10 <= year", ["10", "2026"]),
        ("year BETWEEN 9 AND 10", ["9", "10"]),
        ("year not between 9 and 10", ["2026"]),
        ("year IN (9, '2026')", ["9", "2026"]),
        ("year NOT IN (9)", ["10", "2026"]),
        ("year IS NULL", ["__HIVE_DEFAULT_PARTITION__"]),
        ("year IS NOT NULL AND year > 9", ["10", "2026"]),
        ("NOT year = 9", ["10", "2026"]),
        ("region = 'it''s'", ["2026"]),
        ("region LIKE '%-w_st'", ["9"]),
        ("region NOT LIKE '%-%'", ["2026", "__HIVE_DEFAULT_PARTITION__"]),
        ("day > '2026-01-09' AND day < DATE '2026-02-02'", ["10", "2026"]),
        ("price >= 10", ["10", "2026"]),
        ("price = '10'", ["10"]),
        ("year = 9 OR year = 10 AND region = 'nowhere'", ["9"]),
        ("(year = 9 OR year = 10) AND region = 'us-east'", ["10"]),
        ("`region` = 'us-east' and \"year\" = 10", ["10"]),
        ("year = 9 OR region = 'none'", ["9", "__HIVE_DEFAULT_PARTITION__"]),
        ("NOT (year = 9 OR region = 'us-east')", ["2026"]),
    ],
)
def test_expression_keeps_the_partitions_that_fulfil_it(expression: str, years: list[str]) -> None:
    assert _years(expression) == years


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("month = 1", "'month' is not a partition key of the table; it has: year, region, day, price"),
        ("year = 'x'", "'x' is no value of the type of 'year'"),
        ("day = 'tomorrow'", "'tomorrow' is no value of the type of 'day'"),
        ("year =", "something is expected at the end"),
        ("year = 1 AND", "name is expected at the end"),
        ("year = 1 region = 'x'", "unexpected 'region'"),
        ("(year = 1", "is expected"),
        ("year IN 1", "is expected"),
        ("year ~ 1", "cannot read '~ 1'"),
        ("year = region", "a value is expected for 'year', not 'region'"),
        ("year LIKE 1", "text is expected, not '1'"),
    ],
)
def test_expression_that_cannot_be_read_is_refused_with_its_text(expression: str, reason: str) -> None:
    with pytest.raises(InvalidInputException, match=reason) as refused:
        compile_expression(expression, _KEYS)
    assert f"Unsupported expression '{expression}'" in refused.value.message
