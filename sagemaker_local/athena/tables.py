"""Tables of the Glue Data Catalog as a query sees them: typed columns, typed partition keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.type_names import parse_type
from sagemaker_local.athena.types import SqlType
from sagemaker_local.athena.views import View, is_view, view_of
from sagemaker_local.errors import EntityNotFoundException
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.store.catalog import CatalogStore

CATALOG = "awsdatacatalog"
DEFAULT_DATABASE = "default"


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A table with its columns' types; names are lower-case."""

    definition: CatalogTable
    columns: Mapping[str, SqlType]
    """What the files hold, in the table's order."""
    partition_keys: Mapping[str, SqlType]
    """What the partitions' values hold, in the table's order; `SELECT *` shows them last."""


@dataclass(slots=True, eq=False)
class TableUse:
    """One place in a query that reads a table, and what it needs of it."""

    table: QueryTable
    scan_name: str
    """The name under which DuckDB finds the rows."""
    source_name: str
    """The qualifier of its columns in DuckDB's SQL."""
    needed: set[str] = field(default_factory=set)
    """Columns and partition keys whose values the query reads."""
    is_nullable: bool = False
    """An outer join may answer NULLs in place of its rows: its partitions cannot be pruned by WHERE."""
    conditions: list[str] = field(default_factory=list)
    """Conditions in DuckDB's SQL that depend on partition keys alone and that every row must fulfil."""
    wanted: dict[str, list[str]] = field(default_factory=dict)
    """For partition keys that a condition compares with constants by = or IN: those constants as texts."""


class Tables:
    """Looks tables up for one query."""

    def __init__(self, catalog: CatalogStore, default_database: str | None) -> None:
        self._catalog = catalog
        self.default_database = (default_database or DEFAULT_DATABASE).lower()

    def get(self, database: str, name: str, where: str) -> QueryTable:
        """Find a table that SELECT can read.

        Args:
            database: its database, in any case.
            name: its name, in any case.
            where: the place in the statement, for errors.

        Raises:
            QueryError: there is none, or it is one that cannot be read here.
        """
        try:
            definition = self._catalog.tables.get(database, name)
        except EntityNotFoundException as error:
            raise self._not_found(database.lower(), name.lower(), where) from error
        _refuse_other_kinds(definition, where)
        return QueryTable(
            definition,
            columns=_typed(definition, definition.columns),
            partition_keys=_typed(definition, definition.partition_keys),
        )

    def view(self, database: str, name: str) -> View | None:
        """Find a view; None: there is none of that name.

        Raises:
            QueryError: it is a view that Athena's SQL did not make.
        """
        try:
            definition = self._catalog.tables.get(database, name)
        except EntityNotFoundException:
            return None
        return view_of(definition) if is_view(definition) else None

    def within(self, database: str) -> Tables:
        """The same catalog, where a name without a database means another one."""
        return Tables(self._catalog, database)

    def partition_values(self, table: QueryTable) -> list[tuple[str, ...]]:
        """The values of the registered partitions as texts."""
        found = self._catalog.partitions.page(table.definition.database, table.definition.name)
        return [partition.values for partition in found.partitions]

    def _not_found(self, database: str, name: str, where: str) -> QueryError:
        try:
            self._catalog.databases.get(database)
        except EntityNotFoundException:
            return QueryError("SCHEMA_NOT_FOUND", f"{where}: Schema '{database}' does not exist")
        return QueryError("TABLE_NOT_FOUND", f"{where}: Table '{CATALOG}.{database}.{name}' does not exist")


def _typed(table: CatalogTable, columns: list[tuple[str, str]]) -> dict[str, SqlType]:
    typed: dict[str, SqlType] = {}
    for name, hive_type in columns:
        try:
            typed[name.lower()] = parse_type(hive_type)
        except ValueError as error:
            raise QueryError(
                "HIVE_INVALID_METADATA",
                f"Glue table '{table.database}.{table.name}' column '{name}' has invalid data type: {error}.",
            ) from error
    return typed


def _refuse_other_kinds(table: CatalogTable, where: str) -> None:
    full_name = f"{table.database}.{table.name}"
    parameters = table.definition.get("Parameters") or {}
    if is_view(table):
        raise QueryError("NOT_SUPPORTED", f"{where}: '{full_name}' is a view; it has no files of its own.")
    if str(parameters.get("table_type", "")).upper() == "ICEBERG":
        raise QueryError(
            "NOT_SUPPORTED", f"{where}: '{full_name}' is an Iceberg table; those are not supported here yet."
        )
