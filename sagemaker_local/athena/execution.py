"""One running statement: what it may use, how it reads rows, how it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from sagemaker_local.athena.failures import QueryCancelled, QueryError, ScanLimitExceeded
from sagemaker_local.athena.partitions import partitions_to_read
from sagemaker_local.athena.scan import TableScan
from sagemaker_local.athena.scope import OutputField
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.table_files import TableFiles
from sagemaker_local.athena.tables import Tables, TableUse
from sagemaker_local.athena.translation import Translation, translate
from sagemaker_local.athena.types import result_column
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.query import Query, QueryState, ResultColumn
from sagemaker_local.store.catalog import CatalogStore
from sagemaker_local.store.work_groups import PreparedStatementStore

_STOP_ATTEMPTS, _STOP_PAUSE_SECONDS = 40, 0.05


@dataclass(frozen=True, slots=True)
class Resources:
    """What every query may use."""

    catalog: CatalogStore
    objects: ObjectStore
    prepared: PreparedStatementStore
    memory_bytes: int
    threads: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a query's work group says of it."""

    scan_limit_bytes: int | None = None
    is_location_enforced: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished statement gave."""

    columns: Sequence[ResultColumn] = ()
    rows: int = 0
    scanned_bytes: int = 0
    planning_milliseconds: int = 0
    update_count: int | None = None
    """Rows that were written into a table."""
    manifest_location: str | None = None
    """The list of the files that were written."""


@dataclass(slots=True)
class Reading:
    """A query whose rows come as they are asked for, once."""

    columns: list[OutputField]
    batches: Iterator[pa.RecordBatch]
    planning_milliseconds: int
    scans: list[TableScan] = field(default_factory=list)

    @property
    def scanned_bytes(self) -> int:
        """The sizes of all files and column chunks that are read."""
        return sum(scan.scanned_bytes for scan in self.scans)

    @property
    def described(self) -> tuple[ResultColumn, ...]:
        """The columns as results describe them."""
        return tuple(result_column(str(column.name), column.type) for column in self.columns)


class Execution:
    """One statement; `stop` may be called from another thread."""

    def __init__(
        self,
        query: Query,
        resources: Resources,
        rules: Rules = Rules(),
        keep: Callable[[Query], bool] = lambda _: True,
    ) -> None:
        self.query = query
        self.rules = rules
        self.resources = resources
        self._keep = keep
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._session: Session | None = None

    def stop(self) -> None:
        """Make `run` end soon with QueryCancelled."""
        self._stopped.set()
        # An interrupt between two statements is lost: repeat it until the query has noticed.
        for _ in range(_STOP_ATTEMPTS):
            session = self._session
            if session is not None:
                session.interrupt()
            if self._session is None or self._ended.wait(_STOP_PAUSE_SECONDS):
                return

    @property
    def database(self) -> str:
        """What a table's name without a database means.

        Clients put it in Hive's quotes around statements of Hive (awswrangler for DESCRIBE).
        """
        return self.tables.default_database.strip("`")

    @property
    def tables(self) -> Tables:
        """The catalog as the query sees it."""
        return Tables(self.resources.catalog, self.query.database)

    def translated(self, sql: str, tree: exp.Expression) -> Translation:
        """Check a query and write it in DuckDB's SQL.

        Raises:
            QueryError: what Athena would refuse.
        """
        return translate(sql, tree, self.tables, datetime.now(UTC))

    @contextmanager
    def reading(self, translate_it: Callable[[], Translation]) -> Iterator[Reading]:
        """Run a query; its rows must be read inside the context.

        Raises:
            QueryError: it fails.
            QueryCancelled: `stop` was called.
        """
        begun = time.monotonic()
        translation = translate_it()
        try:
            scans = self._scans(translation)
            self._check_scan_limit(list(scans.values()))
            with self._open_session(_paths(scans.values())) as session:
                for name, scan in scans.items():
                    if scan.query is not None:
                        session.register_query(name, scan.query)
                    else:
                        session.register(name, scan)
                planning = round((time.monotonic() - begun) * 1000)
                self.check_not_stopped()
                found = list(scans.values())
                yield Reading(translation.columns, self._rows(session, translation, found), planning, found)
        finally:
            self._ended.set()

    @contextmanager
    def _open_session(self, files: Sequence[Path] = ()) -> Iterator[Session]:
        session = self._session = Session(self.resources.memory_bytes, self.resources.threads, files)
        try:
            yield session
        finally:
            self._session = None
            session.close()

    def _scans(self, translation: Translation) -> dict[str, TableScan]:
        """What the query reads, by the names that it has there."""
        with ExitStack() as stack:
            # Which files a session may open is settled when it is made: conditions on partitions need one before.
            has_conditions = any(use.conditions for use in translation.uses)
            session = stack.enter_context(self._open_session()) if has_conditions else None
            return {use.scan_name: self._scan(use, session) for use in translation.uses}

    def _scan(self, use: TableUse, session: Session | None) -> TableScan:
        self.check_not_stopped()
        partitions = partitions_to_read(use, self.resources.catalog, session)
        return TableScan(use, TableFiles(self.resources.objects).find(use.table.definition, partitions))

    def _check_scan_limit(self, scans: list[TableScan]) -> None:
        limit = self.rules.scan_limit_bytes
        if limit is not None and sum(scan.scanned_bytes for scan in scans) > limit:
            raise ScanLimitExceeded("Query cancelled! : Bytes scanned limit was exceeded")

    def _rows(self, session: Session, translation: Translation, scans: list[TableScan]) -> Iterator[pa.RecordBatch]:
        kinds = [column.type for column in translation.columns]
        try:
            for batch in session.batches(translation.sql):
                self.check_not_stopped()
                yield pa.RecordBatch.from_arrays(
                    [_as_declared(batch.column(i), kind.arrow) for i, kind in enumerate(kinds)],
                    names=[str(i) for i in range(len(kinds))],
                )
        except QueryError as error:
            self.check_not_stopped()
            # What stopped a file from being read says more than what DuckDB saw of it.
            raise next((scan.failure for scan in scans if scan.failure is not None), error) from error

    def note_targets(self, targets: Sequence[str]) -> None:
        """Keep the addresses of files that are about to be put: after a crash, they are taken away.

        Raises:
            QueryCancelled: somebody ended the query.
        """
        if not self._keep(replace(self.query, state=QueryState.RUNNING, targets=tuple(targets))):
            raise QueryCancelled("Query was cancelled")

    def check_not_stopped(self) -> None:
        """End here if `stop` was called.

        Raises:
            QueryCancelled: it was.
        """
        if self._stopped.is_set():
            raise QueryCancelled("Query was cancelled")


Action = Callable[[Execution], Outcome]
"""What a statement does once it is parsed."""
Planner = Callable[[str], Action]
"""Reads a statement; raises QueryError for one that is malformed."""


def _paths(scans: Iterable[TableScan]) -> list[Path]:
    """The files that DuckDB itself opens."""
    return [path for scan in scans if scan.query is not None for path in scan.paths]


def _as_declared(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return values if values.type == kind else values.cast(kind)
