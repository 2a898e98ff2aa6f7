"""All operations of the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping

from sagemaker_local.api import glue_databases, glue_partitions, glue_table_versions, glue_tables
from sagemaker_local.api.dispatch import Handler
from sagemaker_local.records.names import Place
from sagemaker_local.store.catalog import CatalogStore


def glue_operations(catalog: CatalogStore, place: Place) -> Mapping[str, Handler]:
    """Handlers for databases, tables, their versions, and partitions."""
    return {
        **glue_databases.operations(catalog, place),
        **glue_tables.operations(catalog, place),
        **glue_table_versions.operations(catalog, place),
        **glue_partitions.operations(catalog, place),
    }
