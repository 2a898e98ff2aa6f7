"""Queries that Athena was asked to run, and the states they go through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class QueryState(StrEnum):
    """States of a query (API shape QueryExecutionState): QUEUED, RUNNING, then one of the other three."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """The query has ended."""
        return self in {self.SUCCEEDED, self.FAILED, self.CANCELLED}


class StatementType(StrEnum):
    """What kind of statement a query is (API shape StatementType)."""

    DDL = "DDL"
    DML = "DML"
    UTILITY = "UTILITY"


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result, as ColumnInfo describes it."""

    name: str
    type: str
    precision: int
    scale: int = 0

    @property
    def is_case_sensitive(self) -> bool:
        """Whether values differ by case: texts do."""
        return self.type in {"varchar", "char"}


@dataclass(frozen=True, slots=True)
class QueryFailure:
    """Why a query failed, as AthenaError describes it."""

    category: int
    """1 system, 2 user, 3 other."""
    type: int
    message: str


@dataclass(frozen=True, slots=True)
class QueryStatistics:
    """What a query took."""

    engine_milliseconds: int = 0
    total_milliseconds: int = 0
    queue_milliseconds: int = 0
    planning_milliseconds: int = 0
    scanned_bytes: int = 0
    """Sizes of the CSV files and of the Parquet column chunks that were read."""
    output_rows: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """One StartQueryExecution and what became of it."""

    query_id: str
    sql: str
    state: QueryState
    submitted: datetime
    output_location: str
    """Where the result is, or will be: s3://.../<query id>.csv."""
    statement_type: StatementType
    substatement_type: str | None = None
    catalog: str | None = None
    database: str | None = None
    parameters: Sequence[str] = ()
    work_group: str = "primary"
    token: str | None = None
    """ClientRequestToken: the same token with the same request names the same query."""
    completed: datetime | None = None
    reason: str | None = None
    """StateChangeReason."""
    failure: QueryFailure | None = None
    statistics: QueryStatistics = field(default_factory=QueryStatistics)
    columns: Sequence[ResultColumn] = ()
    update_count: int | None = None
    """Rows that CTAS or INSERT wrote."""
    manifest_location: str | None = None
    """The list of the files that CTAS, INSERT or UNLOAD wrote."""
    targets: Sequence[str] = ()
    """Files that are being put: they are no result yet, and go away if the query does not end."""
