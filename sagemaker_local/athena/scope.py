"""What names mean at a place in a query: sources, their fields, and the scopes around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from sagemaker_local.athena.tables import TableUse
from sagemaker_local.athena.types import SqlType


def column_parts(column: exp.Expression) -> list[str]:
    """The lower-case names of `a.b.c`."""
    parts = (column.args.get(part) for part in ("catalog", "db", "table", "this"))
    return [part.name.lower() for part in parts if part is not None]


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression in DuckDB's SQL and its type in Athena's."""

    sql: str
    type: SqlType
    literal: str | None = None
    """The text of a constant, for functions that read it before the query runs (formats, units)."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column that an expression can name; without a name it can only be reached through `*`."""

    name: str | None
    type: SqlType
    sql: str
    use: TableUse | None = None
    """The table that the values are read from, when they are read unchanged."""

    @property
    def key(self) -> str | None:
        """The name as it is compared: without regard to case."""
        return self.name.lower() if self.name is not None else None

    def touch(self) -> None:
        """Note that the query needs the column's values."""
        if self.use is not None and self.key is not None:
            self.use.needed.add(self.key)


@dataclass(frozen=True, slots=True)
class Source:
    """Fields that share a qualifier: a table, a subquery, a list of values."""

    qualifier: tuple[str, ...]
    """Lower-case: an alias, or (catalog, database, table); empty for the merged columns of USING."""
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class OutputField:
    """A column of a query's result."""

    name: str | None
    type: SqlType


@dataclass(frozen=True, slots=True)
class CommonTable:
    """A WITH query: its name in DuckDB's SQL and its columns, which are c0, c1, ... there."""

    sql_name: str
    fields: Sequence[OutputField]


class AmbiguousColumn(Exception):
    """Several sources have a column of that name."""


@dataclass(slots=True)
class Scope:
    """The sources of one SELECT, inside the scopes around it."""

    sources: Sequence[Source] = ()
    parent: Scope | None = None
    common_tables: Mapping[str, CommonTable] = field(default_factory=dict)
    referenced: list[Field] = field(default_factory=list)
    """Every field of this scope that was resolved, in order: what a condition depends on."""

    def resolve(self, parts: Sequence[str]) -> tuple[Field, Sequence[str]] | None:
        """Find the field that `a.b.c` names, here or further out, and the row fields that remain to be followed.

        Raises:
            AmbiguousColumn: several sources have it.
        """
        names = [part.lower() for part in parts]
        found = self._resolve_here(names)
        if found is not None:
            self.referenced.append(found[0])
            found[0].touch()
            return found
        return self.parent.resolve(parts) if self.parent is not None else None

    def has(self, column: exp.Expression) -> bool:
        """Whether the column belongs to this scope itself, not to one around it."""
        return self._resolve_here(column_parts(column)) is not None

    def common_table(self, name: str) -> CommonTable | None:
        """Find the WITH query of that name, here or further out."""
        if name in self.common_tables:
            return self.common_tables[name]
        return self.parent.common_table(name) if self.parent is not None else None

    def _resolve_here(self, names: Sequence[str]) -> tuple[Field, Sequence[str]] | None:
        # `a.b` is column b of source a before it is field b of the row a.
        for length in range(len(names) - 1, -1, -1):
            qualifier, name = tuple(names[:length]), names[length]
            matches = [
                candidate
                for source in self.sources
                if source.qualifier[len(source.qualifier) - length :] == qualifier and length <= len(source.qualifier)
                for candidate in source.fields
                if candidate.key == name
            ]
            if len(matches) > 1:
                raise AmbiguousColumn
            if matches:
                return matches[0], names[length + 1 :]
        return None
