"""awswrangler, as pip gives it, against the endpoint: what `programs/awswrangler_lake.py` saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance import throwaway
from tests.acceptance.conftest import Endpoint
from tests.acceptance.program import Report, run

VALUES: dict[str, list[Any]] = {
    "id": ["a", 'b "quoted", ü', None],
    "whole": [1, None, 3],
    "part": [0.5, None, 1e10],
    "is_new": [True, False, None],
    "day": ["2026-01-31", None, "1970-01-01"],
    "moment": ["2026-01-31 12:30:15.250000", None, "2026-01-31 12:30:15.250000"],
    "price": ["1.50", None, "-2.25"],
}
LISTS = {"tags": [["x", "y"], None, []]}


@pytest.fixture(scope="module")
def report(endpoint: Endpoint) -> Report:
    return run(endpoint, "awswrangler_lake", python=throwaway.athena_clients())


def values(section: dict[str, Any]) -> dict[str, Any]:
    return {name: column for name, column in section.items() if name not in {"dtypes", "tables"}}


def test_a_frame_becomes_a_table_of_the_catalog(report: Report) -> None:
    assert report["write"] == {
        "files": 1,
        "types": {
            "id": "string",
            "whole": "bigint",
            "part": "double",
            "is_new": "boolean",
            "day": "date",
            "moment": "timestamp",
            "price": "decimal(3,2)",
            "tags": "array<string>",
        },
    }


def test_rows_are_read_from_the_results_file(report: Report) -> None:
    assert values(report["csv"]) == VALUES
    assert report["csv"]["dtypes"]["whole"] == "Int64"


def test_rows_are_read_through_a_temporary_table_that_is_gone_afterwards(report: Report) -> None:
    assert values(report["ctas"]) == {**VALUES, **LISTS}
    assert report["ctas"]["tables"] == ["kinds"]


def test_rows_are_read_through_unload(report: Report) -> None:
    assert values(report["unload_mode"]) == {**VALUES, **LISTS}


def test_no_rows_keep_their_columns(report: Report) -> None:
    assert report["empty"] == {"csv": [["id", "whole"], 0], "ctas": [["id", "whole"], 0]}


def test_rows_are_read_in_chunks(report: Report) -> None:
    assert report["chunks"] == {"csv": [2, 2, 1], "ctas": [2, 2, 1]}


def test_parameters_are_passed_in_both_styles(report: Report) -> None:
    assert report["parameters"] == {"named": [1], "qmark": [1]}


def test_unload_writes_partitioned_parquet(report: Report) -> None:
    assert report["unload"] == {"state": "SUCCEEDED", "whole": [1, 3], "days": ["1970-01-01", "2026-01-31", "none"]}


def test_partitions_are_appended_and_overwritten(report: Report) -> None:
    assert report["partitions"] == {
        "appended": {"2026-01-01": 1, "2026-01-02": 12},
        "overwritten": {"2026-01-01": 1, "2026-01-02": 100, "2026-01-03": 101},
        "partitions": ["2026-01-02", "2026-01-03"],
    }


def test_the_catalog_is_read(report: Report) -> None:
    catalog = dict(report["catalog"])

    assert catalog.pop("shown").startswith(
        "CREATE EXTERNAL TABLE `scores`( `score` bigint) PARTITIONED BY ( `dt` string)"
    )
    assert catalog == {
        "databases": True,
        "tables": ["kinds", "scores"],
        "columns": [["score", "bigint", False], ["dt", "string", True]],
        "location": "s3://awswrangler-lake/scores/",
        "exists": [True, False],
        "searched": {"prefix": ["scores"], "suffix": ["kinds"], "contains": ["kinds"]},
        "classification": "parquet",
    }


def test_a_table_is_described_repaired_and_deleted(report: Report) -> None:
    assert report["describe"] == {
        "described": [["score", "bigint"], ["dt", "string"]],
        "repaired": "SUCCEEDED",
        "deleted": [True, False],
    }


def test_a_query_makes_a_table(report: Report) -> None:
    assert report["create_ctas"] == {"state": "SUCCEEDED", "whole": [1, 3]}


def test_a_table_takes_a_new_column_and_is_overwritten(report: Report) -> None:
    assert report["evolve"] == {"evolved": [["a", None], ["b", 2]], "overwritten": ["c"]}


def test_projected_partitions_are_read(report: Report) -> None:
    assert report["projected"] == {"scores": [2]}


def test_a_table_of_csv_files_is_read(report: Report) -> None:
    assert report["text"] == {"rows": [["a", 1], ["b", 2]]}


def test_results_go_to_the_accounts_bucket_and_are_found_again(report: Report) -> None:
    assert report["defaults"] == {
        "bucket": "aws-athena-query-results-000000000000-us-west-2",
        "same": True,
        "rows": ["kept"],
    }


def test_a_failure_has_the_services_reason(report: Report) -> None:
    assert "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved" in report["failure"]["message"]
