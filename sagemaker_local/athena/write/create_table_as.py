"""CREATE TABLE t WITH (...) AS SELECT ...: a new table with the query's rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sagemaker_local.athena.ddl.cursor import Cursor, TableName, only
from sagemaker_local.athena.ddl.partitions import partition_input
from sagemaker_local.athena.ddl.storage import PARQUET, TEXTFILE, RowFormat, storage_descriptor
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.hive_paths import partition_name
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.scope import OutputField
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.translation import Translation
from sagemaker_local.athena.type_names import hive_type
from sagemaker_local.athena.write.options import (
    DEFAULT_DELIMITER,
    Properties,
    WriteOptions,
    check_columns,
    invalid,
    read_options,
    read_properties,
    refuse_other_properties,
    text_of,
)
from sagemaker_local.athena.write.publication import (
    nothing_written,
    publish,
    require_empty,
    target_folder,
    write_rows,
)
from sagemaker_local.athena.write.rows import Written
from sagemaker_local.errors import AlreadyExistsException, EntityNotFoundException
from sagemaker_local.records.s3_uri import S3Uri

_CODECS = ("write_compression", "parquet_compression")
_KNOWN = (
    *("format", "external_location", *_CODECS, "compression_level", "field_delimiter", "partitioned_by"),
    *("table_type", "is_external"),
)
_HAS_NO_ROWS = "SELECT * FROM ({}) AS q LIMIT 0"


def plan_create_table_as(sql: str) -> Action:
    """Read CREATE TABLE ... AS; running it makes the table with all of its rows, or nothing."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("CREATE", "TABLE")
    is_optional = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.table_name()
    properties = read_properties(cursor) if cursor.accept("WITH") else {}
    if not cursor.accept("AS"):
        raise cursor.error("expecting AS; a table without a query is made by CREATE EXTERNAL TABLE")
    end = cursor.end_with("WITH", "NO", "DATA")
    is_empty = end is not None
    end = end if end is not None else cursor.end_with("WITH", "DATA")
    query = only(sql, cursor.offset, end if end is not None else len(sql))
    tree = parse(query)
    options, location = _options(properties)

    def run(execution: Execution) -> Outcome:
        full_name = TableName(name.database or execution.database, name.name)
        if _exists(execution, full_name):
            if not is_optional:
                raise _already_exists(full_name)
            return nothing_written(execution)
        folder = _folder(execution, location)
        require_empty(execution, folder)
        columns: list[OutputField] = []

        def checked() -> Translation:
            translation = execution.translated(query, bind(tree, execution.query.parameters))
            check_columns(translation.columns, translation.given_names, options.partitioned_by)
            columns.extend(translation.columns)
            return translation.with_sql(_HAS_NO_ROWS.format(translation.sql)) if is_empty else translation

        def finish(written: Written) -> None:
            require_empty(execution, folder)

            def register() -> None:
                _register(execution, full_name, folder, columns, options, written)

            publish(execution, written, lambda _: folder, options.partitioned_by, register)

        return write_rows(execution, checked, options, finish, is_counted=True)

    return run


def _folder(execution: Execution, location: str | None) -> S3Uri:
    if location is not None and execution.rules.is_location_enforced:
        raise invalid(
            "The Create Table As Select query failed because it was submitted with an 'external_location' property "
            "to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
            "'external_location' property and resubmit the query."
        )
    return target_folder(location or execution.query.output_location)


def _options(properties: Properties) -> tuple[WriteOptions, str | None]:
    for name in ("bucketed_by", "bucket_count"):
        if name in properties:
            raise QueryError("NOT_SUPPORTED", f"The property '{name}' is not supported by the local endpoint.")
    refuse_other_properties(properties, _KNOWN)
    kind = (text_of(properties, "table_type") or "HIVE").upper()
    if kind != "HIVE":
        raise QueryError("NOT_SUPPORTED", f"The table type '{kind}' is not supported by the local endpoint; HIVE is.")
    codecs = [codec for codec in (text_of(properties, name) for name in _CODECS) if codec is not None]
    if len(codecs) > 1:
        raise invalid(f"Give one of {' and '.join(_CODECS)}, not both.")
    options = read_options(
        properties,
        default_format="PARQUET",
        codec=codecs[0] if codecs else None,
        formats=("PARQUET", "TEXTFILE"),
    )
    return options, text_of(properties, "external_location")


def _exists(execution: Execution, name: TableName) -> bool:
    catalog = execution.resources.catalog
    try:
        catalog.tables.get(str(name.database), name.name)
    except EntityNotFoundException as error:
        if not any(database.name == name.database for database in catalog.databases.all()):
            raise QueryError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{name.database}' does not exist") from error
        return False
    return True


def _register(
    execution: Execution,
    name: TableName,
    folder: S3Uri,
    columns: Sequence[OutputField],
    options: WriteOptions,
    written: Written,
) -> None:
    catalog, keys = execution.resources.catalog, options.partitioned_by
    try:
        catalog.tables.add(str(name.database), name.name, _definition(folder, columns, options))
    except AlreadyExistsException as error:
        raise _already_exists(name) from error
    table = catalog.tables.get(str(name.database), name.name)
    for values in written.partitions:
        location = str(folder.join(partition_name(keys, values)))
        catalog.partitions.add(table.database, table.name, values, partition_input(table, location))


def _definition(folder: S3Uri, columns: Sequence[OutputField], options: WriteOptions) -> dict[str, Any]:
    described = [{"Name": str(column.name).lower(), "Type": hive_type(column.type)} for column in columns]
    data_count = len(described) - len(options.partitioned_by)
    parameters = {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time()))}
    if options.format == "PARQUET":
        rows, files = None, PARQUET
        parameters |= {"classification": "parquet", "parquet.compression": options.codec.upper()}
    else:
        rows, files = RowFormat(), TEXTFILE
        parameters["write.compression"] = options.codec.upper()
        if options.delimiter != DEFAULT_DELIMITER:
            rows = RowFormat(parameters={"field.delim": options.delimiter, "serialization.format": options.delimiter})
    return {
        "TableType": "EXTERNAL_TABLE",
        "Owner": "hadoop",
        "Retention": 0,
        "PartitionKeys": described[data_count:],
        "Parameters": parameters,
        "StorageDescriptor": storage_descriptor(described[:data_count], str(folder), rows, files),
    }


def _already_exists(name: TableName) -> QueryError:
    return QueryError(
        "TABLE_ALREADY_EXISTS",
        f"line 1:1: Destination table 'awsdatacatalog.{name.database}.{name.name}' already exists",
    )
