"""The questions that are put to a feature group's offline table, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import athena_sql as sql
from dataset_schema import IdFormat, IdRange


@dataclass(frozen=True, slots=True)
class OfflineTable:
    """Where a feature group's history lies: each row is a version of a record, or the marker of its deletion."""

    database: str
    name: str
    id_column: str
    event_time_column: str
    has_text_times: bool
    """ISO 8601 as text; else seconds since 1970 as a number."""

    @property
    def moment(self) -> str:
        """The event time as something to compare and to order by.

        As text, half a second after nine (`09:00:00.500Z`) would come before nine (`09:00:00Z`).
        """
        column = sql.identifier(self.event_time_column)
        return f"from_iso8601_timestamp({column})" if self.has_text_times else column

    def literal(self, moment: datetime) -> str:
        """A point in time to compare `moment` with."""
        at = moment.astimezone(UTC)
        if not self.has_text_times:
            return sql.number(int(at.timestamp() * 1000)) + " / 1e3"
        return (
            f"from_iso8601_timestamp({sql.text(at.strftime('%Y-%m-%dT%H:%M:%S.') + f'{at.microsecond // 1000:03d}Z')})"
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns of which customers, as of when."""

    columns: tuple[str, ...]
    id_format: IdFormat | None
    ranges: tuple[IdRange, ...]
    """Whoever is in one of them; each end is included."""
    before: datetime
    """Versions of this time or later do not count."""


def as_of_query(table: OfflineTable, wanted: Wanted) -> str:
    """Ask for the latest version of each customer, those left out whose latest version is a deletion.

    Only after the ranking: a deletion hides the versions before it. Of two versions with one event time the one that
    was sent later counts; writes may come twice, and then the rows are the same.
    """
    rank = _free_name("version_rank", wanted.columns)
    conditions = [f"{table.moment} < {table.literal(wanted.before)}"]
    if not any(ids.is_open for ids in wanted.ranges):
        conditions.append(_in_ranges(table, wanted))
    ranked = (
        f"SELECT {sql.identifiers(wanted.columns)}, is_deleted, row_number() OVER ("
        f"PARTITION BY {sql.identifier(table.id_column)} "
        f"ORDER BY {table.moment} DESC, api_invocation_time DESC, write_time DESC) AS {rank} "
        f"FROM {sql.table(table.database, table.name)} "
        f"WHERE {' AND '.join(conditions)}"
    )
    return f"SELECT {sql.identifiers(wanted.columns)} FROM ({ranked}) WHERE {rank} = 1 AND NOT is_deleted"


def arrived_query(table: OfflineTable, oldest: datetime, newest: datetime) -> str:
    """Ask how many versions of records lie between two event times, both included, and for the newest of them.

    A version is an id and an event time: what was written twice counts once.
    """
    versions = (
        f"SELECT DISTINCT {sql.identifier(table.id_column)}, {table.moment} AS moment "
        f"FROM {sql.table(table.database, table.name)} "
        f"WHERE {table.moment} BETWEEN {table.literal(oldest)} AND {table.literal(newest)} AND NOT is_deleted"
    )
    return f"SELECT count(*), CAST(to_unixtime({_as_timestamp(table)}) * 1000 AS bigint) FROM ({versions})"


def unload(query: str, location: str) -> str:
    """Let a query write its rows to an S3 prefix that holds nothing, as Parquet."""
    return f"UNLOAD ({query}) TO {sql.text(location)} WITH (format = 'PARQUET', compression = 'SNAPPY')"


def _as_timestamp(table: OfflineTable) -> str:
    return "max(moment)" if table.has_text_times else "from_unixtime(max(moment))"


def _in_ranges(table: OfflineTable, wanted: Wanted) -> str:
    if wanted.id_format is None:
        raise AssertionError("ids without a format have no ranges")
    # Compared as numbers: as text, CUST_1000000 would lie before CUST_999999.
    pattern = wanted.id_format.pattern.replace("(?P<number>", "(")
    column = f"CAST({sql.identifier(table.id_column)} AS varchar)"
    value = f"TRY_CAST(regexp_extract({column}, {sql.text(pattern)}, 1) AS bigint)"
    return "(" + " OR ".join(_in_range(value, ids) for ids in wanted.ranges) + ")"


def _in_range(value: str, ids: IdRange) -> str:
    bounds = [] if ids.start is None else [f"{value} >= {sql.number(ids.start)}"]
    bounds += [] if ids.end is None else [f"{value} <= {sql.number(ids.end)}"]
    return "(" + " AND ".join(bounds) + ")"


def _free_name(name: str, taken: Sequence[str]) -> str:
    while name in {other.lower() for other in taken}:
        name += "_"
    return name
