"""Kinds of statements."""

from __future__ import annotations

import pytest

from sagemaker_local.athena.statements import classify
from sagemaker_local.records.query import StatementType


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        " \n-- note\nSELECT 1",
        "/* a\nb */ with x as (select 1) select * from x",
        "(select 1)",
        "values 1",
        "table t",
    ],
)
def test_statement_that_reads_rows_is_a_supported_select(sql: str) -> None:
    kind = classify(sql)

    assert kind is not None
    assert (kind.type, kind.substatement, kind.is_supported) == (StatementType.DML, "SELECT", True)


@pytest.mark.parametrize(
    ("sql", "name", "kind"),
    [
        ("create external table t (a int) location 's3://b/'", "CREATE EXTERNAL TABLE", StatementType.DDL),
        ("CREATE TABLE t AS SELECT 1", "CREATE TABLE", StatementType.DML),
        ("create or replace view v as select 1", "CREATE OR REPLACE VIEW", StatementType.DDL),
        ("insert into t values (1)", "INSERT INTO", StatementType.DML),
        ("UNLOAD (select 1) to 's3://b/'", "UNLOAD", StatementType.DML),
        ("msck repair table t", "MSCK REPAIR TABLE", StatementType.DDL),
        ("show create table t", "SHOW CREATE TABLE", StatementType.UTILITY),
        ("SHOW PARTITIONS t", "SHOW PARTITIONS", StatementType.UTILITY),
        ("explain select 1", "EXPLAIN", StatementType.UTILITY),
        ("alter table t add partition (a='1')", "ALTER TABLE", StatementType.DDL),
    ],
)
def test_other_statement_is_known_by_its_first_words(sql: str, name: str, kind: StatementType) -> None:
    found = classify(sql)

    assert found is not None
    assert (found.name, found.type) == (name, kind)


@pytest.mark.parametrize("sql", ["", "selec 1", "grant all", "12", "-- only a note"])
def test_text_that_begins_like_no_statement_has_no_kind(sql: str) -> None:
    assert classify(sql) is None


@pytest.mark.parametrize(
    ("sql", "path"),
    [
        ("SELECT 1", "q.csv"),
        ("SHOW TABLES", "q.txt"),
        ("DROP TABLE t", "q.txt"),
        ("INSERT INTO t VALUES 1", "q"),
        ("UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'JSON')", "q"),
        ("CREATE TABLE t AS SELECT 1", "tables/q"),
    ],
)
def test_result_of_a_statement_is_named_as_aws_names_it(sql: str, path: str) -> None:
    kind = classify(sql)

    assert kind is not None
    assert kind.output_path("q") == path
