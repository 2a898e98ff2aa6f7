"""Model package groups and the versioned packages in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sagemaker_local.errors import ConflictException, ValidationException
from sagemaker_local.records.model import ModelPackage, ModelPackageGroup
from sagemaker_local.store import tags
from sagemaker_local.store.database import Database
from sagemaker_local.store.table import Table

# Group names that differ only in case would give packages the same ARN, which is why ARNs are unique, too.
SCHEMA = """
CREATE TABLE IF NOT EXISTS model_package_groups (
    name TEXT PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created TEXT NOT NULL,
    description TEXT,
    last_version INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS model_packages (
    group_name TEXT NOT NULL REFERENCES model_package_groups (name),
    version INTEGER NOT NULL,
    arn TEXT NOT NULL UNIQUE,
    approval_status TEXT NOT NULL,
    request TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    approval_description TEXT,
    customer_metadata TEXT NOT NULL,
    generated_by TEXT,
    PRIMARY KEY (group_name, version)
)
"""

_GROUPS = Table(ModelPackageGroup, "model_package_groups", ["name"])
_PACKAGES = Table(ModelPackage, "model_packages", ["arn"], fixed=["group_name", "version", "created", "generated_by"])
_GROUP = "SELECT * FROM model_package_groups WHERE name = ?"
_ALL_GROUPS = "SELECT * FROM model_package_groups ORDER BY created, rowid"
_DELETE_GROUP = "DELETE FROM model_package_groups WHERE name = ? RETURNING arn"
# The group remembers the last number it gave away, so that a deleted package's number never comes back.
_NEXT_VERSION = "UPDATE model_package_groups SET last_version = last_version + 1 WHERE name = ? RETURNING last_version"
_PACKAGE = "SELECT * FROM model_packages WHERE arn = ?"
_PACKAGES_OF = "SELECT * FROM model_packages WHERE group_name = ? ORDER BY version"
_ALL_PACKAGES = "SELECT * FROM model_packages ORDER BY created, rowid"
_DELETE_PACKAGE = "DELETE FROM model_packages WHERE arn = ? RETURNING arn"


class ModelPackageStore:
    """Keeps groups by name and packages by ARN."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_group(self, group: ModelPackageGroup) -> None:
        """Keep a new group.

        Raises:
            ValidationException: the name, in whatever case, is taken.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(_GROUPS.insert, _GROUPS.values(group))
            except sqlite3.IntegrityError as error:
                raise ValidationException(
                    f"Model Package Group already exists: {group.arn}. Use it, or choose another ModelPackageGroupName."
                ) from error

    def find_group(self, name: str) -> ModelPackageGroup | None:
        """The group of this name, if there is one."""
        row = self._database.row(_GROUP, (name,))
        return None if row is None else _GROUPS.read(row)

    def get_group(self, name: str) -> ModelPackageGroup:
        """Read a group.

        Raises:
            ValidationException: there is none of this name.
        """
        group = self.find_group(name)
        if group is None:
            raise _missing_group(name)
        return group

    def groups(self) -> list[ModelPackageGroup]:
        """Every group, oldest first."""
        return [_GROUPS.read(row) for row in self._database.rows(_ALL_GROUPS)]

    def delete_group(self, name: str) -> None:
        """Forget an empty group and its tags.

        Raises:
            ValidationException: there is none of this name.
            ConflictException: it still has packages.
        """
        with self._database.transaction() as connection:
            try:
                deleted = connection.execute(_DELETE_GROUP, (name,)).fetchone()
            except sqlite3.IntegrityError as error:
                raise ConflictException(
                    f"Model package group '{name}' still has model packages. Delete them with DeleteModelPackage first."
                ) from error
            if deleted is None:
                raise _missing_group(name)
            connection.execute(tags.FORGET, (deleted["arn"],))

    def add(self, build: Callable[[int], ModelPackage], group: str) -> ModelPackage:
        """Keep a new package under the group's next version number, which `build` is called with.

        Raises:
            ValidationException: there is no such group; nothing is kept, and nothing if `build` raises.
        """
        with self._database.transaction() as connection:
            taken = connection.execute(_NEXT_VERSION, (group,)).fetchone()
            if taken is None:
                raise _missing_group(group)
            package = build(taken["last_version"])
            connection.execute(_PACKAGES.insert, _PACKAGES.values(package))
        return package

    def get(self, arn: str) -> ModelPackage:
        """Read a package.

        Raises:
            ValidationException: there is none with this ARN.
        """
        row = self._database.row(_PACKAGE, (arn,))
        if row is None:
            raise _missing_package(arn)
        return _PACKAGES.read(row)

    def all(self, group: str | None = None) -> list[ModelPackage]:
        """The packages of a group, version 1 first; without a group all packages, oldest first."""
        found = self._database.rows(_ALL_PACKAGES) if group is None else self._database.rows(_PACKAGES_OF, (group,))
        return [_PACKAGES.read(row) for row in found]

    def update(self, package: ModelPackage) -> None:
        """Keep the changed package.

        Raises:
            ValidationException: there is none with this ARN.
        """
        with self._database.transaction() as connection:
            if connection.execute(_PACKAGES.update, _PACKAGES.changes(package)).rowcount == 0:
                raise _missing_package(package.arn)

    def delete(self, arn: str) -> None:
        """Forget a package and its tags; its version number is not given away again.

        Raises:
            ValidationException: there is none with this ARN.
        """
        with self._database.transaction() as connection:
            if connection.execute(_DELETE_PACKAGE, (arn,)).fetchone() is None:
                raise _missing_package(arn)
            connection.execute(tags.FORGET, (arn,))


def _missing_group(name: str) -> ValidationException:
    return ValidationException(
        f"Model Package Group '{name}' does not exist. Create it with CreateModelPackageGroup; "
        "ListModelPackageGroups shows those that exist."
    )


def _missing_package(arn: str) -> ValidationException:
    return ValidationException(f"ModelPackage '{arn}' does not exist. ListModelPackages shows those that exist.")
