"""Databases of the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.glue_requests import guarded, input_name, reads, without
from sagemaker_local.api.listing import Listing
from sagemaker_local.errors import InvalidInputException, UnsupportedFeature
from sagemaker_local.records.catalog import CatalogDatabase
from sagemaker_local.records.names import Place
from sagemaker_local.store.catalog import CatalogStore

_PAGE_SIZE = 100
_KNOWN = frozenset({"Name", "Description", "LocationUri", "Parameters", "CreateTableDefaultPermissions"})
# What AWS answers when Lake Formation has no say in a new table.
_OPEN_PERMISSIONS = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]


def operations(catalog: CatalogStore, place: Place) -> Mapping[str, Handler]:
    """Handlers for databases."""
    databases = _Databases(catalog, place)
    return guarded(
        {
            "CreateDatabase": (databases.create, reads("DatabaseInput")),
            "GetDatabase": (databases.get, reads("Name")),
            "GetDatabases": (databases.list, reads("NextToken", "MaxResults")),
            "UpdateDatabase": (databases.update, reads("Name", "DatabaseInput")),
            "DeleteDatabase": (databases.delete, reads("Name")),
        },
        place,
    )


class _Databases:
    def __init__(self, catalog: CatalogStore, place: Place) -> None:
        self._databases = catalog.databases
        self._place = place
        self._listing: Listing[CatalogDatabase] = Listing(
            member="DatabaseList",
            summary=self._shown,
            identity=lambda database: database.name,
            sort_keys={"Name": lambda database: database.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        definition = _checked(request["DatabaseInput"])
        self._databases.add(input_name(definition), without(definition, "Name"))
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Database": self._shown(self._databases.get(request["Name"]))}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._listing.answer(self._databases.all(), request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        definition = _checked(request["DatabaseInput"])
        if input_name(definition) != request["Name"].lower():
            raise InvalidInputException(
                f"A database keeps its name: Name is '{request['Name']}', DatabaseInput.Name is '{definition['Name']}'."
            )
        self._databases.update(request["Name"], without(definition, "Name"))
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._databases.delete(request["Name"])
        return {}

    def _shown(self, database: CatalogDatabase) -> dict[str, Any]:
        return {
            "Name": database.name,
            "CreateTableDefaultPermissions": _OPEN_PERMISSIONS,
            **database.definition,
            "CreateTime": database.created,
            "CatalogId": self._place.account_id,
        }


def _checked(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    for member in definition.keys() - _KNOWN:
        raise UnsupportedFeature(f"{member} of DatabaseInput is not supported by the local endpoint; leave it out.")
    return definition
