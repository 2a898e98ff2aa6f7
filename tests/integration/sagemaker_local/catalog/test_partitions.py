"""Partitions of the Glue Data Catalog."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.fakes.api_client import ApiClient, Refused

_TABLE = {"DatabaseName": "sales", "TableName": "t"}


def _partition(*values: str, location: str = "s3://b/t/") -> dict[str, Any]:
    columns = [{"Name": "x", "Type": "int"}]
    return {"Values": list(values), "StorageDescriptor": {"Columns": columns, "Location": location}}


def _values(partitions: list[dict[str, Any]]) -> list[str]:
    return ["/".join(partition["Values"]) for partition in partitions]


@pytest.fixture
def sales(glue: ApiClient) -> ApiClient:
    """A catalog with sales.t, partitioned by year (int) and region (string)."""
    glue.call("CreateDatabase", DatabaseInput={"Name": "sales"})
    keys = [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}]
    glue.call("CreateTable", DatabaseName="sales", TableInput={"Name": "t", "PartitionKeys": keys})
    return glue


def test_partition_is_found_by_its_values(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("2026", "EU", location="s3://b/x/"))

    found = sales.call("GetPartition", **_TABLE, PartitionValues=["2026", "EU"])["Partition"]

    assert (found["Values"], found["DatabaseName"], found["TableName"]) == (["2026", "EU"], "sales", "t")
    assert found["StorageDescriptor"]["Location"] == "s3://b/x/"
    assert found["CreationTime"] > 0
    with pytest.raises(Refused, match=r"EntityNotFoundException: Cannot find partition \['2026', 'eu'\]"):
        sales.call("GetPartition", **_TABLE, PartitionValues=["2026", "eu"])


def test_partition_of_taken_values_is_refused(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))

    with pytest.raises(Refused, match=r"AlreadyExistsException: Partition \['1', 'a'\] already exists"):
        sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))


@pytest.mark.parametrize("values", [["1"], ["1", "a", "x"]])
def test_wrong_number_of_values_is_refused_everywhere(sales: ApiClient, values: list[str]) -> None:
    reason = "InvalidInputException: The number of partition keys do not match the number of partition values"

    with pytest.raises(Refused, match=reason):
        sales.call("CreatePartition", **_TABLE, PartitionInput=_partition(*values))
    with pytest.raises(Refused, match=reason):
        sales.call("GetPartition", **_TABLE, PartitionValues=values)
    with pytest.raises(Refused, match=reason):
        sales.call("DeletePartition", **_TABLE, PartitionValues=values)


def test_missing_table_is_refused_by_name(sales: ApiClient) -> None:
    with pytest.raises(Refused, match="EntityNotFoundException: Table nope not found in database sales"):
        sales.call("GetPartitions", DatabaseName="sales", TableName="nope")


def test_batch_create_registers_the_good_ones_and_reports_the_others(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))
    inputs = [_partition("1", "a"), _partition("2", "b"), _partition("3")]

    errors = sales.call("BatchCreatePartition", **_TABLE, PartitionInputList=inputs)["Errors"]

    assert [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in errors] == [
        (["1", "a"], "AlreadyExistsException"),
        (["3"], "InvalidInputException"),
    ]
    assert _values(sales.call("GetPartitions", **_TABLE)["Partitions"]) == ["1/a", "2/b"]


def test_partitions_are_chosen_by_expression_page_by_page(sales: ApiClient) -> None:
    inputs = [_partition(str(year), region) for year in range(8, 13) for region in ("eu", "us")]
    sales.call("BatchCreatePartition", **_TABLE, PartitionInputList=inputs)

    found = sales.pages(
        "GetPartitions", "Partitions", **_TABLE, Expression="year >= 10 AND region = 'eu'", MaxResults=2
    )

    assert _values(found) == ["10/eu", "11/eu", "12/eu"]


def test_pages_go_on_when_a_partition_is_deleted_in_between(sales: ApiClient) -> None:
    sales.call("BatchCreatePartition", **_TABLE, PartitionInputList=[_partition(str(i), "a") for i in range(6)])
    first = sales.call("GetPartitions", **_TABLE, MaxResults=3)

    sales.call("DeletePartition", **_TABLE, PartitionValues=["1", "a"])
    second = sales.call("GetPartitions", **_TABLE, MaxResults=3, NextToken=first["NextToken"])

    assert _values(first["Partitions"] + second["Partitions"]) == [f"{i}/a" for i in range(6)]
    assert "NextToken" not in second


def test_expression_with_an_unknown_key_is_refused(sales: ApiClient) -> None:
    with pytest.raises(
        Refused, match=r"InvalidInputException: Unsupported expression .*'month' is not a partition key"
    ):
        sales.call("GetPartitions", **_TABLE, Expression="month = 1")


def test_segments_hold_each_partition_once(sales: ApiClient) -> None:
    sales.call("BatchCreatePartition", **_TABLE, PartitionInputList=[_partition(str(i), "a") for i in range(20)])

    parts = [
        _values(sales.call("GetPartitions", **_TABLE, Segment={"SegmentNumber": i, "TotalSegments": 3})["Partitions"])
        for i in range(3)
    ]

    assert sorted(value for part in parts for value in part) == sorted(f"{i}/a" for i in range(20))
    assert all(parts)
    with pytest.raises(Refused, match="SegmentNumber 3 is too large for 3 segments"):
        sales.call("GetPartitions", **_TABLE, Segment={"SegmentNumber": 3, "TotalSegments": 3})


def test_column_schema_is_left_out_on_demand(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))

    found = sales.call("GetPartitions", **_TABLE, ExcludeColumnSchema=True)["Partitions"][0]

    assert found["StorageDescriptor"] == {"Location": "s3://b/t/"}


def test_token_of_somewhere_else_is_refused(sales: ApiClient) -> None:
    with pytest.raises(Refused, match="InvalidInputException: NextToken 'abc' is not valid"):
        sales.call("GetPartitions", **_TABLE, NextToken="abc")


def test_update_replaces_definition_and_values(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("9", "z"))

    sales.call(
        "UpdatePartition",
        **_TABLE,
        PartitionValueList=["1", "a"],
        PartitionInput=_partition("2", "b", location="s3://b/new/"),
    )

    found = sales.call("GetPartition", **_TABLE, PartitionValues=["2", "b"])["Partition"]
    assert found["StorageDescriptor"]["Location"] == "s3://b/new/"
    with pytest.raises(Refused, match="EntityNotFoundException"):
        sales.call("UpdatePartition", **_TABLE, PartitionValueList=["1", "a"], PartitionInput=_partition("1", "a"))
    with pytest.raises(Refused, match=r"AlreadyExistsException: Partition \['9', 'z'\] already exists"):
        sales.call("UpdatePartition", **_TABLE, PartitionValueList=["2", "b"], PartitionInput=_partition("9", "z"))


def test_batch_operations_report_what_is_not_there(sales: ApiClient) -> None:
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("1", "a"))
    here, missing = {"Values": ["1", "a"]}, {"Values": ["2", "b"]}

    found = sales.call("BatchGetPartition", **_TABLE, PartitionsToGet=[here, missing])
    entries = [
        {"PartitionValueList": item["Values"], "PartitionInput": _partition(*item["Values"], location="s3://b/n/")}
        for item in (here, missing)
    ]
    updated = sales.call("BatchUpdatePartition", **_TABLE, Entries=entries)
    deleted = sales.call("BatchDeletePartition", **_TABLE, PartitionsToDelete=[here, missing])

    assert (_values(found["Partitions"]), found["UnprocessedKeys"]) == (["1/a"], [missing])
    assert [error["PartitionValueList"] for error in updated["Errors"]] == [["2", "b"]]
    assert [error["PartitionValues"] for error in deleted["Errors"]] == [["2", "b"]]
    assert sales.call("GetPartitions", **_TABLE)["Partitions"] == []


def test_ten_thousand_partitions_stay_fast(sales: ApiClient) -> None:
    """Adding is as fast at the end as at the start; one is found, and few are chosen, in milliseconds."""
    for start in range(0, 10_000, 100):
        inputs = [_partition(str(number), "a") for number in range(start, start + 100)]
        sales.call("BatchCreatePartition", **_TABLE, PartitionInputList=inputs)

    # The work that it is, not the waiting for a disk that something else keeps busy.
    begun = time.thread_time()
    sales.call("CreatePartition", **_TABLE, PartitionInput=_partition("10000", "a"))
    sales.call("GetPartition", **_TABLE, PartitionValues=["9999", "a"])
    chosen = sales.call("GetPartitions", **_TABLE, Expression="year BETWEEN 5000 AND 5009", MaxResults=100)
    seconds = time.thread_time() - begun

    assert len(chosen["Partitions"]) == 10
    assert seconds < 1
