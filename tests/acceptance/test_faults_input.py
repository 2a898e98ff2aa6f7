"""Bad input is refused by name before anything is trained, too large input before anything is scored."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tests.acceptance.execution import (
    BUCKET,
    CUSTOMERS,
    HasClients,
    as_parquet,
    put_input,
    small_customers,
    start,
    until,
    versions,
)
from tests.acceptance.probe import ROLE


def _replace(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def _with_id_twice(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(41, 1)])


def _with_one_class(rows: pa.Table) -> pa.Table:
    return _replace(rows, "churned", pa.array([0] * CUSTOMERS))


def _with_text_in(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: _replace(rows, name, pa.array(["many"] * CUSTOMERS))


def _without(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.drop_columns(name)


def _with_extra(rows: pa.Table) -> pa.Table:
    return rows.append_column("shoe_size", pa.array([42] * CUSTOMERS))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        pytest.param(_without("age"), ["customers.parquet", "missing columns ['age']", "expected are"], id="missing"),
        pytest.param(_with_extra, ["customers.parquet", "extra ['shoe_size']", "expected are"], id="extra"),
        pytest.param(_with_text_in("age"), ["row 1", "column 'age'", "'many'", "expected is a number"], id="ill-typed"),
        pytest.param(_with_one_class, ["'churned'", "one class '0'", "both of '0', '1'"], id="class"),
        pytest.param(_with_id_twice, ["'CUST_000042' occurs twice", "row 42", "row 601"], id="id-twice"),
        pytest.param(lambda rows: rows.slice(0, 0), ["is empty", "have no rows"], id="no-rows"),
    ],
)
def test_spoilt_customers_are_refused_by_name_before_training(
    deployed: HasClients, request: pytest.FixtureRequest, spoil: Callable[[pa.Table], pa.Table], expected: list[str]
) -> None:
    uri = put_input(deployed, request.node.callspec.id, as_parquet(spoil(small_customers())))
    before = versions(deployed)

    execution = start(deployed, InputDataUri=uri)

    assert execution.wait() == "CompletedWithFailures"
    assert execution.states()["Preprocess"] == "Failed"
    assert "Train" not in execution.states()
    reason = execution.reason("Preprocess")
    assert [text for text in expected if text not in reason] == [], reason
    assert versions(deployed) == before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CUST_000001,many", ["'customers.csv'", "row 1", "'age'", "'many'", "expected is a number"]),
        ("customer one,30", ["'customers.csv'", "row 1", "'customer one'", "CUST_"]),
    ],
)
def test_bad_value_in_a_csv_file_is_shown_with_its_place(deployed: HasClients, line: str, expected: list[str]) -> None:
    names = small_customers().schema.names
    values = dict(zip(("customer_id", "age"), line.split(","), strict=True))
    text = ",".join(names) + "\n" + ",".join(values.get(name, "1" if name == "churned" else "") for name in names)
    uri = put_input(deployed, f"csv-{values['age']}", text.encode(), name="customers.csv")

    execution = start(deployed, InputDataUri=uri)

    assert execution.wait() == "CompletedWithFailures"
    reason = execution.reason("Preprocess")
    assert [part for part in expected if part not in reason] == [], reason


def test_a_missing_bucket_is_named(deployed: HasClients) -> None:
    execution = start(deployed, InputDataUri="s3://no-such-bucket/customers/")

    assert execution.wait() == "CompletedWithFailures"
    reason = execution.reason("Preprocess")
    assert "the bucket 'no-such-bucket' of s3://no-such-bucket/customers/ does not exist" in reason
    assert "Check the address" in reason


def test_an_empty_prefix_is_named(deployed: HasClients) -> None:
    execution = start(deployed, InputDataUri=f"s3://{BUCKET}/tests/nothing-here/")

    assert execution.wait() == "CompletedWithFailures"
    assert f"s3://{BUCKET}/tests/nothing-here/" in execution.reason("Preprocess")


def test_a_mended_input_is_read_by_a_retry(deployed: HasClients) -> None:
    uri = put_input(deployed, "mended", as_parquet(small_customers().drop_columns("age")))
    execution = start(deployed, InputDataUri=uri)
    assert execution.wait() == "CompletedWithFailures"

    put_input(deployed, "mended", as_parquet(small_customers()))
    execution.retry()

    assert execution.wait() == "Succeeded"


def test_an_input_larger_than_the_payload_limit_fails_the_transform_by_its_key(deployed: HasClients) -> None:
    if not versions(deployed):
        assert start(deployed).wait() == "Succeeded"
    _make_model(deployed, "payload")
    deployed.client("s3").put_object(Bucket=BUCKET, Key="tests/payload/in/big.csv", Body=b"1,2,3\n" * 200_000)

    job = _transform(deployed, "payload", "tests/payload")

    assert job["TransformJobStatus"] == "Failed"
    reason = job["FailureReason"]
    assert f"{BUCKET}/tests/payload/in/big.csv" in reason
    assert "1200000 bytes do not fit into one request of at most 1048576 bytes (MaxPayloadInMB is 1)" in reason
    assert "raise MaxPayloadInMB (100 at most)" in reason
    assert "Contents" not in deployed.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="tests/payload/out/")


def _make_model(endpoint: HasClients, name: str) -> None:
    newest = versions(endpoint)[-1]["ModelPackageArn"]
    endpoint.client("sagemaker").create_model(
        ModelName=name, PrimaryContainer={"ModelPackageName": newest}, ExecutionRoleArn=ROLE
    )


def _transform(endpoint: HasClients, model: str, prefix: str) -> dict[str, Any]:
    """Run a transform job of at most 1 MB a request to its end."""
    sagemaker, name = endpoint.client("sagemaker"), f"{model}-{uuid.uuid4().hex[:8]}"
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}/in/"}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        MaxPayloadInMB=1,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "None"},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/{prefix}/out/"},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    )

    def ended() -> Any:
        job = sagemaker.describe_transform_job(TransformJobName=name)
        return job["TransformJobStatus"] not in {"InProgress", "Stopping"} and job

    described: dict[str, Any] = until(ended, timeout=60)
    return described
