"""Athena's operations as clients call them; every response fits AWS's own service model."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest

from sagemaker_local.api.athena import athena_operations
from sagemaker_local.api.dispatch import Api
from tests.fakes.api_client import ApiClient, Refused
from tests.fakes.warehouse import Warehouse

_OUTPUT = {"OutputLocation": "s3://results/here/"}


@pytest.fixture
def athena(warehouse: Warehouse) -> ApiClient:
    """A client on the warehouse."""
    return ApiClient(Api({"athena": athena_operations(warehouse.queries)}), "athena")


def _run(athena: ApiClient, sql: str, **request: Any) -> dict[str, Any]:
    started = athena.call("StartQueryExecution", QueryString=sql, ResultConfiguration=_OUTPUT, **request)
    while True:
        query: dict[str, Any] = athena.call("GetQueryExecution", **started)["QueryExecution"]
        if query["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return query
        time.sleep(0.01)


def test_query_execution_shows_state_statistics_and_result(athena: ApiClient, warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "bigint"})
    warehouse.parquet("t/a.parquet", {"x": [1, 2]})

    query = _run(athena, "SELECT sum(x) AS total FROM t", QueryExecutionContext={"Database": "sales"})

    assert query["Status"]["State"] == "SUCCEEDED"
    assert (query["StatementType"], query["SubstatementType"], query["WorkGroup"]) == ("DML", "SELECT", "primary")
    assert query["ResultConfiguration"]["OutputLocation"] == f"s3://results/here/{query['QueryExecutionId']}.csv"
    assert query["QueryExecutionContext"] == {"Database": "sales"}
    assert query["Statistics"]["DataScannedInBytes"] > 0
    assert query["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"


def test_failed_query_shows_athenas_error(athena: ApiClient) -> None:
    status = _run(athena, "SELECT nope")["Status"]

    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved")
    assert status["AthenaError"]["ErrorCategory"] == 2
    assert status["AthenaError"]["Retryable"] is False


def test_results_begin_with_the_header_and_leave_null_out(athena: ApiClient) -> None:
    query = _run(athena, "SELECT * FROM (VALUES (1, 'a'), (2, NULL), (3, '')) t(n, s) ORDER BY n")
    identity = {"QueryExecutionId": query["QueryExecutionId"]}

    first = athena.call("GetQueryResults", **identity, MaxResults=3)
    second = athena.call("GetQueryResults", **identity, MaxResults=3, NextToken=first["NextToken"])

    assert [row["Data"] for row in first["ResultSet"]["Rows"]] == [
        [{"VarCharValue": "n"}, {"VarCharValue": "s"}],
        [{"VarCharValue": "1"}, {"VarCharValue": "a"}],
        [{"VarCharValue": "2"}, {}],
    ]
    assert [row["Data"] for row in second["ResultSet"]["Rows"]] == [[{"VarCharValue": "3"}, {"VarCharValue": ""}]]
    assert "NextToken" not in second
    assert first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0] == {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": "n",
        "Label": "n",
        "Type": "integer",
        "Precision": 10,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": False,
    }


def test_queries_are_listed_newest_first_in_pages(athena: ApiClient) -> None:
    ids = [_run(athena, f"SELECT {number}")["QueryExecutionId"] for number in range(3)]

    assert athena.pages("ListQueryExecutions", "QueryExecutionIds", MaxResults=2) == ids[::-1]


def test_batch_get_reports_unknown_queries(athena: ApiClient) -> None:
    known = _run(athena, "SELECT 1")["QueryExecutionId"]

    answer = athena.call("BatchGetQueryExecution", QueryExecutionIds=[known, "unknown"])

    assert [query["QueryExecutionId"] for query in answer["QueryExecutions"]] == [known]
    assert [item["QueryExecutionId"] for item in answer["UnprocessedQueryExecutionIds"]] == ["unknown"]


def test_runtime_statistics_count_rows_and_bytes(athena: ApiClient) -> None:
    query = _run(athena, "SELECT * FROM (VALUES 1, 2) t(x)")

    found = athena.call("GetQueryRuntimeStatistics", QueryExecutionId=query["QueryExecutionId"])

    assert found["QueryRuntimeStatistics"]["Rows"] == {"InputBytes": 0, "OutputRows": 2}


@pytest.mark.parametrize(
    ("request_members", "reason"),
    [
        ({"ResultConfiguration": {}}, "No output location provided"),
        ({"WorkGroup": "analysts"}, "WorkGroup analysts is not found"),
        ({"QueryExecutionContext": {"Catalog": "other"}}, "Catalog other is not found"),
        (
            {"ResultConfiguration": {**_OUTPUT, "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS"}}},
            "EncryptionOption SSE_KMS is not supported",
        ),
        (
            {"ResultConfiguration": {**_OUTPUT, "ExpectedBucketOwner": "111111111111"}},
            "belongs to account 000000000000",
        ),
        ({"QueryString": "SELECT 1 FROM"}, "mismatched input"),
    ],
)
def test_request_that_cannot_run_is_refused_at_once(
    athena: ApiClient, request_members: dict[str, Any], reason: str
) -> None:
    members = {"QueryString": "SELECT 1", "ResultConfiguration": _OUTPUT, **request_members}

    with pytest.raises(Refused, match=f"InvalidRequestException: .*{reason}"):
        athena.call("StartQueryExecution", **members)


def test_only_the_primary_work_group_is_there(athena: ApiClient) -> None:
    assert athena.call("GetWorkGroup", WorkGroup="primary")["WorkGroup"]["State"] == "ENABLED"
    assert [group["Name"] for group in athena.call("ListWorkGroups")["WorkGroups"]] == ["primary"]
    with pytest.raises(Refused, match="WorkGroup other is not found"):
        athena.call("GetWorkGroup", WorkGroup="other")


def test_catalog_is_glues(athena: ApiClient, warehouse: Warehouse) -> None:
    warehouse.table("orders", {"x": "int"}, keys={"dt": "string"})
    warehouse.table("other", {"y": "int"})
    catalog = {"CatalogName": "AwsDataCatalog"}

    assert athena.call("ListDataCatalogs")["DataCatalogsSummary"][0]["CatalogName"] == "AwsDataCatalog"
    assert athena.call("GetDataCatalog", Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    assert athena.call("GetDatabase", **catalog, DatabaseName="SALES")["Database"] == {"Name": "sales"}
    assert [item["Name"] for item in athena.call("ListDatabases", **catalog)["DatabaseList"]] == ["sales"]
    table = athena.call("GetTableMetadata", **catalog, DatabaseName="sales", TableName="orders")["TableMetadata"]
    assert (table["Columns"], table["PartitionKeys"]) == (
        [{"Name": "x", "Type": "int"}],
        [{"Name": "dt", "Type": "string"}],
    )
    assert table["Parameters"]["location"] == "s3://lake/orders/"
    listed = athena.call("ListTableMetadata", **catalog, DatabaseName="sales", Expression="or.*")
    assert [item["Name"] for item in listed["TableMetadataList"]] == ["orders"]


@pytest.mark.parametrize("table", ["nope.t", "sales.nope"])
def test_metadata_of_what_is_not_there_is_refused(athena: ApiClient, table: str) -> None:
    database, name = table.split(".")

    with pytest.raises(Refused, match=r"MetadataException: .*nope not found"):
        athena.call("GetTableMetadata", CatalogName="AwsDataCatalog", DatabaseName=database, TableName=name)


def test_execution_parameters_are_shown_again(athena: ApiClient, warehouse: Warehouse) -> None:
    warehouse.table("t", {"x": "int"})
    warehouse.parquet("t/a.parquet", {"x": pa.array([1, 2, 3], pa.int32())})

    query = _run(athena, "SELECT count(*) FROM sales.t WHERE x > ?", ExecutionParameters=["1"])

    assert query["ExecutionParameters"] == ["1"]
    rows = athena.call("GetQueryResults", QueryExecutionId=query["QueryExecutionId"])["ResultSet"]["Rows"]
    assert rows[1]["Data"] == [{"VarCharValue": "2"}]
