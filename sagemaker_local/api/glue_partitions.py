"""Partitions of tables of the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.glue_expressions import compile_expression
from sagemaker_local.api.glue_requests import attempts, guarded, reads, without
from sagemaker_local.errors import EntityNotFoundException, InvalidInputException
from sagemaker_local.records.catalog import CatalogPartition
from sagemaker_local.records.names import Place
from sagemaker_local.store.catalog import CatalogStore

_PAGE_SIZE = 1000
_TABLE = ("DatabaseName", "TableName")


def operations(catalog: CatalogStore, place: Place) -> Mapping[str, Handler]:
    """Handlers for partitions."""
    partitions = _Partitions(catalog, place)
    paging = ("NextToken", "MaxResults", "Segment")
    return guarded(
        {
            "CreatePartition": (partitions.create, reads(*_TABLE, "PartitionInput")),
            "BatchCreatePartition": (partitions.create_all, reads(*_TABLE, "PartitionInputList")),
            "GetPartition": (partitions.get, reads(*_TABLE, "PartitionValues")),
            "GetPartitions": (partitions.list_page, reads(*_TABLE, *paging, "Expression", "ExcludeColumnSchema")),
            "BatchGetPartition": (partitions.get_all, reads(*_TABLE, "PartitionsToGet")),
            "UpdatePartition": (partitions.update, reads(*_TABLE, "PartitionValueList", "PartitionInput")),
            "BatchUpdatePartition": (partitions.update_all, reads(*_TABLE, "Entries")),
            "DeletePartition": (partitions.delete, reads(*_TABLE, "PartitionValues")),
            "BatchDeletePartition": (partitions.delete_all, reads(*_TABLE, "PartitionsToDelete")),
        },
        place,
    )


class _Partitions:
    def __init__(self, catalog: CatalogStore, place: Place) -> None:
        self._tables = catalog.tables
        self._partitions = catalog.partitions
        self._place = place

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        self._add(request, request["PartitionInput"])
        return {}

    def create_all(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tables.get(*_named(request))
        with self._partitions.together():
            errors = attempts(
                request["PartitionInputList"],
                lambda item: self._add(request, item),
                lambda item: {"PartitionValues": item.get("Values") or []},
            )
        return {"Errors": errors}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Partition": self._shown(self._partitions.get(*_named(request), request["PartitionValues"]))}

    def list_page(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self._tables.get(*_named(request))
        segment = request.get("Segment") or {"SegmentNumber": 0, "TotalSegments": 1}
        number, total = segment["SegmentNumber"], segment["TotalSegments"]
        if number >= total:
            raise InvalidInputException(f"SegmentNumber {number} is too large for {total} segments; they count from 0.")
        page = self._partitions.page(
            *_named(request),
            keep=compile_expression(request.get("Expression") or "", table.partition_keys),
            after=_position(request.get("NextToken")),
            limit=request.get("MaxResults", _PAGE_SIZE),
            segment=(number, total),
        )
        shown = [self._shown(partition) for partition in page.partitions]
        if request.get("ExcludeColumnSchema"):
            shown = [_without_columns(partition) for partition in shown]
        return {"Partitions": shown, "NextToken": str(page.next_after) if page.next_after is not None else None}

    def get_all(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tables.get(*_named(request))
        found: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        for item in request["PartitionsToGet"]:
            try:
                found.append(self._shown(self._partitions.get(*_named(request), item["Values"])))
            except EntityNotFoundException:
                missing.append(item)
        return {"Partitions": found, "UnprocessedKeys": missing}

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        self._change(request, request["PartitionValueList"], request["PartitionInput"])
        return {}

    def update_all(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tables.get(*_named(request))
        with self._partitions.together():
            errors = attempts(
                request["Entries"],
                lambda entry: self._change(request, entry["PartitionValueList"], entry["PartitionInput"]),
                lambda entry: {"PartitionValueList": entry["PartitionValueList"]},
            )
        return {"Errors": errors}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._partitions.delete(*_named(request), request["PartitionValues"])
        return {}

    def delete_all(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tables.get(*_named(request))
        with self._partitions.together():
            errors = attempts(
                request["PartitionsToDelete"],
                lambda item: self._partitions.delete(*_named(request), item["Values"]),
                lambda item: {"PartitionValues": item["Values"]},
            )
        return {"Errors": errors}

    def _add(self, request: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        self._partitions.add(*_named(request), definition.get("Values") or [], without(definition, "Values"))

    def _change(self, request: Mapping[str, Any], values: list[str], definition: Mapping[str, Any]) -> None:
        new_values = definition.get("Values") or values
        self._partitions.update(*_named(request), values, new_values, without(definition, "Values"))

    def _shown(self, partition: CatalogPartition) -> dict[str, Any]:
        return {
            "Values": list(partition.values),
            "DatabaseName": partition.database,
            "TableName": partition.table,
            **partition.definition,
            "CreationTime": partition.created,
            "CatalogId": self._place.account_id,
        }


def _named(request: Mapping[str, Any]) -> tuple[str, str]:
    return request["DatabaseName"], request["TableName"]


def _position(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdigit():
        raise InvalidInputException(f"NextToken '{token}' is not valid; send a token as GetPartitions returned it.")
    return int(token)


def _without_columns(partition: dict[str, Any]) -> dict[str, Any]:
    if "StorageDescriptor" not in partition:
        return partition
    return {**partition, "StorageDescriptor": without(partition["StorageDescriptor"], "Columns")}
