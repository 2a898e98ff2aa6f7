"""Versions of tables of the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.glue_requests import attempts, guarded, reads
from sagemaker_local.api.glue_tables import read_version, shown_table
from sagemaker_local.api.listing import DESCENDING, Listing
from sagemaker_local.errors import EntityNotFoundException
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.records.names import Place
from sagemaker_local.store.catalog import CatalogStore

_PAGE_SIZE = 100


def operations(catalog: CatalogStore, place: Place) -> Mapping[str, Handler]:
    """Handlers for the versions of tables."""
    versions = _Versions(catalog, place)
    table = ("DatabaseName", "TableName")
    return guarded(
        {
            "GetTableVersion": (versions.get, reads(*table, "VersionId")),
            "GetTableVersions": (versions.list, reads(*table, "NextToken", "MaxResults")),
            "DeleteTableVersion": (versions.delete, reads(*table, "VersionId")),
            "BatchDeleteTableVersion": (versions.delete_all, reads(*table, "VersionIds")),
        },
        place,
    )


class _Versions:
    def __init__(self, catalog: CatalogStore, place: Place) -> None:
        self._tables = catalog.tables
        self._place = place
        self._listing: Listing[CatalogTable] = Listing(
            member="TableVersions",
            summary=self._shown,
            identity=lambda table: table.version,
            sort_keys={"Version": lambda table: table.version},
            sort_by="Version",
            sort_order=DESCENDING,
            page_size=_PAGE_SIZE,
        )

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        versions = self._tables.versions(request["DatabaseName"], request["TableName"])
        wanted = read_version(request["VersionId"]) if "VersionId" in request else versions[0].version
        for table in versions:
            if table.version == wanted:
                return {"TableVersion": self._shown(table)}
        raise EntityNotFoundException(
            f"Table {request['TableName']} has no version {wanted}; it has {[table.version for table in versions]}."
        )

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._listing.answer(self._tables.versions(request["DatabaseName"], request["TableName"]), request)

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        version = read_version(request["VersionId"])
        self._tables.delete_version(request["DatabaseName"], request["TableName"], version)
        return {}

    def delete_all(self, request: dict[str, Any]) -> dict[str, Any]:
        database, table = request["DatabaseName"], request["TableName"]
        self._tables.get(database, table)
        errors = attempts(
            request["VersionIds"],
            lambda version: self._tables.delete_version(database, table, read_version(version)),
            lambda version: {"TableName": table.lower(), "VersionId": version},
        )
        return {"Errors": errors}

    def _shown(self, table: CatalogTable) -> dict[str, Any]:
        return {"Table": shown_table(table, self._place), "VersionId": str(table.version)}
