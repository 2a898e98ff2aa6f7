"""Tags of any resource, by its ARN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagemaker_local.errors import ResourceLimitExceeded
from sagemaker_local.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS tags (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
)
"""

# Every store that deletes a resource forgets its tags in the same transaction.
FORGET = "DELETE FROM tags WHERE arn = ?"

_TAGS_MAX = 50
_SET = "INSERT INTO tags (arn, key, value) VALUES (?, ?, ?) ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value"
_COUNT = "SELECT COUNT(*) FROM tags WHERE arn = ?"
_OF = "SELECT key, value FROM tags WHERE arn = ? ORDER BY rowid"
_REMOVE = "DELETE FROM tags WHERE arn = ? AND key = ?"


class TagStore:
    """Sets, removes and lists tags; knows nothing of the resources themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags; a key that is there already gets the new value.

        Raises:
            ResourceLimitExceeded: the resource would have more than 50 tags; none of the new ones is kept.
        """
        with self._database.transaction() as connection:
            connection.executemany(_SET, [(arn, key, value) for key, value in tags.items()])
            count = connection.execute(_COUNT, (arn,)).fetchone()[0]
            if count > _TAGS_MAX:
                raise ResourceLimitExceeded(
                    f"'{arn}' would have {count} tags; at most {_TAGS_MAX} are allowed. "
                    "Remove some with DeleteTags first."
                )

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags; a key that is not there is no error."""
        with self._database.transaction() as connection:
            connection.executemany(_REMOVE, [(arn, key) for key in keys])

    def of(self, arn: str) -> dict[str, str]:
        """All tags of a resource, in the order in which their keys were first set."""
        return {row["key"]: row["value"] for row in self._database.rows(_OF, (arn,))}
