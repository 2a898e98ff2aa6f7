"""Work groups, prepared statements, named queries and EXPLAIN, as clients call them."""

from __future__ import annotations

import re
import time
from typing import Any

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


def run(athena: ApiClient, sql: str, **request: Any) -> dict[str, Any]:
    context = {"QueryExecutionContext": {"Database": "sales"}}
    started = athena.call("StartQueryExecution", QueryString=sql, **context, **request)
    while True:
        query: dict[str, Any] = athena.call("GetQueryExecution", **started)["QueryExecution"]
        if query["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return query
        time.sleep(0.01)


def texts(athena: ApiClient, query: dict[str, Any]) -> list[list[str | None]]:
    results = athena.call("GetQueryResults", QueryExecutionId=query["QueryExecutionId"])["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in results]


def create(athena: ApiClient, name: str, **configuration: Any) -> None:
    athena.call("CreateWorkGroup", Name=name, Configuration=configuration)


def test_primary_is_always_there_and_can_be_changed(athena: ApiClient) -> None:
    assert athena.pages("ListWorkGroups", "WorkGroups")[0]["Name"] == "primary"

    athena.call("UpdateWorkGroup", WorkGroup="primary", ConfigurationUpdates={"ResultConfigurationUpdates": _OUTPUT})

    assert run(athena, "SELECT 1")["ResultConfiguration"]["OutputLocation"].startswith("s3://results/here/")
    with pytest.raises(Refused, match="primary WorkGroup cannot be deleted"):
        athena.call("DeleteWorkGroup", WorkGroup="primary")
    with pytest.raises(Refused, match="WorkGroup primary is already created"):
        create(athena, "primary")


def test_enforced_location_replaces_that_of_the_query(athena: ApiClient) -> None:
    create(athena, "team", ResultConfiguration={"OutputLocation": "s3://results/team/"})

    query = run(athena, "SELECT 1", WorkGroup="team", ResultConfiguration=_OUTPUT)

    assert query["ResultConfiguration"]["OutputLocation"] == f"s3://results/team/{query['QueryExecutionId']}.csv"
    assert query["WorkGroup"] == "team"


def test_location_that_is_not_enforced_is_used_when_the_query_has_none(athena: ApiClient) -> None:
    create(
        athena, "team", ResultConfiguration={"OutputLocation": "s3://results/team"}, EnforceWorkGroupConfiguration=False
    )

    own = run(athena, "SELECT 1", WorkGroup="team", ResultConfiguration=_OUTPUT)
    other = run(athena, "SELECT 1", WorkGroup="team")

    assert own["ResultConfiguration"]["OutputLocation"].startswith("s3://results/here/")
    assert other["ResultConfiguration"]["OutputLocation"].startswith("s3://results/team/")


def test_enforced_location_is_that_of_new_tables(athena: ApiClient, warehouse: Warehouse) -> None:
    create(athena, "team", ResultConfiguration={"OutputLocation": "s3://results/team/"})

    query = run(athena, "CREATE TABLE t AS SELECT 1 AS a", WorkGroup="team")
    refused = run(athena, "CREATE TABLE u WITH (external_location = 's3://lake/u/') AS SELECT 1 AS a", WorkGroup="team")

    location = warehouse.catalog.tables.get("sales", "t").storage["Location"]
    assert location == f"s3://results/team/tables/{query['QueryExecutionId']}/"
    assert "enforces a centralized output location" in refused["Status"]["StateChangeReason"]


def test_query_above_the_scan_limit_is_cancelled(athena: ApiClient, warehouse: Warehouse) -> None:
    create(athena, "team", ResultConfiguration=_OUTPUT, BytesScannedCutoffPerQuery=10_000_000)
    warehouse.table("t", {"s": "string"}, serde="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe")
    warehouse.text("t/a", "x" * 10_000_001)

    status = run(athena, "SELECT count(*) FROM t", WorkGroup="team")["Status"]

    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Query cancelled! : Bytes scanned limit was exceeded",
    )
    athena.call("UpdateWorkGroup", WorkGroup="team", ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True})
    assert run(athena, "SELECT count(*) FROM t", WorkGroup="team")["Status"]["State"] == "SUCCEEDED"


def test_disabled_or_unknown_work_group_takes_no_query(athena: ApiClient) -> None:
    create(athena, "team", ResultConfiguration=_OUTPUT)
    athena.call("UpdateWorkGroup", WorkGroup="team", State="DISABLED", Description="closed")

    with pytest.raises(Refused, match="WorkGroup team is disabled"):
        run(athena, "SELECT 1", WorkGroup="team")
    with pytest.raises(Refused, match="WorkGroup nope is not found"):
        run(athena, "SELECT 1", WorkGroup="nope")
    group = athena.call("GetWorkGroup", WorkGroup="team")["WorkGroup"]
    assert (group["State"], group["Description"]) == ("DISABLED", "closed")


def test_work_group_with_content_is_deleted_only_recursively(athena: ApiClient) -> None:
    create(athena, "team")
    named = athena.call("CreateNamedQuery", Name="n", Database="sales", QueryString="SELECT 1", WorkGroup="team")

    with pytest.raises(Refused, match="WorkGroup team is not empty: it has named queries"):
        athena.call("DeleteWorkGroup", WorkGroup="team")
    athena.call("DeleteWorkGroup", WorkGroup="team", RecursiveDeleteOption=True)

    with pytest.raises(Refused, match="WorkGroup team is not found"):
        athena.call("GetWorkGroup", WorkGroup="team")
    with pytest.raises(Refused, match="was not found"):
        athena.call("GetNamedQuery", **named)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"ExecutionRole": "arn:aws:iam::000000000000:role/somebody"}, "Configuration.ExecutionRole"),
        (
            {"ResultConfiguration": {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS"}}},
            "EncryptionOption SSE_KMS",
        ),
        ({"ResultConfiguration": {"OutputLocation": "folder/"}}, "not a valid S3 path"),
    ],
)
def test_setting_that_is_not_supported_is_refused_by_name(
    athena: ApiClient, configuration: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=re.escape(message)):
        create(athena, "team", **configuration)


def test_prepared_statement_of_the_api_is_executed(athena: ApiClient) -> None:
    identity = {"StatementName": "Add_Up", "WorkGroup": "primary"}
    athena.call("CreatePreparedStatement", **identity, QueryStatement="SELECT ? + 1 AS a, ? AS b", Description="d")

    query = run(athena, "EXECUTE add_up USING 1, 'x, y'", ResultConfiguration=_OUTPUT)
    other = run(athena, "EXECUTE add_up", ResultConfiguration=_OUTPUT, ExecutionParameters=["2", "'z'"])

    assert texts(athena, query) == [["a", "b"], ["2", "x, y"]]
    assert texts(athena, other) == [["a", "b"], ["3", "z"]]
    assert (query["StatementType"], query["SubstatementType"]) == ("DML", "SELECT")
    found = athena.call("GetPreparedStatement", **identity)["PreparedStatement"]
    assert (found["QueryStatement"], found["WorkGroupName"]) == ("SELECT ? + 1 AS a, ? AS b", "primary")


def test_prepared_statements_are_listed_changed_and_deleted(athena: ApiClient) -> None:
    for name in ("one", "two"):
        athena.call("CreatePreparedStatement", StatementName=name, WorkGroup="primary", QueryStatement="SELECT 1")
    athena.call("UpdatePreparedStatement", StatementName="one", WorkGroup="primary", QueryStatement="SELECT 2")

    listed = athena.pages("ListPreparedStatements", "PreparedStatements", WorkGroup="primary", MaxResults=1)
    batch = athena.call("BatchGetPreparedStatement", WorkGroup="primary", PreparedStatementNames=["one", "nope"])
    athena.call("DeletePreparedStatement", StatementName="one", WorkGroup="primary")

    assert [item["StatementName"] for item in listed] == ["one", "two"]
    assert [item["QueryStatement"] for item in batch["PreparedStatements"]] == ["SELECT 2"]
    assert [item["StatementName"] for item in batch["UnprocessedPreparedStatementNames"]] == ["nope"]
    with pytest.raises(Refused, match="PreparedStatement one was not found in workGroup primary") as caught:
        athena.call("GetPreparedStatement", StatementName="one", WorkGroup="primary")
    assert caught.value.code == "ResourceNotFoundException"
    with pytest.raises(Refused, match="PreparedStatement two already exists"):
        athena.call("CreatePreparedStatement", StatementName="two", WorkGroup="primary", QueryStatement="SELECT 1")
    with pytest.raises(Refused, match="A prepared statement is a SELECT"):
        athena.call("CreatePreparedStatement", StatementName="x_1", WorkGroup="primary", QueryStatement="SHOW TABLES")


def test_statement_is_prepared_executed_and_forgotten_in_sql(athena: ApiClient, warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "bigint"})

    prepared = run(athena, "PREPARE ins FROM INSERT INTO t VALUES (?)", ResultConfiguration=_OUTPUT)
    query = run(athena, "EXECUTE ins USING BIGINT '7'", ResultConfiguration=_OUTPUT)
    run(athena, "DEALLOCATE PREPARE ins", ResultConfiguration=_OUTPUT)

    assert prepared["Status"]["State"] == "SUCCEEDED"
    assert (query["Status"]["State"], query["SubstatementType"]) == ("SUCCEEDED", "INSERT")
    assert warehouse.rows("SELECT n FROM t") == [["7"]]
    with pytest.raises(Refused, match="PreparedStatement ins was not found in workGroup primary"):
        run(athena, "EXECUTE ins USING 1", ResultConfiguration=_OUTPUT)
    failed = run(athena, "DEALLOCATE PREPARE ins", ResultConfiguration=_OUTPUT)
    assert failed["Status"]["StateChangeReason"].startswith("NOT_FOUND: PreparedStatement ins")


def test_executed_statement_needs_as_many_values_as_question_marks(athena: ApiClient) -> None:
    run(athena, "PREPARE two_values FROM SELECT ?, ?", ResultConfiguration=_OUTPUT)

    status = run(athena, "EXECUTE two_values USING 1", ResultConfiguration=_OUTPUT)["Status"]

    assert "expected 2 but found 1" in status["StateChangeReason"]


def test_named_queries_are_kept_for_people(athena: ApiClient) -> None:
    made = athena.call("CreateNamedQuery", Name="n", Database="sales", QueryString="SELECT 1", Description="d")
    athena.call("UpdateNamedQuery", **made, Name="m", QueryString="SELECT 2")

    assert athena.call("ListNamedQueries")["NamedQueryIds"] == [made["NamedQueryId"]]
    found = athena.call("GetNamedQuery", **made)["NamedQuery"]
    assert (found["Name"], found["QueryString"], found["Description"]) == ("m", "SELECT 2", "d")
    batch = athena.call("BatchGetNamedQuery", NamedQueryIds=[made["NamedQueryId"], "nope"])
    assert (len(batch["NamedQueries"]), batch["UnprocessedNamedQueryIds"][0]["NamedQueryId"]) == (1, "nope")
    athena.call("DeleteNamedQuery", **made)
    assert athena.call("ListNamedQueries") == {}


def test_explain_tells_what_a_query_reads_and_runs_nothing(athena: ApiClient, warehouse: Warehouse) -> None:
    warehouse.table("t", {"n": "bigint", "s": "string"}, keys={"dt": "string"})

    query = run(athena, "EXPLAIN SELECT n FROM t WHERE dt = 'a'", ResultConfiguration=_OUTPUT)

    assert (query["StatementType"], query["SubstatementType"]) == ("UTILITY", "EXPLAIN")
    lines = [row[0] for row in texts(athena, query)]
    assert lines[:4] == [
        "Query Plan",
        "Output[columnNames = [n]]",
        "    Layout: [n:bigint]",
        "    TableScan[table = awsdatacatalog:sales:t]",
    ]
    assert "        dt := dt:varchar:PARTITION_KEY" in lines
    assert not any("s := s" in str(line) for line in lines)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE"),
        ("EXPLAIN (FORMAT JSON) SELECT 1", "(FORMAT TEXT)"),
        ("EXPLAIN INSERT INTO t VALUES 1", "EXPLAIN INSERT INTO"),
    ],
)
def test_other_explain_is_refused_by_name(athena: ApiClient, sql: str, reason: str) -> None:
    status = run(athena, sql, ResultConfiguration=_OUTPUT)["Status"]

    assert status["StateChangeReason"].startswith("NOT_SUPPORTED")
    assert reason in status["StateChangeReason"]


def test_explain_of_parentheses_is_no_option(athena: ApiClient) -> None:
    assert run(athena, "EXPLAIN (SELECT 1)", ResultConfiguration=_OUTPUT)["Status"]["State"] == "SUCCEEDED"
    assert run(athena, "EXPLAIN (FORMAT TEXT) SELECT 1", ResultConfiguration=_OUTPUT)["Status"]["State"] == "SUCCEEDED"
