"""PyAthena, as pip gives it, against the endpoint: what `programs/pyathena_lake.py` saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance import throwaway
from tests.acceptance.conftest import Endpoint
from tests.acceptance.program import Report, run

QUOTED = 'b "quoted", ü'
COLUMNS = ["id", "whole", "part", "is_new", "day", "moment", "price"]
EMPTY = ["", 3, 1e10, False, "1970-01-01", "1970-01-01 00:00:00", "-2.25"]
FULL = ["a", 1, 0.5, True, "2026-01-31", "2026-01-31 12:30:15.250000", "1.50"]
NULLS = [QUOTED, *[None] * 6]


@pytest.fixture(scope="module")
def report(endpoint: Endpoint) -> Report:
    return run(endpoint, "pyathena_lake", python=throwaway.athena_clients())


def as_moments(row: list[Any]) -> list[Any]:
    """The row as pandas and Arrow read it from CSV: a day is a moment at midnight."""
    return [f"{value} 00:00:00" if name == "day" and value else value for name, value in zip(COLUMNS, row, strict=True)]


def test_a_table_is_made_of_a_query(report: Report) -> None:
    assert report["create"] == {"kind": ["DML", "CREATE_TABLE_AS_SELECT"], "rows": 3}


def test_cursor_reads_every_type(report: Report) -> None:
    seen = report["cursor"]

    types = ["varchar", "bigint", "double", "boolean", "date", "timestamp", "decimal", "array", "map"]
    assert seen["description"] == [list(pair) for pair in zip([*COLUMNS, "numbers", "pairs"], types, strict=True)]
    assert seen["rows"] == [[*EMPTY, [], {}], [*FULL, [1, 2], {"k": "7"}], [*NULLS, None, None]]
    assert seen["scanned"] > 0
    assert seen["states"] == ["SUCCEEDED", True]


def test_cursor_turns_the_pages_without_their_header(report: Report) -> None:
    assert report["pages"] == {"first": [[number] for number in range(1, 8)], "all": 13}


def test_rows_are_dictionaries_and_parameters_have_two_styles(report: Report) -> None:
    assert report["dictionaries"] == {"pasted": [{"whole": 1}], "marked": [{"whole": 1}]}


def test_statements_without_rows_of_data_answer_in_lines(report: Report) -> None:
    seen = report["statements"]

    assert (seen["tables"], seen["databases"]) == ([["kinds"]], [["pyathena_lake"]])
    assert seen["partitions"] == [["dt=2026-01-31"], ["dt=2026-02-01"]]
    assert seen["describe"][1][0].split() == ["whole", "bigint"]
    assert seen["create"][0] == ["CREATE EXTERNAL TABLE `kinds`("]
    assert seen["explain"]
    assert (seen["inserted"], seen["found"]) == (1, [[9, "2026-03-01"]])


def test_pandas_cursor_reads_the_results_file(report: Report) -> None:
    seen = report["pandas"]

    # pandas cannot tell an empty text from a missing one.
    assert seen["csv"]["rows"] == [[None, *as_moments(EMPTY)[1:]], as_moments(FULL), NULLS]
    assert seen["csv"]["columns"] == COLUMNS
    assert seen["empty"] == {"columns": ["id", "whole"], "rows": [], "dtypes": ["object", "Int64"]}
    assert seen["chunks"] == [2, 2, 1]


def test_pandas_cursor_reads_unloaded_files(report: Report) -> None:
    assert report["pandas"]["unload"]["rows"] == [EMPTY, FULL, NULLS]


def test_arrow_cursor_reads_the_results_file(report: Report) -> None:
    seen = report["arrow"]

    rows = [list(row.values()) for row in seen["csv"]]
    # A missing decimal is a text to it, and empty.
    assert rows == [as_moments(EMPTY), as_moments(FULL), [*NULLS[:-1], ""]]
    assert seen["csv_types"] == ["string", "int64", "double", "bool", "timestamp[ms]", "timestamp[ms]", "string"]


def test_arrow_cursor_reads_unloaded_files(report: Report) -> None:
    seen = report["arrow"]

    rows = [list(row.values()) for row in seen["unload"]]
    assert rows == [[*EMPTY, [], []], [*FULL, [1, 2], [["k", 7]]], [*NULLS, None, None]]
    assert seen["unload_types"][:5] == ["string", "int64", "double", "bool", "date32[day]"]


def test_queries_run_at_once(report: Report) -> None:
    assert report["several"] == {"rows": [[[number]] for number in range(4)]}


def test_an_earlier_result_is_found_again(report: Report) -> None:
    assert report["reuse"] == {"same": True}


def test_a_failure_has_the_services_reason(report: Report) -> None:
    assert report["failure"]["message"].startswith("COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved")


def test_sqlalchemy_reads_with_expressions_and_into_frames(report: Report) -> None:
    seen = report["engine"]

    assert seen["counted"] == [["2026-01-31", 1], ["2026-02-01", 2]]
    assert seen["chosen"] == [["a", "2026-01-31"]]
    assert seen["frame"]["rows"] == [["a", 1]]
    assert seen["limited"] == "a"


def test_sqlalchemy_reads_through_the_other_cursors(report: Report) -> None:
    assert report["frames"] == {"pandas": ["", "a", QUOTED], "arrow": ["", "a", QUOTED]}


def test_sqlalchemy_inspects_the_catalog(report: Report) -> None:
    seen = report["inspection"]

    assert seen["schemas"]
    assert (seen["tables"], seen["views"], seen["exists"]) == (["kinds"], ["kinds_view"], [True, False])
    assert {name: seen["columns"][name] for name in ("whole", "moment", "price", "dt")} == {
        "whole": "BIGINT",
        "moment": "TIMESTAMP",
        "price": "DECIMAL(3, 2)",
        "dt": "VARCHAR(10)",
    }
    assert (seen["partition"], seen["view_columns"]) == (["dt"], ["id", "whole"])
    assert seen["view"] == "CREATE VIEW pyathena_lake.kinds_view AS\nSELECT id, whole FROM kinds"
    assert seen["location"] == "s3://pyathena-lake/kinds/"


def test_sqlalchemy_creates_fills_and_drops_a_table(report: Report) -> None:
    assert report["tables"] == {"rows": [["x", 1], ["y", 2]], "exists": False}
