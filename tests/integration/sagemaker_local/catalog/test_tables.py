"""Tables of the Glue Data Catalog and their versions."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from tests.fakes.api_client import ApiClient, Refused


def _table(name: str = "t", **members: Any) -> dict[str, Any]:
    storage = {"Columns": [{"Name": "x", "Type": "int"}], "Location": "s3://b/t/"}
    return {"Name": name, "StorageDescriptor": storage, **members}


@pytest.fixture
def sales(glue: ApiClient) -> ApiClient:
    """A catalog with the empty database `sales`."""
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})
    return glue


def test_table_is_kept_with_a_lower_case_name_and_version_0(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="SALES", TableInput=_table("Orders", Parameters={"classification": "csv"}))

    found = sales.call("GetTable", DatabaseName="sales", Name="ORDERS")["Table"]

    assert (found["Name"], found["DatabaseName"], found["VersionId"]) == ("orders", "sales", "0")
    assert found["Parameters"] == {"classification": "csv"}
    assert found["StorageDescriptor"]["Location"] == "s3://b/t/"


def test_table_of_a_taken_name_or_without_database_is_refused(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())

    with pytest.raises(Refused, match=r"AlreadyExistsException: Table sales\.t already exists"):
        sales.call("CreateTable", DatabaseName="sales", TableInput=_table("T"))
    with pytest.raises(Refused, match="EntityNotFoundException: Database nope not found"):
        sales.call("CreateTable", DatabaseName="nope", TableInput=_table())


def test_missing_table_or_database_is_refused_by_name(sales: ApiClient) -> None:
    with pytest.raises(Refused, match="EntityNotFoundException: Table nope not found in database sales"):
        sales.call("GetTable", DatabaseName="sales", Name="nope")
    with pytest.raises(Refused, match="EntityNotFoundException: Database nope not found"):
        sales.call("GetTable", DatabaseName="nope", Name="t")


def test_column_that_is_there_twice_is_refused_by_name(sales: ApiClient) -> None:
    keys = [{"Name": "X", "Type": "string"}]

    with pytest.raises(Refused, match=r"InvalidInputException: Column names are there twice.*\['x'\]"):
        sales.call("CreateTable", DatabaseName="sales", TableInput=_table(PartitionKeys=keys))


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a.*", ["a1", "a2"]),
        ("A.*", ["a1", "a2"]),
        ("a", []),
        (".*2|b", ["a2", "b"]),
        ("[ab]\\d?", ["a1", "a2", "b"]),
        ("[ab]*", ["b"]),
        ("a*", ["a1", "a2"]),
        ("*2", ["a2"]),
    ],
)
def test_tables_are_chosen_by_a_regular_expression(sales: ApiClient, expression: str, names: list[str]) -> None:
    for name in ("b", "a2", "a1"):
        sales.call("CreateTable", DatabaseName="sales", TableInput=_table(name))

    found = sales.pages("GetTables", "TableList", DatabaseName="sales", Expression=expression, MaxResults=1)

    assert [table["Name"] for table in found] == names


def test_expression_that_is_no_regular_expression_is_refused(sales: ApiClient) -> None:
    with pytest.raises(Refused, match=r"InvalidInputException: Expression '\(a' is not a regular expression"):
        sales.call("GetTables", DatabaseName="sales", Expression="(a")


def test_tables_are_found_by_text_in_all_databases(sales: ApiClient) -> None:
    sales.call("CreateDatabase", DatabaseInput={"Name": "other"})
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table("orders", Description="What customers want"))
    sales.call("CreateTable", DatabaseName="other", TableInput=_table("customers"))
    sales.call("CreateTable", DatabaseName="other", TableInput=_table("else"))

    found = sales.call("SearchTables", SearchText="Customers")["TableList"]

    assert [table["Name"] for table in found] == ["customers", "orders"]


def test_update_makes_a_new_version_and_keeps_the_old_one(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table(Description="first"))

    sales.call("UpdateTable", DatabaseName="sales", TableInput=_table(Description="second"))

    table = {"DatabaseName": "sales", "TableName": "t"}
    versions = sales.pages("GetTableVersions", "TableVersions", **table, MaxResults=1)
    assert [(v["VersionId"], v["Table"]["Description"]) for v in versions] == [("1", "second"), ("0", "first")]
    assert sales.call("GetTableVersion", **table, VersionId="0")["TableVersion"]["Table"]["Description"] == "first"
    assert sales.call("GetTableVersion", **table)["TableVersion"]["VersionId"] == "1"


def test_update_without_archive_keeps_no_old_version(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())

    sales.call("UpdateTable", DatabaseName="sales", TableInput=_table(), SkipArchive=True)

    versions = sales.call("GetTableVersions", DatabaseName="sales", TableName="t")["TableVersions"]
    assert [version["VersionId"] for version in versions] == ["1"]


def test_update_of_a_version_that_is_not_current_is_refused(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())
    sales.call("UpdateTable", DatabaseName="sales", TableInput=_table(), VersionId="0")

    with pytest.raises(Refused, match="ConcurrentModificationException: Update table failed due to concurrent"):
        sales.call("UpdateTable", DatabaseName="sales", TableInput=_table(), VersionId="0")


def test_writers_with_version_ids_lose_no_update(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table(Parameters={"count": "0"}))

    def increment_ten_times() -> None:
        done = 0
        while done < 10:
            table = sales.call("GetTable", DatabaseName="sales", Name="t")["Table"]
            count = int(table["Parameters"]["count"]) + 1
            changed = _table(Parameters={"count": str(count)})
            with contextlib.suppress(Refused):
                sales.call("UpdateTable", DatabaseName="sales", TableInput=changed, VersionId=table["VersionId"])
                done += 1

    writers = [threading.Thread(target=increment_ten_times) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sales.call("GetTable", DatabaseName="sales", Name="t")["Table"]["Parameters"]["count"] == "40"


def test_old_version_can_be_forgotten_but_not_the_current_one(sales: ApiClient) -> None:
    table = {"DatabaseName": "sales", "TableName": "t"}
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())
    sales.call("UpdateTable", DatabaseName="sales", TableInput=_table())

    sales.call("DeleteTableVersion", **table, VersionId="0")

    with pytest.raises(Refused, match="EntityNotFoundException: Table t has no version 0"):
        sales.call("GetTableVersion", **table, VersionId="0")
    with pytest.raises(Refused, match="InvalidInputException: Version 1 is the current one"):
        sales.call("DeleteTableVersion", **table, VersionId="1")
    errors = sales.call("BatchDeleteTableVersion", **table, VersionIds=["0", "1", "x"])["Errors"]
    assert [(e["VersionId"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        ("0", "EntityNotFoundException"),
        ("1", "InvalidInputException"),
        ("x", "InvalidInputException"),
    ]


def test_deleted_table_is_gone_and_its_name_free(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())
    sales.call("UpdateTable", DatabaseName="sales", TableInput=_table())

    sales.call("DeleteTable", DatabaseName="sales", Name="T")
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())

    assert sales.call("GetTable", DatabaseName="sales", Name="t")["Table"]["VersionId"] == "0"


def test_batch_delete_reports_the_tables_that_are_not_there(sales: ApiClient) -> None:
    sales.call("CreateTable", DatabaseName="sales", TableInput=_table())

    errors = sales.call("BatchDeleteTable", DatabaseName="sales", TablesToDelete=["t", "nope"])["Errors"]

    assert [(error["TableName"], error["ErrorDetail"]["ErrorCode"]) for error in errors] == [
        ("nope", "EntityNotFoundException")
    ]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"PartitionIndexes": [{"Keys": ["a"], "IndexName": "i"}]}, "PartitionIndexes of CreateTable is not supported"),
        ({"TableInput": {"Name": "t", "TargetTable": {"Name": "x"}}}, "TargetTable of TableInput is not supported"),
    ],
)
def test_member_that_is_not_supported_is_refused_by_name(
    sales: ApiClient, members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        sales.call("CreateTable", **{"DatabaseName": "sales", "TableInput": _table(), **members})
