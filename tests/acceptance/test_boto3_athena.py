"""Plain boto3 against the Glue Data Catalog and Athena: a table over files, queries, their results in S3."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import until

BUCKET = "boto3-athena"
DATABASE = "boto3_lake"
TABLE = "boto3_scores"
RESULTS = f"s3://{BUCKET}/results/"
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
COLUMNS = [{"Name": "id", "Type": "string"}, {"Name": "score", "Type": "double"}]


def storage(location: str) -> dict[str, Any]:
    return {**PARQUET, "Columns": COLUMNS, "Location": location}


@pytest.fixture(scope="module")
def athena(endpoint: Endpoint) -> Any:
    """Athena, with a table of two registered days; a third one lies in S3 and nobody registered it."""
    s3, glue = endpoint.client("s3"), endpoint.client("glue")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for day, rows in (("2026-01-01", 3), ("2026-01-02", 2), ("2026-01-03", 1)):
        body = io.BytesIO()
        ids = [f'{day} "{number}"' for number in range(rows)]
        pq.write_table(pa.table({"id": ids, "score": [None, *([0.5] * (rows - 1))]}), body)
        s3.put_object(Bucket=BUCKET, Key=f"scores/dt={day}/part.parquet", Body=body.getvalue())
    glue.create_database(DatabaseInput={"Name": DATABASE})
    glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": TABLE,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE"},
            "PartitionKeys": [{"Name": "dt", "Type": "string"}],
            "StorageDescriptor": storage(f"s3://{BUCKET}/scores/"),
        },
    )
    for day in ("2026-01-01", "2026-01-02"):
        partition = {"Values": [day], "StorageDescriptor": storage(f"s3://{BUCKET}/scores/dt={day}/")}
        glue.create_partition(DatabaseName=DATABASE, TableName=TABLE, PartitionInput=partition)
    return endpoint.client("athena")


def run(athena: Any, sql: str) -> dict[str, Any]:
    query = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": DATABASE},
        ResultConfiguration={"OutputLocation": RESULTS},
    )["QueryExecutionId"]

    def ended() -> Any:
        execution = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        return execution["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"} and execution

    execution: dict[str, Any] = until(ended, timeout=30)
    return execution


def body_of(endpoint: Endpoint, uri: str) -> bytes:
    key = uri.removeprefix(f"s3://{BUCKET}/")
    return bytes(endpoint.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_glue_gives_back_what_was_created(athena: Any, endpoint: Endpoint) -> None:
    glue = endpoint.client("glue")

    table = glue.get_table(DatabaseName=DATABASE, Name=TABLE)["Table"]
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=DATABASE, TableName=TABLE, Expression="dt > '2026-01-01'", PaginationConfig={"PageSize": 1}
    )

    assert table["StorageDescriptor"]["Columns"] == COLUMNS
    assert [partition["Values"] for page in pages for partition in page["Partitions"]] == [["2026-01-02"]]
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="nothing"):
        glue.get_table(DatabaseName=DATABASE, Name="nothing")


def test_a_query_reads_registered_partitions_only(athena: Any) -> None:
    query = run(athena, f"SELECT dt, count(*) AS n FROM {TABLE} GROUP BY dt ORDER BY dt")

    results = athena.get_query_results(QueryExecutionId=query["QueryExecutionId"])
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in results["ResultSet"]["Rows"]]
    assert rows == [["dt", "n"], ["2026-01-01", "3"], ["2026-01-02", "2"]]
    columns = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in columns] == [("dt", "varchar"), ("n", "bigint")]


def test_a_result_is_a_csv_object_as_athena_writes_it(athena: Any, endpoint: Endpoint) -> None:
    query = run(athena, f"SELECT id, score FROM {TABLE} WHERE dt = '2026-01-02' ORDER BY id")

    location = query["ResultConfiguration"]["OutputLocation"]
    assert location == f"{RESULTS}{query['QueryExecutionId']}.csv"
    expected = b'"id","score"\n"2026-01-02 ""0""",\n"2026-01-02 ""1""","0.5"\n'
    assert body_of(endpoint, location) == expected
    assert body_of(endpoint, f"{location}.metadata")
    assert query["Statistics"]["DataScannedInBytes"] > 0
    assert (query["StatementType"], query["WorkGroup"]) == ("DML", "primary")


def test_results_come_in_pages_with_the_header_on_the_first(athena: Any) -> None:
    query = run(athena, f"SELECT id FROM {TABLE} ORDER BY id")

    pages = list(
        athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=query["QueryExecutionId"], PaginationConfig={"PageSize": 2}
        )
    )

    rows = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert [len(page) for page in rows] == [2, 2, 2]
    assert rows[0] == ["id", '2026-01-01 "0"']


def test_null_is_a_cell_without_a_value(athena: Any) -> None:
    query = run(athena, f"SELECT score FROM {TABLE} WHERE dt = '2026-01-02' ORDER BY score NULLS FIRST")

    results = athena.get_query_results(QueryExecutionId=query["QueryExecutionId"])

    assert results["ResultSet"]["Rows"][1:] == [{"Data": [{}]}, {"Data": [{"VarCharValue": "0.5"}]}]


def test_a_query_of_a_missing_table_fails_with_the_reason(athena: Any) -> None:
    query = run(athena, "SELECT * FROM nothing")

    assert query["Status"]["State"] == "FAILED"
    assert "nothing" in query["Status"]["StateChangeReason"]
    assert query["Status"]["AthenaError"]["ErrorCategory"] == 2


def test_results_of_an_unknown_query_are_refused(athena: Any) -> None:
    with pytest.raises(ClientError) as caught:
        athena.get_query_results(QueryExecutionId="00000000-0000-0000-0000-000000000000")

    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_partition_that_is_moved_is_read_at_its_new_place(athena: Any, endpoint: Endpoint) -> None:
    glue = endpoint.client("glue")
    moved = {"Values": ["2026-01-02"], "StorageDescriptor": storage(f"s3://{BUCKET}/scores/dt=2026-01-03/")}

    glue.update_partition(
        DatabaseName=DATABASE, TableName=TABLE, PartitionValueList=["2026-01-02"], PartitionInput=moved
    )

    query = run(athena, f"SELECT id, dt FROM {TABLE} WHERE dt = '2026-01-02'")
    rows = athena.get_query_results(QueryExecutionId=query["QueryExecutionId"])["ResultSet"]["Rows"]
    values = [[cell["VarCharValue"] for cell in row["Data"]] for row in rows]
    assert values == [["id", "dt"], ['2026-01-03 "0"', "2026-01-02"]]
