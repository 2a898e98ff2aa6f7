"""What Athena keeps besides queries: work groups, prepared statements, named queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """Settings that queries share."""

    name: str
    state: str
    """ENABLED or DISABLED."""
    description: str
    configuration: Mapping[str, Any]
    """The API shape WorkGroupConfiguration."""
    created: datetime

    @property
    def output_location(self) -> str | None:
        """Where results go; None: each query says it."""
        location: str | None = (self.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        return location

    @property
    def is_enforced(self) -> bool:
        """Whether the work group's output location replaces that of a query."""
        return bool(self.configuration.get("EnforceWorkGroupConfiguration")) and self.output_location is not None

    @property
    def scan_limit_bytes(self) -> int | None:
        """A query that reads more is cancelled."""
        limit: int | None = self.configuration.get("BytesScannedCutoffPerQuery")
        return limit


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A statement with question marks, under a name of its work group."""

    name: str
    work_group: str
    sql: str
    description: str | None
    modified: datetime


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query's text that is kept for people."""

    query_id: str
    name: str
    work_group: str
    database: str
    sql: str
    description: str | None
    token: str | None = None
