"""Feature groups, and what people wrote about their features."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sagemaker_local.errors import ResourceInUse, ResourceNotFound
from sagemaker_local.records.feature_group import FeatureGroup, FeatureGroupStatus, FeatureMetadata
from sagemaker_local.store import tags
from sagemaker_local.store.database import Database
from sagemaker_local.store.documents import load_time
from sagemaker_local.store.table import Table

SCHEMA = """
CREATE TABLE IF NOT EXISTS feature_groups (
    name TEXT PRIMARY KEY,
    arn TEXT NOT NULL,
    request TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    failure_reason TEXT,
    blocked_reason TEXT,
    was_updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS feature_groups_by_arn ON feature_groups (arn);
CREATE TABLE IF NOT EXISTS feature_metadata (
    group_name TEXT NOT NULL REFERENCES feature_groups (name) ON DELETE CASCADE,
    feature_name TEXT NOT NULL,
    description TEXT,
    parameters TEXT NOT NULL,
    modified TEXT NOT NULL,
    PRIMARY KEY (group_name, feature_name)
)
"""

_GROUPS = Table(FeatureGroup, "feature_groups", ["name"], fixed=["arn", "created"])
_METADATA = Table(FeatureMetadata, "feature_metadata", ["group_name", "feature_name"])
_BY_NAME = "SELECT * FROM feature_groups WHERE name = ?"
_ALL = "SELECT * FROM feature_groups ORDER BY created, rowid"
_STATE = "SELECT status, modified FROM feature_groups WHERE name = ?"
_BLOCK = "UPDATE feature_groups SET blocked_reason = ? WHERE name = ? AND blocked_reason IS NOT ?"
_DELETE = "DELETE FROM feature_groups WHERE name = ? RETURNING arn"
_METADATA_OF = "SELECT * FROM feature_metadata WHERE group_name = ? AND feature_name = ?"


class FeatureGroupStore:
    """Keeps feature groups by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, group: FeatureGroup) -> None:
        """Keep a new group.

        Raises:
            ResourceInUse: the name is taken.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_GROUPS.insert, _GROUPS.values(group))
            except sqlite3.IntegrityError as error:
                raise ResourceInUse(
                    f"Resource Already Exists: FeatureGroup with name {group.name} already exists. "
                    "Choose a different name, or delete it first with DeleteFeatureGroup."
                ) from error

    def find(self, name: str) -> FeatureGroup | None:
        """Read a group; None: there is none of this name."""
        row = self._database.row(_BY_NAME, (name,))
        return None if row is None else _GROUPS.read(row)

    def get(self, name: str) -> FeatureGroup:
        """Read a group.

        Raises:
            ResourceNotFound: there is none of this name.
        """
        group = self.find(name)
        if group is None:
            raise missing(name)
        return group

    def state(self, name: str) -> tuple[FeatureGroupStatus, datetime] | None:
        """Only the status and the last change, which is cheap; None: there is no such group."""
        row = self._database.row(_STATE, (name,))
        return None if row is None else (FeatureGroupStatus(row["status"]), load_time(row["modified"]))

    def all(self) -> list[FeatureGroup]:
        """Every group, oldest first."""
        return [_GROUPS.read(row) for row in self._database.rows(_ALL)]

    def update(self, group: FeatureGroup) -> None:
        """Replace what may change of a group that is there."""
        with self._database.transaction() as connection:
            connection.execute(_GROUPS.update, _GROUPS.changes(group))

    def block(self, name: str, reason: str | None) -> None:
        """Say why the offline store cannot be written, or that it can again."""
        with self._database.transaction() as connection:
            connection.execute(_BLOCK, (reason, name, reason))

    def delete(self, name: str) -> None:
        """Forget a group with its tags and metadata; its records are another store's."""
        with self._database.transaction() as connection:
            deleted = connection.execute(_DELETE, (name,)).fetchone()
            if deleted is not None:
                connection.execute(tags.FORGET, (deleted["arn"],))

    def metadata(self, group_name: str, feature_name: str) -> FeatureMetadata | None:
        """What was written about a feature; None: nothing yet."""
        row = self._database.row(_METADATA_OF, (group_name, feature_name))
        return None if row is None else _METADATA.read(row)

    def write_metadata(self, metadata: FeatureMetadata) -> None:
        """Keep or replace what is written about a feature."""
        with self._database.transaction() as connection:
            connection.execute(_METADATA.upsert, _METADATA.values(metadata))


def missing(name: str) -> ResourceNotFound:
    """The refusal of a name that no group has."""
    return ResourceNotFound(f"FeatureGroup with name '{name}' does not exist. ListFeatureGroups shows those that do.")
