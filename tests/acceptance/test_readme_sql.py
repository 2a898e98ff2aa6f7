"""The README's SQL examples, on days that the publish script published to a started endpoint."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from publish import publish

from cli import athena
from cli.context import Context
from tests import readme
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import TABLE
from tests.fakes.publishing import IDS, plan_of, predictions_of, rewrite, scored

BUCKET = "readme-sql"
DATABASE = "readme_sql"
COLUMNS = [
    ["customer_id", "risk"],
    ["dt", "customers", "leaving", "mean_risk"],
    ["customer_id", "dt", "rise"],
    ["dt", "execution_id", "model_version", "scored"],
]


@pytest.fixture(scope="module")
def results(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> list[athena.QueryResult]:
    """What each example answers; on the second day every risk has risen."""
    s3, glue = endpoint.client("s3"), endpoint.client("glue")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for day in (1, 2):
        folder: Path = tmp_path_factory.mktemp("day")
        scored(folder, files=1)
        rewrite(folder, predictions_of(IDS, prediction_probability=[number / 20 * day / 2 for number in range(20)]))
        place: dict[str, Any] = {"database": DATABASE, "table": TABLE, "bucket": BUCKET, "day": date(2026, 1, day)}
        publish(plan_of(folder, execution=f"execution{day}", **place), s3, glue)
    context = Context(is_local=True)
    context.__dict__["_clients"] = {"athena": endpoint.client("athena")}
    context.__dict__["config"] = SimpleNamespace(
        athena_database=DATABASE, query_results_uri=f"s3://{BUCKET}/query_results/"
    )
    return [athena.run(context, sql) for sql in readme.sql_examples()]


def test_every_example_has_its_columns_and_rows(results: list[athena.QueryResult]) -> None:
    assert [result.columns for result in results] == COLUMNS
    assert [len(result.rows) for result in results] == [10, 2, 10, 2]
    assert all(result.scanned_bytes for result in results)


def test_examples_say_what_the_text_above_them_promises(results: list[athena.QueryResult]) -> None:
    first, days, risen, models = (result.rows for result in results)

    assert first[0] == ["CUST_000020", "0.95"]
    assert [row[:2] for row in days] == [["2026-01-01", "20"], ["2026-01-02", "20"]]
    assert risen[0][:2] == ["CUST_000020", "2026-01-02"]
    assert [row[:3] for row in models] == [["2026-01-01", "execution1", "1"], ["2026-01-02", "execution2", "1"]]


def test_rows_of_a_piped_query_are_the_only_output(endpoint: Endpoint, results: list[athena.QueryResult]) -> None:
    sql = f"SELECT dt, count(*) AS n FROM {DATABASE}.{TABLE} GROUP BY dt ORDER BY dt"

    done = endpoint.door("pipeline.py", "query", "--local", "--format", "csv", sql)

    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows == [["dt", "n"], ["2026-01-01", "20"], ["2026-01-02", "20"]]
    assert "2 rows, " in done.stderr
    assert " bytes scanned, " in done.stderr
