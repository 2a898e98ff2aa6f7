"""Views as Athena keeps them in the catalog: the query as JSON in Base64, inside a comment."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.type_names import hive_type
from sagemaker_local.athena.types import SqlType
from sagemaker_local.records.catalog import CatalogTable

VIEW_TYPE = "VIRTUAL_VIEW"
_ONLY_SQL = {
    "json",
    "time",
    "timestamp with time zone",
    "interval day to second",
    "interval year to month",
    "unknown",
}
_BEGIN, _END = "/* Presto View: ", " */"


@dataclass(frozen=True, slots=True)
class View:
    """A view's query, and the database that its tables without one are in."""

    sql: str
    database: str
    columns: Sequence[str]


def is_view(table: CatalogTable) -> bool:
    """Whether the catalog's entry is a view."""
    return table.definition.get("TableType") == VIEW_TYPE


def view_of(table: CatalogTable) -> View:
    """Read the view that a catalog's entry is.

    Raises:
        QueryError: it is a view that Athena's SQL did not make.
    """
    text = str(table.definition.get("ViewOriginalText") or "")
    try:
        content = json.loads(base64.b64decode(text.removeprefix(_BEGIN).removesuffix(_END), validate=True))
        return View(content["originalSql"], content["schema"], [column["name"] for column in content["columns"]])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError(
            "NOT_SUPPORTED",
            f"The view '{table.database}.{table.name}' was not made by CREATE VIEW; such views are not supported here.",
        ) from error


def view_definition(sql: str, database: str, columns: Sequence[tuple[str, SqlType]]) -> dict[str, Any]:
    """The TableInput, without Name, of a view."""
    content = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": name.lower(), "type": str(kind)} for name, kind in columns],
    }
    encoded = base64.b64encode(json.dumps(content).encode()).decode()
    return {
        "TableType": VIEW_TYPE,
        "PartitionKeys": [],
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": f"{_BEGIN}{encoded}{_END}",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {
            "Columns": [{"Name": name.lower(), "Type": _catalog_type(kind)} for name, kind in columns],
            "Location": "",
            "Compressed": False,
            "NumberOfBuckets": 0,
            "SerdeInfo": {},
            "SortColumns": [],
            "StoredAsSubDirectories": False,
        },
    }


def _catalog_type(kind: SqlType) -> str:
    """The type in Hive's words; texts stand for types that Hive has not."""
    return "string" if _has_no_type_of_hive(kind) else hive_type(kind)


def _has_no_type_of_hive(kind: SqlType) -> bool:
    return kind.name in _ONLY_SQL or any(_has_no_type_of_hive(element) for element in kind.elements)
