"""`explain` over what the end-to-end pipeline has published on a started endpoint."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.conftest import FROM_S3, Endpoint
from tests.acceptance.execution import BUCKET, SCORED_IDS, Execution, published, start

DAY = "2026-02-20"
CUSTOMER = SCORED_IDS[17]


@pytest.fixture(scope="module")
def scored(deployed: Endpoint) -> Execution:
    """An execution that has published DAY."""
    execution = start(deployed, InferenceDate=DAY)
    assert execution.wait() == "Succeeded"
    return execution


def explain(endpoint: Endpoint, *words: str) -> subprocess.CompletedProcess[str]:
    return endpoint.door("pipeline.py", "explain", *words, "--local", *FROM_S3)


def document(endpoint: Endpoint, *words: str) -> dict[str, Any]:
    done = explain(endpoint, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_published_score_is_proved_and_explained(deployed: Endpoint, scored: Execution) -> None:
    found = document(deployed, CUSTOMER, "--day", DAY, "--top", "100")

    (row,) = [row for row in published(deployed, DAY) if row["customer_id"] == CUSTOMER]
    assert found["is_published_score"] is True
    assert (found["id"], found["day"], found["execution_id"]) == (CUSTOMER, DAY, scored.id)
    assert found["model_package_arn"] == row["model_package_arn"]
    assert len(found["features"]) == 18
    total = found["base_value"] + sum(feature["contribution"] for feature in found["features"])
    assert total == pytest.approx(found["margin"], abs=1e-4)
    assert found["other_features"] == {"count": 0, "contribution": 0}


def test_first_and_last_customer_of_the_newest_day_are_found(deployed: Endpoint, scored: Execution) -> None:
    for customer in (SCORED_IDS[0], SCORED_IDS[-1]):
        done = explain(deployed, customer)

        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{customer}, 2026-" in done.stdout
        assert "exactly the same." in done.stdout
        assert "raises" in done.stdout
        assert "lowers" in done.stdout


def test_customer_who_was_not_scored_is_refused_with_the_days(deployed: Endpoint, scored: Execution) -> None:
    done = explain(deployed, "CUST_000001' OR '1'='1")

    assert done.returncode == 1
    assert "has no prediction in ml_metrics.churn_daily_predictions. Published are: " in done.stderr
    assert DAY in done.stderr


def test_score_that_was_changed_after_it_was_published_is_an_error(deployed: Endpoint, scored: Execution) -> None:
    """A table with one digit changed stands for a score that this model never gave."""
    place = f"s3://{BUCKET}/tests/explain/changed/"
    statement = f"""CREATE TABLE changed WITH (external_location = '{place}', format = 'PARQUET') AS
        SELECT customer_id, prediction, prediction_probability + 0.0001 AS prediction_probability,
               prediction_timestamp, model_package_arn, execution_id, dt
        FROM churn_daily_predictions WHERE dt = '{DAY}'"""
    made = deployed.door("pipeline.py", "query", statement, "--local")
    assert made.returncode == 0, made.stderr

    done = explain(deployed, CUSTOMER, "--table", "changed")

    assert done.returncode == 1
    assert f"The score of '{CUSTOMER}' is not the published one: prediction_probability 0." in done.stderr
    assert "was published, the model gives 0." in done.stderr


def test_batch_that_is_gone_is_said(deployed: Endpoint, scored: Execution) -> None:
    s3, prefix = deployed.client("s3"), f"mlops/churn/data/batch/{scored.id}/"
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]
    bodies = {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}
    for key in keys:
        s3.delete_object(Bucket=BUCKET, Key=key)

    done = explain(deployed, CUSTOMER, "--day", DAY)

    for key, body in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    assert done.returncode == 1
    assert f"what was scored is not at s3://{BUCKET}/{prefix} any more" in done.stderr
