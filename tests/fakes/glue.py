"""The Glue Data Catalog in memory, for the calls that a publish makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError


class FakeGlue:
    """Databases, tables and partitions by name; every changing call is counted."""

    class exceptions:  # noqa: N801  # the name that boto3 clients have
        class EntityNotFoundException(ClientError):  # type: ignore[misc]  # botocore publishes no types
            pass

    def __init__(self) -> None:
        self.databases: set[str] = set()
        self.tables: dict[tuple[str, str], dict[str, Any]] = {}
        self.partitions: dict[tuple[str, ...], dict[str, Any]] = {}
        self.changes: list[str] = []
        self.before_partition_change: Callable[[], None] = lambda: None
        """Called before a partition is created or updated: what another process does in between."""
        self.before_table_change: Callable[[], None] = lambda: None

    def get_database(self, *, Name: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        if Name not in self.databases:
            raise error("EntityNotFoundException", "GetDatabase")
        return {"Database": {"Name": Name}}

    def create_database(self, *, DatabaseInput: dict[str, Any]) -> None:  # noqa: N803  # boto3's own spelling
        self.changes.append("CreateDatabase")
        if DatabaseInput["Name"] in self.databases:
            raise error("AlreadyExistsException", "CreateDatabase")
        self.databases.add(DatabaseInput["Name"])

    def get_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        if (DatabaseName, Name) not in self.tables:
            raise error("EntityNotFoundException", "GetTable")
        return {"Table": self.tables[DatabaseName, Name]}

    def create_table(self, *, DatabaseName: str, TableInput: dict[str, Any]) -> None:  # noqa: N803  # boto3's own spelling
        self.changes.append("CreateTable")
        key = (DatabaseName, TableInput["Name"])
        if key in self.tables:
            raise error("AlreadyExistsException", "CreateTable")
        self.tables[key] = {**TableInput, "VersionId": "0"}

    def update_table(self, *, DatabaseName: str, TableInput: dict[str, Any], VersionId: str) -> None:  # noqa: N803  # boto3's own spelling
        self.before_table_change()
        key = (DatabaseName, TableInput["Name"])
        if key not in self.tables:
            raise error("EntityNotFoundException", "UpdateTable")
        if self.tables[key]["VersionId"] != VersionId:
            raise error("ConcurrentModificationException", "UpdateTable")
        self.changes.append("UpdateTable")
        self.tables[key] = {**TableInput, "VersionId": str(int(VersionId) + 1)}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_partitions"
        return self

    def paginate(
        self,
        *,
        DatabaseName: str,  # noqa: N803  # boto3's own spelling
        TableName: str,  # noqa: N803  # boto3's own spelling
        Expression: str = "",  # noqa: N803  # boto3's own spelling
    ) -> Iterator[dict[str, Any]]:
        if (DatabaseName, TableName) not in self.tables:
            raise error("EntityNotFoundException", "GetPartitions")
        for key, partition in self.partitions.items():
            if key[:2] == (DatabaseName, TableName) and Expression in {"", f"dt = '{key[2]}'"}:
                yield {"Partitions": [partition]}

    def get_partition(self, **names: Any) -> dict[str, Any]:
        return {"Partition": self.partitions[self._key(names, names["PartitionValues"], "GetPartition")]}

    def create_partition(self, **names: Any) -> None:
        self.before_partition_change()
        partition = names["PartitionInput"]
        key = (names["DatabaseName"], names["TableName"], *partition["Values"])
        if key in self.partitions:
            raise error("AlreadyExistsException", "CreatePartition")
        self.changes.append("CreatePartition")
        self.partitions[key] = partition

    def update_partition(self, **names: Any) -> None:
        self.before_partition_change()
        key = self._key(names, names["PartitionValueList"], "UpdatePartition")
        self.changes.append("UpdatePartition")
        self.partitions[key] = names["PartitionInput"]

    def location(self, database: str, table: str, *values: str) -> str:
        """Where the rows of a partition are."""
        return str(self.partitions[(database, table, *values)]["StorageDescriptor"]["Location"])

    def _key(self, names: dict[str, Any], values: list[str], operation: str) -> tuple[str, ...]:
        key = (names["DatabaseName"], names["TableName"], *values)
        if key not in self.partitions:
            raise error("EntityNotFoundException", operation)
        return key


def error(code: str, operation: str) -> ClientError:
    """The error that botocore raises for a code."""
    kind = FakeGlue.exceptions.EntityNotFoundException if code == "EntityNotFoundException" else ClientError
    return kind({"Error": {"Code": code, "Message": f"{code} in the fake"}}, operation)
