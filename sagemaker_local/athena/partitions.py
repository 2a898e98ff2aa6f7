"""The registered, or projected, partitions of a table that a query reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.hive_paths import NULL_PARTITION
from sagemaker_local.athena.projection import is_projected, projected_partitions
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.table_files import PartitionRows
from sagemaker_local.athena.tables import QueryTable, TableUse
from sagemaker_local.athena.types import SqlType
from sagemaker_local.store.catalog import CatalogStore

_POSITION = "partition position"
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("real", "double"), float),
    "varchar": str,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


def partitions_to_read(use: TableUse, catalog: CatalogStore, session: Session | None) -> list[PartitionRows]:
    """Those partitions whose values can fulfil the query's conditions; a table without keys is one partition.

    Args:
        use: the table, and the conditions.
        catalog: where partitions are registered.
        session: evaluates the conditions; without it, they are left to the query.
    """
    table = use.table
    if not table.partition_keys:
        return [PartitionRows(table.definition.storage, {})]
    found = _projected(use) if is_projected(table.definition) else _registered(table, catalog)
    if session is None or not use.conditions or not found:
        return found
    session.register(f"{use.scan_name}_partitions", _as_arrow(table, found))
    condition = " AND ".join(f"({condition})" for condition in use.conditions)
    kept = session.batches(
        f'SELECT "{_POSITION}" FROM {use.scan_name}_partitions AS {use.source_name} WHERE {condition} ORDER BY 1'  # noqa: S608 - translated, not given
    )
    try:
        return [found[position] for batch in kept for position in batch.column(0).to_pylist()]
    except QueryError:
        # Conditions may only make sense together with others: the query itself decides whether it fails.
        return found


def _registered(table: QueryTable, catalog: CatalogStore) -> list[PartitionRows]:
    page = catalog.partitions.page(table.definition.database, table.definition.name)
    return [PartitionRows(part.storage, _typed(table, part.values)) for part in page.partitions]


def _projected(use: TableUse) -> list[PartitionRows]:
    storage = use.table.definition.storage
    return [
        PartitionRows({**storage, "Location": part.location}, _typed(use.table, part.values))
        for part in projected_partitions(use.table.definition, use.wanted)
    ]


def _typed(table: QueryTable, values: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: _value(name, kind, value)
        for (name, kind), value in zip(table.partition_keys.items(), values, strict=True)
    }


def _value(name: str, kind: SqlType, text: str) -> Any:
    if text == NULL_PARTITION:
        return None
    if kind.name not in _READERS:
        raise QueryError("NOT_SUPPORTED", f"Partition key '{name}' has type {kind}, which is not supported here.")
    try:
        return _READERS[kind.name](text)
    except (ValueError, KeyError, ArithmeticError) as error:
        raise QueryError(
            "HIVE_INVALID_PARTITION_VALUE", f"Invalid partition value '{text}' for {kind} partition key: {name}"
        ) from error


def _as_arrow(table: QueryTable, partitions: list[PartitionRows]) -> pa.Table:
    columns = {
        name: pa.array([partition.values[name] for partition in partitions], kind.arrow)
        for name, kind in table.partition_keys.items()
    }
    return pa.table({**columns, _POSITION: pa.array(range(len(partitions)), pa.int64())})
