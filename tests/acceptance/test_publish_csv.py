"""A run of the whole pipeline that leaves its predictions as CSV, too."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.acceptance.conftest import FROM_S3, Endpoint
from tests.acceptance.execution import BUCKET, SCORED_IDS, start

PROJECT_NAME = "churn-csv"


def test_predictions_are_in_the_bucket_as_csv(deployed: Endpoint, tmp_path: Path) -> None:
    config = tmp_path / "csv.yaml"
    config.write_text(
        f"project_name: {PROJECT_NAME}\nathena_output_table: churn_csv\npublish: {{predictions_format: csv}}\n"
        # A group of its own: other tests count the versions of the example's.
        "model_package_group: churn-csv-models\nregistration: {approval_status: Approved}\n",
        encoding="utf-8",
    )
    options = ("--local", *FROM_S3, "--config", str(config))
    done = deployed.door("pipeline.py", "upsert", "end-to-end", *options)
    assert done.returncode == 0, done.stderr
    small = {"TrainIdEnd": "400", "BatchIdStart": "401", "BatchIdEnd": "600", "NumRound": "5", "MetricThreshold": "0.5"}

    execution = start(deployed, f"{PROJECT_NAME}-end-to-end", **small)

    assert execution.wait() == "Succeeded", execution.steps()
    s3 = deployed.client("s3")
    prefix = f"mlops/churn/predictions/csv/{execution.id}/"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]
    bodies = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys]
    rows = [row for body in bodies for row in csv.DictReader(io.StringIO(body))]
    assert [row["customer_id"] for row in rows] == SCORED_IDS
    assert set(rows[0]) == {"customer_id", "prediction", "prediction_probability"}
