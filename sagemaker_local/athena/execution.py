"""Runs one SELECT: translate, find partitions and files, execute, write the result file."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from sagemaker_local.athena.failures import QueryCancelled, QueryError
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.partitions import partitions_to_read
from sagemaker_local.athena.result_file import metadata, write_csv
from sagemaker_local.athena.scan import TableScan
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.table_files import TableFiles
from sagemaker_local.athena.tables import Tables
from sagemaker_local.athena.translation import Translation, translate
from sagemaker_local.athena.types import result_column
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.query import Query, ResultColumn
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.store.catalog import CatalogStore

_STOP_ATTEMPTS, _STOP_PAUSE_SECONDS = 40, 0.05


@dataclass(frozen=True, slots=True)
class Resources:
    """What every query may use."""

    catalog: CatalogStore
    objects: ObjectStore
    memory_bytes: int
    threads: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished SELECT gave."""

    columns: tuple[ResultColumn, ...]
    rows: int
    scanned_bytes: int
    planning_milliseconds: int
    engine_milliseconds: int


class Execution:
    """One SELECT; `stop` may be called from another thread."""

    def __init__(self, query: Query, resources: Resources) -> None:
        self._query = query
        self._resources = resources
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

    def run(self) -> Outcome:
        """Execute the statement and store its result.

        Raises:
            QueryError: it fails.
            QueryCancelled: `stop` was called.
        """
        begun = time.monotonic()
        translation = self._translated()
        session = self._session = Session(self._resources.memory_bytes, self._resources.threads)
        try:
            scans = self._scans(translation, session)
            planned = time.monotonic()
            self._check_not_stopped()
            rows = self._write(translation, self._rows(session, translation, scans))
        finally:
            self._session = None
            session.close()
            self._ended.set()
        ended = time.monotonic()
        return Outcome(
            columns=_described(translation),
            rows=rows,
            scanned_bytes=sum(scan.scanned_bytes for scan in scans),
            planning_milliseconds=round((planned - begun) * 1000),
            engine_milliseconds=round((ended - begun) * 1000),
        )

    def _translated(self) -> Translation:
        tree = bind(parse(self._query.sql), self._query.parameters)
        tables = Tables(self._resources.catalog, self._query.database)
        return translate(self._query.sql, tree, tables, datetime.now(UTC))

    def _scans(self, translation: Translation, session: Session) -> list[TableScan]:
        files = TableFiles(self._resources.objects)
        scans: list[TableScan] = []
        for use in translation.uses:
            self._check_not_stopped()
            partitions = partitions_to_read(use, self._resources.catalog, session)
            scan = TableScan(use, files.find(use.table.definition, partitions))
            session.register(use.scan_name, scan)
            scans.append(scan)
        return scans

    def _rows(self, session: Session, translation: Translation, scans: list[TableScan]) -> Iterator[pa.RecordBatch]:
        kinds = [column.type for column in translation.columns]
        try:
            for batch in session.batches(translation.sql):
                self._check_not_stopped()
                yield pa.RecordBatch.from_arrays(
                    [_as_declared(batch.column(i), kind.arrow) for i, kind in enumerate(kinds)],
                    names=[str(i) for i in range(len(kinds))],
                )
        except QueryError as error:
            self._check_not_stopped()
            # What stopped a file from being read says more than what DuckDB saw of it.
            raise next((scan.failure for scan in scans if scan.failure is not None), error) from error

    def _write(self, translation: Translation, batches: Iterator[pa.RecordBatch]) -> int:
        target = S3Uri.parse(self._query.output_location)
        with tempfile.TemporaryDirectory(prefix="athena-") as folder:
            path = Path(folder) / "result.csv"
            rows = write_csv(path, translation.columns, batches)
            self._check_not_stopped()
            described = metadata(self._query.query_id, _described(translation))
            objects = self._resources.objects
            objects.put(target.bucket, f"{target.key}.metadata", described, "binary/octet-stream")
            objects.put_file(target.bucket, target.key, path, "application/octet-stream")
        return rows

    def _check_not_stopped(self) -> None:
        if self._stopped.is_set():
            raise QueryCancelled("Query was cancelled")


def _described(translation: Translation) -> tuple[ResultColumn, ...]:
    return tuple(result_column(str(column.name), column.type) for column in translation.columns)


def _as_declared(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return values if values.type == kind else values.cast(kind)
