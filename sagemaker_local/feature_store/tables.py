"""The offline store's table in the Glue catalog."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sagemaker_local.errors import AlreadyExistsException, EntityNotFoundException
from sagemaker_local.feature_store.requests import EXTRA_COLUMNS, PARTITION_KEYS
from sagemaker_local.records.feature_group import FeatureGroup, FeatureType
from sagemaker_local.records.feature_record import OfflineFile
from sagemaker_local.store.catalog import CatalogStore

_HIVE_TYPES = {FeatureType.INTEGRAL: "bigint", FeatureType.FRACTIONAL: "double", FeatureType.STRING: "string"}
_EXTRA_TYPES = dict(zip(EXTRA_COLUMNS, ("timestamp", "timestamp", "boolean"), strict=True))
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def create_table(catalog: CatalogStore, group: FeatureGroup) -> None:
    """Make the group's database, when it is missing, and its table.

    Raises:
        AlreadyExistsException: there is a table of that name.
    """
    database, table = group.table
    with contextlib.suppress(AlreadyExistsException):
        catalog.databases.add(database, {"Description": "Offline stores of SageMaker Feature Store"})
    catalog.tables.add(database, table, _definition(group))


def widen_table(catalog: CatalogStore, group: FeatureGroup) -> None:
    """Give the table the columns of features that were added; a table that somebody dropped stays dropped."""
    database, table = group.table
    with contextlib.suppress(EntityNotFoundException):
        old = catalog.tables.get(database, table).definition
        catalog.tables.update(
            database, table, {**old, "StorageDescriptor": {**old["StorageDescriptor"], "Columns": _columns(group)}}
        )


def has_table(catalog: CatalogStore, database: str, table: str) -> bool:
    """Whether the catalog has such a table."""
    try:
        catalog.tables.get(database, table)
    except EntityNotFoundException:
        return False
    return True


def register(catalog: CatalogStore, group: FeatureGroup, file: OfflineFile) -> None:
    """Add the partition of a file, when the table is there and has it not."""
    database, table = group.table
    location = str(replace(group.offline_location, key=file.key.rpartition("/")[0]))
    storage = _storage(group, location)
    # A table that somebody dropped, or changed the keys of, is theirs to repair; the file is written all the same.
    with contextlib.suppress(AlreadyExistsException, EntityNotFoundException):
        catalog.partitions.add(database, table, file.partition, {"StorageDescriptor": storage})


def _definition(group: FeatureGroup) -> dict[str, Any]:
    return {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in PARTITION_KEYS],
        "StorageDescriptor": _storage(group, str(group.offline_location)),
    }


def _storage(group: FeatureGroup, location: str) -> Mapping[str, Any]:
    return {
        "Columns": _columns(group),
        "Location": location,
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {
            "SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "StoredAsSubDirectories": False,
    }


def _columns(group: FeatureGroup) -> list[dict[str, str]]:
    features = {name.lower(): _HIVE_TYPES[kind] for name, kind in group.features.items()}
    return [{"Name": name, "Type": kind} for name, kind in {**features, **_EXTRA_TYPES}.items()]
