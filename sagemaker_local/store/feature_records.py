"""The online store's records, and those that wait for the offline store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from sagemaker_local.records.feature_record import FeatureRecord, OfflineFile, OfflineRow
from sagemaker_local.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS feature_records (
    group_name TEXT NOT NULL,
    identifier TEXT NOT NULL,
    event_milliseconds INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (group_name, identifier)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feature_files (
    key TEXT NOT NULL,
    group_name TEXT NOT NULL,
    key_values TEXT NOT NULL,
    written_milliseconds INTEGER NOT NULL,
    PRIMARY KEY (group_name, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feature_rows (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    file_key TEXT,
    identifier TEXT NOT NULL,
    event_milliseconds INTEGER NOT NULL,
    invoked_milliseconds INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feature_rows_by_file ON feature_rows (group_name, file_key)
"""

_PUT_ONLINE = """
INSERT INTO feature_records (group_name, identifier, event_milliseconds, is_deleted, record) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (group_name, identifier) DO UPDATE SET
event_milliseconds = excluded.event_milliseconds, is_deleted = excluded.is_deleted, record = excluded.record
WHERE excluded.event_milliseconds > feature_records.event_milliseconds
"""
_REPLACE_ONLINE = """
UPDATE feature_records SET event_milliseconds = ?, is_deleted = ?, record = ? WHERE group_name = ? AND identifier = ?
"""
_REMOVE_ONLINE = "DELETE FROM feature_records WHERE group_name = ? AND identifier = ?"
_REMOVE_GROUP = "DELETE FROM feature_records WHERE group_name = ?"
_ONLINE = "SELECT * FROM feature_records WHERE group_name = ? AND identifier = ?"
_IDENTIFIERS = """
SELECT identifier FROM feature_records
WHERE group_name = ? AND identifier > ? AND is_deleted <= ? ORDER BY identifier LIMIT ?
"""
_PUT_OFFLINE = """
INSERT INTO feature_rows (group_name, identifier, event_milliseconds, invoked_milliseconds, is_deleted, record)
VALUES (?, ?, ?, ?, ?, ?)
"""
_WAITING_GROUPS = "SELECT DISTINCT group_name FROM feature_rows"
_UNPLANNED = "SELECT * FROM feature_rows WHERE group_name = ? AND file_key IS NULL ORDER BY number LIMIT ?"
_ADD_FILE = "INSERT INTO feature_files (key, group_name, key_values, written_milliseconds) VALUES (?, ?, ?, ?)"
_PLAN_ROW = "UPDATE feature_rows SET file_key = ? WHERE number = ?"
_FILES = "SELECT * FROM feature_files WHERE group_name = ? ORDER BY key"
_ROWS_OF = "SELECT * FROM feature_rows WHERE group_name = ? AND file_key = ? ORDER BY number"
_DROP_ROWS_OF = "DELETE FROM feature_rows WHERE group_name = ? AND file_key = ?"
_DROP_FILE = "DELETE FROM feature_files WHERE group_name = ? AND key = ?"
_DROP_ROWS = "DELETE FROM feature_rows WHERE group_name = ?"
_DROP_FILES = "DELETE FROM feature_files WHERE group_name = ?"

Planner = Callable[[Sequence[OfflineRow]], Mapping[OfflineFile, Sequence[OfflineRow]]]


class FeatureRecordStore:
    """Both stores' rows; several calls inside one `Store.transaction` are committed together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, group_name: str, identifier: str) -> FeatureRecord | None:
        """The newest version that the online store has, markers of deletion included."""
        row = self._database.row(_ONLINE, (group_name, identifier))
        return None if row is None else _record(row)

    def put_online(self, record: FeatureRecord) -> None:
        """Keep a version when its event time is after that of the one which is there."""
        with self._database.transaction() as connection:
            connection.execute(
                _PUT_ONLINE,
                (
                    record.group_name,
                    record.identifier,
                    record.event_milliseconds,
                    record.is_deleted,
                    _text(record.values),
                ),
            )

    def replace_online(self, record: FeatureRecord) -> None:
        """Replace the version that is there, whatever its event time."""
        with self._database.transaction() as connection:
            connection.execute(
                _REPLACE_ONLINE,
                (
                    record.event_milliseconds,
                    record.is_deleted,
                    _text(record.values),
                    record.group_name,
                    record.identifier,
                ),
            )

    def remove_online(self, group_name: str, identifier: str) -> None:
        """Forget a record altogether."""
        with self._database.transaction() as connection:
            connection.execute(_REMOVE_ONLINE, (group_name, identifier))

    def identifiers(self, group_name: str, *, after: str, limit: int, with_deleted: bool) -> list[str]:
        """Names of records in the online store, in the order of their code points."""
        rows = self._database.rows(_IDENTIFIERS, (group_name, after, int(with_deleted), limit))
        return [row["identifier"] for row in rows]

    def put_offline(self, record: FeatureRecord, invoked_milliseconds: int) -> None:
        """Keep a version until it is in a file of the offline store."""
        with self._database.transaction() as connection:
            connection.execute(
                _PUT_OFFLINE,
                (
                    record.group_name,
                    record.identifier,
                    record.event_milliseconds,
                    invoked_milliseconds,
                    record.is_deleted,
                    _text(record.values),
                ),
            )

    def waiting_groups(self) -> list[str]:
        """Names of groups with rows that are in no file yet, groups that are being deleted included."""
        return [row["group_name"] for row in self._database.rows(_WAITING_GROUPS)]

    def plan(self, group_name: str, planner: Planner, *, rows_max: int, characters_max: int) -> bool:
        """Settle which file each of the next rows goes to, for good; true: rows are left for a next call."""
        with self._database.transaction() as connection:
            cursor = connection.execute(_UNPLANNED, (group_name, rows_max))
            rows, is_cut = _first(cursor, rows_max, characters_max)
            cursor.close()
            for file, its_rows in planner(rows).items():
                values = json.dumps(file.partition)
                connection.execute(_ADD_FILE, (file.key, file.group_name, values, file.written_milliseconds))
                connection.executemany(_PLAN_ROW, [(file.key, row.number) for row in its_rows])
        return is_cut

    def planned(self, group_name: str) -> list[OfflineFile]:
        """Files that are planned and not finished: perhaps written, perhaps not."""
        return [
            OfflineFile(
                row["key"], row["group_name"], tuple(json.loads(row["key_values"])), row["written_milliseconds"]
            )
            for row in self._database.rows(_FILES, (group_name,))
        ]

    def rows_of(self, file: OfflineFile) -> list[OfflineRow]:
        """The rows of a planned file, in the order in which they arrived."""
        return [_row(row) for row in self._database.rows(_ROWS_OF, (file.group_name, file.key))]

    def finish(self, file: OfflineFile) -> None:
        """Forget a file's rows: they are in S3 now."""
        with self._database.transaction() as connection:
            connection.execute(_DROP_ROWS_OF, (file.group_name, file.key))
            connection.execute(_DROP_FILE, (file.group_name, file.key))

    def delete_group(self, group_name: str) -> None:
        """Forget all that the online store has of a group, and what could not be written to its offline store."""
        with self._database.transaction() as connection:
            for statement in (_REMOVE_GROUP, _DROP_ROWS, _DROP_FILES):
                connection.execute(statement, (group_name,))


def _first(cursor: sqlite3.Cursor, rows_max: int, characters_max: int) -> tuple[list[OfflineRow], bool]:
    rows: list[OfflineRow] = []
    size = 0
    for row in cursor:
        rows.append(_row(row))
        size += len(row["record"])
        if len(rows) >= rows_max or size >= characters_max:
            return rows, True
    return rows, False


def _text(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"))


def _record(row: sqlite3.Row) -> FeatureRecord:
    return FeatureRecord(
        group_name=row["group_name"],
        identifier=row["identifier"],
        event_milliseconds=row["event_milliseconds"],
        values=json.loads(row["record"]),
        is_deleted=bool(row["is_deleted"]),
    )


def _row(row: sqlite3.Row) -> OfflineRow:
    return OfflineRow(row["number"], _record(row), row["invoked_milliseconds"])
