"""Customers into the Feature Store and out again through Athena, on a started endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Endpoint, start, stop
from tests.acceptance.execution import BUCKET, SCORED_IDS, as_parquet, published, small_customers, small_options

INPUT = "mlops/churn/data/input/customers.parquet"
MANIFEST = "mlops/churn/feature_store/manifests/churn-features.json"


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint whose feature group has the 600 customers, one of them deleted since."""
    started = start(tmp_path_factory.mktemp("features"))
    try:
        s3 = started.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket=BUCKET, Key=INPUT, Body=as_parquet(small_customers()))
        done = started.door("execute_pipeline.py", "feature-ingestion", "--local")
        assert done.returncode == 0, done.stdout + done.stderr
        yield started
    finally:
        stop(started)


def manifest(endpoint: Endpoint) -> dict[str, Any]:
    body = endpoint.client("s3").get_object(Bucket=BUCKET, Key=MANIFEST)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def test_ingestion_again_adds_no_second_version(fed: Endpoint) -> None:
    first = manifest(fed)

    done = fed.door("execute_pipeline.py", "feature-ingestion", "--local")

    assert done.returncode == 0, done.stdout + done.stderr
    second = manifest(fed)
    assert (first["written"], first["rows"]) == (600, 600)
    assert (second["written"], second["unchanged"], second["ids_sha256"]) == (0, 600, first["ids_sha256"])


def test_end_to_end_scores_the_customers_of_the_range_without_the_deleted_one(fed: Endpoint) -> None:
    fed.client("sagemaker-featurestore-runtime").delete_record(
        FeatureGroupName="churn-features", RecordIdentifierValueAsString="CUST_000401", EventTime="2026-01-31T12:00:00Z"
    )

    done = fed.door("execute_pipeline.py", "end-to-end", "--local", *small_options())

    assert done.returncode == 0, done.stdout + done.stderr
    scored = sorted(row["customer_id"] for row in published(fed))
    # The deletion may reach the offline store a moment after the query.
    assert scored in (SCORED_IDS, SCORED_IDS[1:])


def test_end_to_end_of_a_range_that_is_empty_says_so(fed: Endpoint) -> None:
    bounds = small_options(BatchIdStart="700", BatchIdEnd="800")

    done = fed.door("execute_pipeline.py", "end-to-end", "--local", *bounds)

    assert done.returncode == 1
    assert re.search(r"has no customers for scoring \(ids 700 to 800\)", " ".join(done.stdout.split()))


def test_end_to_end_before_any_ingestion_says_what_to_run(fed: Endpoint, tmp_path: Path) -> None:
    config = tmp_path / "other.yaml"
    config.write_text("feature_group_name: nobody\n")
    options = ("--config", "configs/pipeline_config.yaml", "--config", str(config))

    done = fed.door("execute_pipeline.py", "end-to-end", "--local", *options, *small_options())

    assert done.returncode == 1
    assert "feature-ingestion" in done.stdout


@pytest.mark.parametrize("bound", ["1 OR 1=1", "1) --", "'"])
def test_a_bound_with_sql_in_it_is_refused_and_never_asked(fed: Endpoint, bound: str) -> None:
    done = fed.door("execute_pipeline.py", "end-to-end", "--local", *small_options(TrainIdStart=bound))

    assert done.returncode == 1
    assert "is refused: write a whole number" in " ".join(done.stdout.split())
