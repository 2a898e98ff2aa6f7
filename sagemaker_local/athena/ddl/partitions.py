"""ALTER TABLE ADD and DROP PARTITION, MSCK REPAIR TABLE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.athena.ddl.catalog_lookup import partitioned_table_of
from sagemaker_local.athena.ddl.cursor import Cursor, TableName
from sagemaker_local.athena.ddl.failures import catalog_failures, failed, semantic, task_failed
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.hive_paths import partition_name, partition_values
from sagemaker_local.athena.text_results import done, store_lines
from sagemaker_local.errors import AlreadyExistsException, NoSuchBucket, ValidationException
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.records.s3_uri import S3Uri


@dataclass(frozen=True, slots=True)
class PartitionSpec:
    """`PARTITION (dt = '2026-01-31') LOCATION 's3://...'`."""

    values: Mapping[str, str]
    location: str | None = None


def read_add_partition(cursor: Cursor, name: TableName) -> Action:
    """Take what follows ALTER TABLE t ADD."""
    is_optional = cursor.accept("IF", "NOT", "EXISTS")
    specs = []
    while cursor.accept("PARTITION"):
        values = _values(cursor)
        specs.append(PartitionSpec(values, cursor.text() if cursor.accept("LOCATION") else None))
    if not specs:
        raise cursor.error("expecting PARTITION or COLUMNS")
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table, partitions = partitioned_table_of(execution, name), execution.resources.catalog.partitions
        with partitions.together():
            for spec in specs:
                values = _complete(table, spec.values)
                try:
                    with catalog_failures():
                        partitions.add(table.database, table.name, values, _input(table, values, spec.location))
                except Exception as error:
                    if not (is_optional and isinstance(error.__cause__, AlreadyExistsException)):
                        raise
        return done(execution)

    return run


def read_drop_partition(cursor: Cursor, name: TableName) -> Action:
    """Take what follows ALTER TABLE t DROP: a spec with some of the keys drops all that have these values."""
    is_optional = cursor.accept("IF", "EXISTS")
    specs = []
    cursor.expect("PARTITION")
    specs.append(_values(cursor))
    while cursor.accept(","):
        cursor.expect("PARTITION")
        specs.append(_values(cursor))
    cursor.accept("PURGE")
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table, partitions = partitioned_table_of(execution, name), execution.resources.catalog.partitions
        keys = [key for key, _ in table.partition_keys]
        with partitions.together():
            for spec in specs:
                _check_keys(table, spec)
                wanted = [spec.get(key) for key in keys]
                found = partitions.page(
                    table.database,
                    table.name,
                    keep=lambda values, wanted=wanted: all(  # type: ignore[misc]  # a default binds the loop's value
                        want in (None, value) for want, value in zip(wanted, values, strict=True)
                    ),
                ).partitions
                if not found and not is_optional:
                    shown = ", ".join(f"{key} = '{value}'" for key, value in spec.items())
                    raise semantic(f"[Error 10006]: Partition not found ({shown})")
                for partition in found:
                    partitions.delete(table.database, table.name, partition.values)
        return done(execution)

    return run


def plan_repair_table(sql: str) -> Action:
    """Read MSCK REPAIR TABLE t; running it registers the folders that are named like partitions."""
    cursor = Cursor(sql)
    cursor.expect("MSCK", "REPAIR", "TABLE")
    name = cursor.table_name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        table, partitions = partitioned_table_of(execution, name), execution.resources.catalog.partitions
        if not table.definition.get("TableType"):
            raise failed("NullPointerException Name is null")
        keys = [key for key, _ in table.partition_keys]
        added: list[str] = []
        with partitions.together():
            known = {part.values for part in partitions.page(table.database, table.name).partitions}
            for values, folder in _folders(execution, table, keys).items():
                if values not in known:
                    partitions.add(table.database, table.name, values, _input(table, values, folder))
                    added.append(f"{table.name}:{partition_name(keys, values)}")
        lines = ["\t".join(["Partitions not in metastore:", *added])] if added else []
        lines += [f"Repair: Added partition to metastore {item}" for item in added]
        return store_lines(execution, (), lines)

    return run


def partition_input(table: CatalogTable, location: str) -> dict[str, Any]:
    """The PartitionInput, without Values, of a partition that is stored as the table is."""
    return {"StorageDescriptor": {**table.storage, "Location": location}, "Parameters": {}}


def _values(cursor: Cursor) -> dict[str, str]:
    def pair() -> tuple[str, str]:
        key = cursor.name()
        if cursor.following in {"<", ">", "!"}:
            raise cursor.unsupported(f"The comparison '{cursor.following}' of partitions (= is there)")
        cursor.expect("=")
        return key, cursor.value()

    return dict(cursor.list_of(pair))


def _complete(table: CatalogTable, spec: Mapping[str, str]) -> tuple[str, ...]:
    _check_keys(table, spec)
    keys = [key for key, _ in table.partition_keys]
    if set(spec) != set(keys):
        raise semantic(f"partition spec {dict(spec)} doesn't contain all ({len(keys)}) partition columns: {keys}")
    return tuple(spec[key] for key in keys)


def _check_keys(table: CatalogTable, spec: Mapping[str, str]) -> None:
    keys = [key for key, _ in table.partition_keys]
    for key in spec:
        if key not in keys:
            raise semantic(f"[Error 10098]: Non-Partition column appears in the partition specification: {key}")


def _input(table: CatalogTable, values: tuple[str, ...], location: str | None) -> dict[str, Any]:
    if location is None:
        base = str(table.storage.get("Location") or "").rstrip("/")
        location = f"{base}/{partition_name([key for key, _ in table.partition_keys], values)}"
    try:
        S3Uri.parse(location)
    except ValidationException as error:
        raise task_failed("MetaException", f"location {location!r} is not like s3://bucket/folder/") from error
    return partition_input(table, location)


def _folders(execution: Execution, table: CatalogTable, keys: list[str]) -> dict[tuple[str, ...], str]:
    """The folders below the table that are named `key=value`; other names, and values with a colon, are passed by."""
    base = S3Uri.parse(f"{str(table.storage.get('Location') or '').rstrip('/')}/")
    try:
        listing = execution.resources.objects.list(base.bucket, base.key)
    except NoSuchBucket as error:
        raise task_failed("MetaException", f"the bucket '{base.bucket}' does not exist") from error
    found: dict[tuple[str, ...], str] = {}
    for info in listing:
        path = info.key.removeprefix(base.key)
        values = partition_values(keys, path) if path.count("/") >= len(keys) else None
        if values is not None and not any(":" in value for value in values):
            folder = "/".join(path.split("/")[: len(keys)])
            found.setdefault(values, f"{base}{folder}")
    return found
