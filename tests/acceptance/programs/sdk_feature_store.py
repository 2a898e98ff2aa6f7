"""The SDK's Feature Store: a group made of a data frame, filled, read, and queried with Athena."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

# `ingest_dataframe` has no session to be told by; usage data would leave this machine.
_SETTINGS = Path(tempfile.mkdtemp()) / "config.yaml"
_SETTINGS.write_text(
    json.dumps({"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}),
    encoding="utf-8",
)
os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"] = str(_SETTINGS)

import boto3  # noqa: E402  # see above
import pandas as pd  # noqa: E402

from tests.acceptance.programs import sdk_session as own  # noqa: E402  # it quiets the SDK while it is imported

from sagemaker.core.resources import FeatureGroup  # noqa: E402  # isort: skip
from sagemaker.core.shapes import OfflineStoreConfig, OnlineStoreConfig, S3StorageConfig  # noqa: E402  # isort: skip
from sagemaker.mlops.feature_store import (  # noqa: E402  # isort: skip
    create_athena_query,
    ingest_dataframe,
    load_feature_definitions_from_dataframe,
)
from tests.acceptance.programs.report import print_report  # noqa: E402  # isort: skip

_NAME = "sdk-customers"
_ROWS = 60


def _frame() -> pd.DataFrame:
    numbers = range(_ROWS)
    return pd.DataFrame(
        {
            "customer_id": [f"CUST_{number:06d}" for number in numbers],
            "event_time": pd.Series(["2026-01-31T12:00:00Z"] * _ROWS),
            "calls": [number * 2 for number in numbers],
            "fee": [None if number % 10 == 0 else number / 4 for number in numbers],
        }
    )


def create() -> dict[str, Any]:
    """Make the group of the frame's columns and wait for it."""
    own.make_bucket()
    group = FeatureGroup.create(
        feature_group_name=_NAME,
        record_identifier_feature_name="customer_id",
        event_time_feature_name="event_time",
        feature_definitions=load_feature_definitions_from_dataframe(_frame()),
        online_store_config=OnlineStoreConfig(enable_online_store=True),
        offline_store_config=OfflineStoreConfig(s3_storage_config=S3StorageConfig(s3_uri=f"s3://{own.BUCKET}/fs")),
        role_arn=own.ROLE,
    )
    group.wait_for_status("Created", poll=1)
    return {
        "status": group.feature_group_status,
        "types": {item.feature_name: item.feature_type for item in group.feature_definitions},
        "names": [item.feature_group_name for item in FeatureGroup.get_all(name_contains=_NAME)],
    }


def ingest() -> dict[str, Any]:
    """Ingest one half row by row, the other in batches."""
    frame = _frame()
    middle = _ROWS // 2
    first = ingest_dataframe(_NAME, frame[:middle], max_workers=2, region="us-west-2")
    second = ingest_dataframe(_NAME, frame[middle:], use_batch_write_record=True, region="us-west-2")
    return {"failed": [*first.failed_rows, *second.failed_rows]}


def read() -> dict[str, Any]:
    """Read records with and without a null."""
    group = FeatureGroup.get(feature_group_name=_NAME)

    def values(number: int) -> dict[str, str]:
        answer = group.get_record(record_identifier_value_as_string=f"CUST_{number:06d}")
        return {item.feature_name: item.value_as_string for item in answer.record}

    return {"first": values(0), "last": values(_ROWS - 1)}


def query() -> dict[str, Any]:
    """Count and sum through Athena, when all rows have come."""
    athena = create_athena_query(_NAME, own.direct_session())
    sql = f'SELECT count(*) AS n, sum(calls) AS calls, count(fee) AS fees FROM "{athena.table_name}"'  # our own
    for _ in range(10):
        athena.run(sql, f"s3://{own.BUCKET}/athena")
        athena.wait()
        row = athena.as_dataframe().iloc[0]
        if row["n"] == _ROWS:
            break
    return {"rows": int(row["n"]), "calls": int(row["calls"]), "fees": int(row["fees"])}


def delete() -> dict[str, Any]:
    """Delete the group; its files stay."""
    FeatureGroup.get(feature_group_name=_NAME).delete()
    listed = boto3.client("s3").list_objects_v2(Bucket=own.BUCKET, Prefix="fs/")
    return {"has_files": listed["KeyCount"] > 0}


if __name__ == "__main__":
    print_report({"create": create, "ingest": ingest, "read": read, "query": query, "delete": delete})
