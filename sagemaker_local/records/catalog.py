"""Databases, tables and partitions of the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CatalogDatabase:
    """A database; its name is lower-case, as Glue stores it."""

    name: str
    definition: Mapping[str, Any]
    """The DatabaseInput, without Name."""
    created: datetime


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table at one of its versions; its name and its database's name are lower-case."""

    database: str
    name: str
    version: int
    """What VersionId shows: it grows by one with each update."""
    definition: Mapping[str, Any]
    """The TableInput, without Name."""
    created: datetime
    updated: datetime

    @property
    def storage(self) -> Mapping[str, Any]:
        """The StorageDescriptor, or nothing."""
        return self.definition.get("StorageDescriptor") or {}

    @property
    def columns(self) -> list[tuple[str, str]]:
        """(name, Hive type) of the columns that are in the files."""
        return _names_and_types(self.storage.get("Columns"))

    @property
    def partition_keys(self) -> list[tuple[str, str]]:
        """(name, Hive type) of the columns that are in the partitions' values."""
        return _names_and_types(self.definition.get("PartitionKeys"))


@dataclass(frozen=True, slots=True)
class CatalogPartition:
    """A registered partition; `values` are texts in the order of the table's partition keys."""

    database: str
    table: str
    values: tuple[str, ...]
    definition: Mapping[str, Any]
    """The PartitionInput, without Values."""
    created: datetime

    @property
    def storage(self) -> Mapping[str, Any]:
        """The StorageDescriptor, or nothing."""
        return self.definition.get("StorageDescriptor") or {}


def _names_and_types(columns: list[Mapping[str, Any]] | None) -> list[tuple[str, str]]:
    return [(column["Name"], column.get("Type") or "string") for column in columns or []]
