"""The Glue Data Catalog as Athena's metadata operations show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.glue_tables import name_pattern
from sagemaker_local.api.listing import Listing
from sagemaker_local.errors import EntityNotFoundException, InvalidRequestException, MetadataException
from sagemaker_local.records.catalog import CatalogDatabase, CatalogTable
from sagemaker_local.store.catalog import CatalogStore

NAME = "AwsDataCatalog"
_PAGE_SIZE = 50


def operations(catalog: CatalogStore) -> Mapping[str, Handler]:
    """Handlers for data catalogs, databases and tables."""
    handlers = _Catalogs(catalog)
    return {
        "GetDataCatalog": handlers.catalog,
        "ListDataCatalogs": handlers.catalogs,
        "GetDatabase": handlers.database,
        "ListDatabases": handlers.databases,
        "GetTableMetadata": handlers.table,
        "ListTableMetadata": handlers.tables,
    }


def check_catalog(name: str) -> None:
    """Refuse a catalog other than Glue's.

    Raises:
        InvalidRequestException: naming it.
    """
    if name.lower() != NAME.lower():
        raise InvalidRequestException(f"Catalog {name} is not found. The local endpoint has only '{NAME}'.")


class _Catalogs:
    def __init__(self, catalog: CatalogStore) -> None:
        self._catalog = catalog
        self._databases: Listing[CatalogDatabase] = Listing(
            member="DatabaseList",
            summary=_shown_database,
            identity=lambda database: database.name,
            sort_keys={"Name": lambda database: database.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )
        self._tables: Listing[CatalogTable] = Listing(
            member="TableMetadataList",
            summary=_shown_table,
            identity=lambda table: table.name,
            sort_keys={"Name": lambda table: table.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )

    def catalog(self, request: dict[str, Any]) -> dict[str, Any]:
        check_catalog(request["Name"])
        return {"DataCatalog": {"Name": NAME, "Type": "GLUE", "Status": "CREATE_COMPLETE", "Parameters": {}}}

    def catalogs(self, request: dict[str, Any]) -> dict[str, Any]:
        del request
        return {"DataCatalogsSummary": [{"CatalogName": NAME, "Type": "GLUE", "Status": "CREATE_COMPLETE"}]}

    def database(self, request: dict[str, Any]) -> dict[str, Any]:
        check_catalog(request["CatalogName"])
        try:
            return {"Database": _shown_database(self._catalog.databases.get(request["DatabaseName"]))}
        except EntityNotFoundException as error:
            raise MetadataException(error.message) from error

    def databases(self, request: dict[str, Any]) -> dict[str, Any]:
        check_catalog(request["CatalogName"])
        return self._databases.answer(self._catalog.databases.all(), request)

    def table(self, request: dict[str, Any]) -> dict[str, Any]:
        check_catalog(request["CatalogName"])
        try:
            table = self._catalog.tables.get(request["DatabaseName"], request["TableName"])
        except EntityNotFoundException as error:
            raise MetadataException(error.message) from error
        return {"TableMetadata": _shown_table(table)}

    def tables(self, request: dict[str, Any]) -> dict[str, Any]:
        check_catalog(request["CatalogName"])
        try:
            tables = self._catalog.tables.all(request["DatabaseName"])
        except EntityNotFoundException as error:
            raise MetadataException(error.message) from error
        if request.get("Expression"):
            pattern = name_pattern(request["Expression"])
            tables = [table for table in tables if pattern.fullmatch(table.name)]
        return self._tables.answer(tables, request)


def _shown_database(database: CatalogDatabase) -> dict[str, Any]:
    return {
        "Name": database.name,
        "Description": database.definition.get("Description"),
        "Parameters": database.definition.get("Parameters"),
    }


def _shown_table(table: CatalogTable) -> dict[str, Any]:
    return {
        "Name": table.name,
        "CreateTime": table.created,
        "LastAccessTime": table.definition.get("LastAccessTime"),
        "TableType": table.definition.get("TableType"),
        "Columns": [_column(column) for column in table.storage.get("Columns") or []],
        "PartitionKeys": [_column(column) for column in table.definition.get("PartitionKeys") or []],
        "Parameters": {**(table.definition.get("Parameters") or {}), **_storage_parameters(table.storage)},
    }


def _storage_parameters(storage: Mapping[str, Any]) -> dict[str, str]:
    """Where and how the files are, as parameters: Athena's answer has no member for it."""
    serde = storage.get("SerdeInfo") or {}
    given = {
        "location": storage.get("Location"),
        "inputformat": storage.get("InputFormat"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
        **{f"serde.param.{name}": value for name, value in (serde.get("Parameters") or {}).items()},
    }
    return {name: value for name, value in given.items() if value}


def _column(column: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": column["Name"], "Type": column.get("Type"), "Comment": column.get("Comment")}
