"""Databases of the Glue Data Catalog."""

from __future__ import annotations

import pytest

from tests.fakes.api_client import ApiClient, Refused


def test_database_is_kept_with_a_lower_case_name(glue: ApiClient) -> None:
    glue.call("CreateDatabase", DatabaseInput={"Name": "Sales", "Description": "d", "Parameters": {"a": "b"}})

    found = glue.call("GetDatabase", Name="SALES")["Database"]

    assert (found["Name"], found["Description"], found["Parameters"]) == ("sales", "d", {"a": "b"})
    assert found["CatalogId"] == "000000000000"
    assert found["CreateTime"] > 0


def test_database_of_a_taken_name_is_refused(glue: ApiClient) -> None:
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})

    with pytest.raises(Refused, match="AlreadyExistsException: Database sales already exists"):
        glue.call("CreateDatabase", DatabaseInput={"Name": "SALES"})


@pytest.mark.parametrize("operation", ["GetDatabase", "DeleteDatabase"])
def test_missing_database_is_refused_by_name(glue: ApiClient, operation: str) -> None:
    with pytest.raises(Refused, match="EntityNotFoundException: Database nope not found"):
        glue.call(operation, Name="Nope")


def test_databases_come_in_pages_by_name(glue: ApiClient) -> None:
    for name in ("c", "a", "b"):
        glue.call("CreateDatabase", DatabaseInput={"Name": name})

    found = glue.pages("GetDatabases", "DatabaseList", MaxResults=2)

    assert [database["Name"] for database in found] == ["a", "b", "c"]


def test_update_replaces_the_definition(glue: ApiClient) -> None:
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales", "Description": "old", "LocationUri": "s3://b/"})

    glue.call("UpdateDatabase", Name="sales", DatabaseInput={"Name": "sales", "Description": "new"})

    found = glue.call("GetDatabase", Name="sales")["Database"]
    assert found["Description"] == "new"
    assert "LocationUri" not in found


def test_update_to_another_name_is_refused(glue: ApiClient) -> None:
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})

    with pytest.raises(Refused, match="InvalidInputException: A database keeps its name"):
        glue.call("UpdateDatabase", Name="sales", DatabaseInput={"Name": "other"})


def test_delete_takes_tables_and_partitions_along(glue: ApiClient) -> None:
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})
    keys = [{"Name": "dt", "Type": "string"}]
    glue.call("CreateTable", DatabaseName="sales", TableInput={"Name": "t", "PartitionKeys": keys})
    glue.call("CreatePartition", DatabaseName="sales", TableName="t", PartitionInput={"Values": ["1"]})

    glue.call("DeleteDatabase", Name="sales")
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})
    glue.call("CreateTable", DatabaseName="sales", TableInput={"Name": "t", "PartitionKeys": keys})

    assert glue.call("GetPartitions", DatabaseName="sales", TableName="t")["Partitions"] == []


def test_another_accounts_catalog_is_not_there(glue: ApiClient) -> None:
    with pytest.raises(Refused, match="EntityNotFoundException: Catalog 111111111111 not found"):
        glue.call("GetDatabases", CatalogId="111111111111")
    assert glue.call("GetDatabases", CatalogId="000000000000")["DatabaseList"] == []


def test_member_that_nobody_reads_is_refused_by_name(glue: ApiClient) -> None:
    with pytest.raises(Refused, match="ResourceShareType of GetDatabases is not supported"):
        glue.call("GetDatabases", ResourceShareType="ALL")
    with pytest.raises(Refused, match="TargetDatabase of DatabaseInput is not supported"):
        glue.call("CreateDatabase", DatabaseInput={"Name": "x", "TargetDatabase": {"DatabaseName": "y"}})


def test_operation_that_is_not_there_is_refused_by_name(glue: ApiClient) -> None:
    with pytest.raises(Refused, match="UnknownOperationException: GetUserDefinedFunctions of glue is not supported"):
        glue.call("GetUserDefinedFunctions", Pattern="*")
