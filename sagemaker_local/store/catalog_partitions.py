"""Partitions of the tables in the Glue Data Catalog in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import AlreadyExistsException, EntityNotFoundException, InvalidInputException
from sagemaker_local.records.catalog import CatalogPartition
from sagemaker_local.store.catalog_tables import CatalogTableStore
from sagemaker_local.store.database import Database

Values = Sequence[str]


@dataclass(frozen=True, slots=True)
class PartitionPage:
    """Some partitions in the order in which they were registered, and where the next ones start."""

    partitions: list[CatalogPartition]
    next_after: int | None
    """Give it as `after` for the next page; None: there is none."""


class CatalogPartitionStore:
    """Adds, finds, updates and removes partitions; the values of the keys are exact texts."""

    def __init__(self, database: Database, tables: CatalogTableStore) -> None:
        self._database = database
        self._tables = tables

    def add(self, database_name: str, table_name: str, values: Values, definition: Mapping[str, Any]) -> None:
        """Register a partition.

        Raises:
            EntityNotFoundException: there is no such database or table.
            InvalidInputException: the table has more or fewer partition keys than `values`.
            AlreadyExistsException: the values are registered.
        """
        with self._database.transaction() as connection:
            table = self._tables.row(database_name, table_name)
            _check_arity(table, values)
            inserted = connection.execute(
                "INSERT INTO glue_partitions (table_id, key_values, definition, created) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (table["id"], _key(values), json.dumps(definition), datetime.now(UTC).timestamp()),
            )
            if inserted.rowcount == 0:
                raise AlreadyExistsException(f"Partition {list(values)} already exists.")

    def get(self, database_name: str, table_name: str, values: Values) -> CatalogPartition:
        """Find a partition by its values.

        Raises:
            EntityNotFoundException: there is no such database, table or partition.
            InvalidInputException: the table has more or fewer partition keys than `values`.
        """
        table = self._tables.row(database_name, table_name)
        _check_arity(table, values)
        row = self._database.row(
            "SELECT * FROM glue_partitions WHERE table_id = ? AND key_values = ?", (table["id"], _key(values))
        )
        if row is None:
            raise _not_found(values)
        return _partition(table, row)

    def page(
        self,
        database_name: str,
        table_name: str,
        *,
        keep: Callable[[tuple[str, ...]], bool] = lambda _: True,
        after: int = 0,
        limit: int | None = None,
        segment: tuple[int, int] = (0, 1),
    ) -> PartitionPage:
        """The partitions whose values `keep` accepts, which sees the values alone: 10,000 definitions need not be read.

        `segment` is (number, of how many): each partition is in exactly one segment.

        Raises:
            EntityNotFoundException: there is no such database or table.
        """
        table = self._tables.row(database_name, table_name)
        number, total = segment
        rows = self._database.rows(
            "SELECT id, key_values FROM glue_partitions WHERE table_id = ? AND id > ? AND id % ? = ? ORDER BY id",
            (table["id"], after, total, number),
        )
        kept: list[int] = []
        for row in rows:
            if keep(tuple(json.loads(row["key_values"]))):
                if limit is not None and len(kept) == limit:
                    return PartitionPage(self._by_id(table, kept), kept[-1])
                kept.append(row["id"])
        return PartitionPage(self._by_id(table, kept), None)

    def update(
        self, database_name: str, table_name: str, values: Values, new_values: Values, definition: Mapping[str, Any]
    ) -> None:
        """Replace a partition's definition, and its values when they differ.

        Raises:
            EntityNotFoundException: there is no such database, table or partition.
            InvalidInputException: the table has more or fewer partition keys than the values.
            AlreadyExistsException: `new_values` are those of another partition.
        """
        with self._database.transaction() as connection:
            table = self._tables.row(database_name, table_name)
            _check_arity(table, values)
            _check_arity(table, new_values)
            try:
                changed = connection.execute(
                    "UPDATE glue_partitions SET key_values = ?, definition = ? WHERE table_id = ? AND key_values = ?",
                    (_key(new_values), json.dumps(definition), table["id"], _key(values)),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExistsException(f"Partition {list(new_values)} already exists.") from error
            if changed.rowcount == 0:
                raise _not_found(values)

    def delete(self, database_name: str, table_name: str, values: Values) -> None:
        """Forget a partition; its files stay.

        Raises:
            EntityNotFoundException: there is no such database, table or partition.
            InvalidInputException: the table has more or fewer partition keys than `values`.
        """
        with self._database.transaction() as connection:
            table = self._tables.row(database_name, table_name)
            _check_arity(table, values)
            deleted = connection.execute(
                "DELETE FROM glue_partitions WHERE table_id = ? AND key_values = ?", (table["id"], _key(values))
            )
            if deleted.rowcount == 0:
                raise _not_found(values)

    def together(self) -> Any:
        """One transaction around several calls: all of their changes are committed with one write."""
        return self._database.transaction()

    def _by_id(self, table: sqlite3.Row, ids: Sequence[int]) -> list[CatalogPartition]:
        rows = self._database.rows(
            "SELECT p.* FROM json_each(?) AS wanted JOIN glue_partitions p ON p.id = wanted.value ORDER BY p.id",
            (json.dumps(ids),),
        )
        return [_partition(table, row) for row in rows]


def _key(values: Values) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _check_arity(table: sqlite3.Row, values: Values) -> None:
    keys = [key["Name"] for key in json.loads(table["definition"]).get("PartitionKeys") or []]
    if len(keys) != len(values):
        raise InvalidInputException(
            f"The number of partition keys do not match the number of partition values: "
            f"table {table['name']} has keys {keys}, the values are {list(values)}."
        )


def _not_found(values: Values) -> EntityNotFoundException:
    return EntityNotFoundException(f"Cannot find partition {list(values)}.")


def _partition(table: sqlite3.Row, row: sqlite3.Row) -> CatalogPartition:
    return CatalogPartition(
        database=table["database_name"],
        table=table["name"],
        values=tuple(json.loads(row["key_values"])),
        definition=json.loads(row["definition"]),
        created=datetime.fromtimestamp(row["created"], UTC),
    )
