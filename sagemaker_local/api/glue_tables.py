"""Tables of the Glue Data Catalog."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.glue_requests import attempts, guarded, input_name, reads, without
from sagemaker_local.api.listing import Listing
from sagemaker_local.errors import InvalidInputException, UnsupportedFeature
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.records.names import Place
from sagemaker_local.store.catalog import CatalogStore

_PAGE_SIZE = 100
_ANY_TEXT = re.compile(r"(?<![.)\]}\\])\*")
_KNOWN = frozenset(
    {"Name", "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor"}
    | {"PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters"}
)


def operations(catalog: CatalogStore, place: Place) -> Mapping[str, Handler]:
    """Handlers for tables."""
    tables = _Tables(catalog, place)
    return guarded(
        {
            "CreateTable": (tables.create, reads("DatabaseName", "TableInput")),
            "GetTable": (tables.get, reads("DatabaseName", "Name")),
            "GetTables": (tables.list, reads("DatabaseName", "Expression", "NextToken", "MaxResults")),
            "SearchTables": (tables.search, reads("SearchText", "NextToken", "MaxResults")),
            "UpdateTable": (tables.update, reads("DatabaseName", "TableInput", "VersionId", "SkipArchive")),
            "DeleteTable": (tables.delete, reads("DatabaseName", "Name")),
            "BatchDeleteTable": (tables.delete_all, reads("DatabaseName", "TablesToDelete")),
        },
        place,
    )


def shown_table(table: CatalogTable, place: Place) -> dict[str, Any]:
    """A table as GetTable answers it."""
    return {
        "Name": table.name,
        "DatabaseName": table.database,
        "Retention": 0,
        "PartitionKeys": [],
        **table.definition,
        "CreateTime": table.created,
        "UpdateTime": table.updated,
        "IsRegisteredWithLakeFormation": False,
        "CreatedBy": f"arn:aws:iam::{place.account_id}:root",
        "CatalogId": place.account_id,
        "VersionId": str(table.version),
    }


class _Tables:
    def __init__(self, catalog: CatalogStore, place: Place) -> None:
        self._catalog = catalog
        self._place = place
        self._listing: Listing[CatalogTable] = Listing(
            member="TableList",
            summary=lambda table: shown_table(table, place),
            identity=lambda table: f"{table.database}.{table.name}",
            sort_keys={"Name": lambda table: table.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        definition = _checked(request)
        self._catalog.tables.add(request["DatabaseName"], input_name(definition), without(definition, "Name"))
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Table": shown_table(self._catalog.tables.get(request["DatabaseName"], request["Name"]), self._place)}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        tables = self._catalog.tables.all(request["DatabaseName"])
        if request.get("Expression"):
            pattern = name_pattern(request["Expression"])
            tables = [table for table in tables if pattern.fullmatch(table.name)]
        return self._listing.answer(tables, request)

    def search(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("SearchText", "").strip('"').lower()
        tables = [
            table for database in self._catalog.databases.all() for table in self._catalog.tables.all(database.name)
        ]
        return self._listing.answer([table for table in tables if _mentions(table, wanted)], request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        definition = _checked(request)
        self._catalog.tables.update(
            request["DatabaseName"],
            input_name(definition),
            without(definition, "Name"),
            expected_version=read_version(request["VersionId"]) if "VersionId" in request else None,
            archive=not request.get("SkipArchive", False),
        )
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._catalog.tables.delete(request["DatabaseName"], request["Name"])
        return {}

    def delete_all(self, request: dict[str, Any]) -> dict[str, Any]:
        self._catalog.databases.get(request["DatabaseName"])
        errors = attempts(
            request["TablesToDelete"],
            lambda name: self._catalog.tables.delete(request["DatabaseName"], name),
            lambda name: {"TableName": name},
        )
        return {"Errors": errors}


def name_pattern(expression: str) -> re.Pattern[str]:
    """The regular expression that a whole table name must match, without regard to case.

    As in Hive, a `*` that repeats neither `.` nor a group or set stands for any text: awswrangler asks for `sales_*`.

    Raises:
        InvalidInputException: it is not one.
    """
    try:
        return re.compile(_ANY_TEXT.sub(".*", expression), re.IGNORECASE)
    except re.error as error:
        raise InvalidInputException(
            f"Expression '{expression}' is not a regular expression: {error}. Write 'sales_.*' for names that begin so."
        ) from error


def read_version(version: str) -> int:
    """A VersionId as the number that it is.

    Raises:
        InvalidInputException: it is none.
    """
    if not version.isdigit():
        raise InvalidInputException(f"VersionId '{version}' is not the VersionId of a table; GetTable shows it.")
    return int(version)


def _checked(request: Mapping[str, Any]) -> Mapping[str, Any]:
    definition: Mapping[str, Any] | None = request.get("TableInput")
    if definition is None:
        raise InvalidInputException("TableInput is missing; the local endpoint needs it.")
    for member in definition.keys() - _KNOWN:
        raise UnsupportedFeature(f"{member} of TableInput is not supported by the local endpoint; leave it out.")
    storage = definition.get("StorageDescriptor") or {}
    names = [
        column["Name"].lower() for column in [*(storage.get("Columns") or []), *(definition.get("PartitionKeys") or [])]
    ]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidInputException(
            f"Column names are there twice, partition keys included: {repeated}; use each once."
        )
    return definition


def _mentions(table: CatalogTable, wanted: str) -> bool:
    parameters: Mapping[str, str] = table.definition.get("Parameters") or {}
    columns = [name for name, _ in table.columns]
    texts = [table.name, table.database, str(table.definition.get("Description") or ""), *columns, *parameters.values()]
    return any(wanted in text.lower() for text in texts)
