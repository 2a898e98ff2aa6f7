"""The Glue Data Catalog in SQLite: databases, tables with their versions, partitions."""

from __future__ import annotations

from sagemaker_local.store.catalog_databases import CatalogDatabaseStore
from sagemaker_local.store.catalog_partitions import CatalogPartitionStore
from sagemaker_local.store.catalog_tables import CatalogTableStore
from sagemaker_local.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS glue_databases (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    created REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS glue_tables (
    id INTEGER PRIMARY KEY,
    database_name TEXT NOT NULL REFERENCES glue_databases (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (database_name, name)
);

CREATE TABLE IF NOT EXISTS glue_table_versions (
    table_id INTEGER NOT NULL REFERENCES glue_tables (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    updated REAL NOT NULL,
    PRIMARY KEY (table_id, version)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS glue_partitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    table_id INTEGER NOT NULL REFERENCES glue_tables (id) ON DELETE CASCADE,
    key_values TEXT NOT NULL,
    definition TEXT NOT NULL,
    created REAL NOT NULL,
    UNIQUE (table_id, key_values)
);
"""


class CatalogStore:
    """The catalog of one account and region."""

    def __init__(self, database: Database) -> None:
        self.databases = CatalogDatabaseStore(database)
        self.tables = CatalogTableStore(database)
        self.partitions = CatalogPartitionStore(database, self.tables)
