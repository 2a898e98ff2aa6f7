"""Frozen records as rows: one column for each member, of the same name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from sagemaker_local.store.documents import dump, dump_time, load, load_time

Record = TypeVar("Record")


class Table(Generic[Record]):
    """Writes and reads records of one dataclass; the SQL for it is made once.

    Args:
        derived: members that no column holds because a SELECT works them out.
        fixed: members that never change after the insert; an update leaves them alone.
    """

    def __init__(
        self,
        record_type: Callable[..., Record],
        name: str,
        key: Sequence[str],
        *,
        derived: Sequence[str] = (),
        fixed: Sequence[str] = (),
    ) -> None:
        self._type = record_type
        self._key = key
        self._readers = {member: _reader(hint) for member, hint in _hints(record_type).items()}
        self._columns = [member for member in self._readers if member not in derived]
        self._changing = [member for member in self._columns if member not in {*key, *fixed}]
        same_key = " AND ".join(f"{column} = ?" for column in key)
        marks = ", ".join("?" * len(self._columns))
        changes = ", ".join(f"{column} = ?" for column in self._changing)
        news = ", ".join(f"{column} = excluded.{column}" for column in self._changing)
        # The names in these statements are those of our own tables and members, never a caller's text.
        self.insert = f"INSERT INTO {name} ({', '.join(self._columns)}) VALUES ({marks})"  # noqa: S608  # see above
        self.upsert = f"{self.insert} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {news}"
        self.update = f"UPDATE {name} SET {changes} WHERE {same_key}"  # noqa: S608  # see above

    def values(self, record: Record) -> list[object]:
        """Every column of a record, for `insert` and `upsert`."""
        return [_written(getattr(record, column)) for column in self._columns]

    def changes(self, record: Record) -> list[object]:
        """The changing columns, then the key, for `update`."""
        return [_written(getattr(record, column)) for column in [*self._changing, *self._key]]

    def read(self, row: sqlite3.Row) -> Record:
        """The record of a row that has every member as a column."""
        values = {member: row[member] for member in self._readers}
        return self._type(
            **{member: None if value is None else self._readers[member](value) for member, value in values.items()}
        )


def _hints(record_type: Any) -> dict[str, Any]:
    hints = get_type_hints(record_type)
    return {field.name: hints[field.name] for field in fields(record_type)}


def _written(value: Any) -> object:
    if isinstance(value, datetime):
        return dump_time(value)
    if isinstance(value, Mapping):
        return dump(value)
    if isinstance(value, Enum):
        return value.value
    return value


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a column of a member with this annotation is read; `X | None` is read as X."""
    if isinstance(hint, UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if get_origin(hint) is not None:
        return load
    if hint is datetime:
        return load_time
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else _same


def _same(value: Any) -> Any:
    return value
