"""The query service: starts queries in worker threads, keeps what became of them, pages through results."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sagemaker_local.athena.execution import Action, Execution, Outcome, Resources, Rules
from sagemaker_local.athena.failures import QueryCancelled, QueryError, ScanLimitExceeded
from sagemaker_local.athena.plans import plan
from sagemaker_local.athena.prepared import read_execute
from sagemaker_local.athena.result_file import read_csv, read_lines
from sagemaker_local.athena.statements import StatementKind, classify
from sagemaker_local.athena.syntax import parse
from sagemaker_local.errors import (
    InvalidRequestException,
    LocalError,
    NoSuchBucket,
    NoSuchKey,
    ResourceNotFoundException,
    ValidationException,
)
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.names import Place
from sagemaker_local.records.query import Query, QueryFailure, QueryState, QueryStatistics
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.records.work_group import PRIMARY, WorkGroup
from sagemaker_local.store.catalog import CatalogStore
from sagemaker_local.store.queries import QueryStore

_LOG = logging.getLogger(__name__)
# More queries would wait for the end of others.
_WORKERS = 32
_MEMORY_BYTES = 2 * 1024**3
_SYSTEM_FAILURE = QueryFailure(1, 200, "")


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """What StartQueryExecution asks for."""

    sql: str
    output_location: str | None
    database: str | None = None
    catalog: str | None = None
    parameters: Sequence[str] = ()
    work_group: str = PRIMARY
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some rows of a result, and where the next ones begin."""

    rows: list[list[str | None]]
    next_offset: int | None


class Queries:
    """Athena for one account and region."""

    def __init__(
        self,
        store: QueryStore,
        catalog: CatalogStore,
        objects: ObjectStore,
        place: Place,
        *,
        memory_bytes: int = _MEMORY_BYTES,
        threads: int | None = None,
    ) -> None:
        self.catalog = catalog
        self.place = place
        self._store = store
        self._objects = objects
        self.work_groups, self.prepared, self.named = store.work_groups, store.prepared, store.named
        self._resources = Resources(catalog, objects, store.prepared, memory_bytes, threads or os.cpu_count() or 1)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="athena")
        self._lock = threading.Lock()
        self._executions: dict[str, Execution] = {}
        self._ended = threading.Condition()

    def start(self, request: QueryRequest) -> Query:
        """Accept a query and run it in the background; the same token gives the same query again.

        Raises:
            InvalidRequestException: no usable output location, an unknown work group, a malformed statement,
                a token that came with another request before.
        """
        group = self._work_group(request.work_group)
        query, action = self._prepared(request, group)
        kept = self._store.add(query)
        if kept.query_id != query.query_id:
            if _request_of(kept) != _request_of(query):
                raise InvalidRequestException(
                    "Idempotent parameters do not match: the token came with another request."
                )
            return kept
        rules = Rules(group.scan_limit_bytes, group.is_enforced)
        execution = Execution(query, self._resources, rules, self._store.update)
        with self._lock:
            self._executions[query.query_id] = execution
        self._workers.submit(self._run, query, action, execution)
        return query

    def get(self, query_id: str) -> Query:
        """Find a query.

        Raises:
            InvalidRequestException: there is none with that id.
        """
        return self._store.get(query_id)

    def stop(self, query_id: str) -> None:
        """Cancel a query; one that has ended stays as it is.

        Raises:
            InvalidRequestException: there is none with that id.
        """
        query = self._store.get(query_id)
        if not query.state.is_final:
            self._finish(replace(query, state=QueryState.CANCELLED, reason="Query cancelled by user"))
        with self._lock:
            execution = self._executions.get(query_id)
        if execution is not None:
            execution.stop()

    def list(self, work_group: str, *, before: int | None = None, limit: int) -> list[tuple[int, str]]:
        """(number, id) of a work group's queries, newest first; numbers grow with time."""
        self.work_groups.get(work_group)
        return self._store.ids(work_group, before=before, limit=limit)

    def results(self, query: Query, offset: int, limit: int) -> ResultPage:
        """Read rows of a finished query's file; the first row of a CSV file is the header.

        Raises:
            InvalidRequestException: the query has no result, or its file is gone.
        """
        if query.state is not QueryState.SUCCEEDED:
            raise InvalidRequestException(
                f"Query has not yet finished. Current state: {query.state}"
                if not query.state.is_final
                else f"Query did not finish successfully. Final query state: {query.state}"
            )
        if query.manifest_location is not None:
            return ResultPage([], None)
        return self._page(S3Uri.parse(query.output_location), offset, limit)

    def manifest(self, query: Query, offset: int, limit: int) -> ResultPage:
        """Read lines of the list of files that a finished query wrote.

        Raises:
            InvalidRequestException: it wrote none, or the list is gone.
        """
        if query.manifest_location is None:
            raise InvalidRequestException(
                "QueryResultType DATA_MANIFEST is for CTAS, INSERT and UNLOAD that have succeeded."
            )
        return self._page(S3Uri.parse(query.manifest_location), offset, limit)

    def _page(self, target: S3Uri, offset: int, limit: int) -> ResultPage:
        try:
            with self._objects.local_path(target.bucket, target.key).open("rb") as file:
                read = read_lines if target.key.endswith((".txt", "-manifest.csv")) else read_csv
                rows, next_offset = read(file, offset, limit)
        except (NoSuchBucket, NoSuchKey) as error:
            raise InvalidRequestException(f"Could not find results: {target} does not exist any more.") from error
        return ResultPage(rows, next_offset)

    def wait(self, query_id: str, timeout_seconds: float | None = None) -> Query:
        """Wait until a query has ended, or until the time is over."""
        with self._ended:
            self._ended.wait_for(lambda: self._store.get(query_id).state.is_final, timeout_seconds)
        return self._store.get(query_id)

    def recover(self) -> None:
        """Mark as FAILED what ran when the endpoint was stopped."""
        reason = "The endpoint stopped while the query ran. Start the query again."
        for query in self._store.unfinished():
            self._remove(query.targets)
            self._finish(
                replace(query, state=QueryState.FAILED, reason=reason, failure=replace(_SYSTEM_FAILURE, message=reason))
            )

    def close(self) -> None:
        """Cancel what runs and wait for the threads."""
        with self._lock:
            running = list(self._executions)
        for query_id in running:
            self.stop(query_id)
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _work_group(self, name: str) -> WorkGroup:
        group = self.work_groups.get(name)
        if group.state != "ENABLED":
            raise InvalidRequestException(f"WorkGroup {name} is disabled; enable it with UpdateWorkGroup.")
        return group

    def _planned(self, request: QueryRequest) -> tuple[StatementKind, Action, Sequence[str]]:
        """The statement's kind, what it does, and its parameters; EXECUTE is the statement that it names."""
        try:
            kind = _kind_of(request.sql)
            if kind.substatement != "EXECUTE":
                return kind, plan(kind, request.sql), request.parameters
            call = read_execute(request.sql)
            prepared = self.prepared.get(request.work_group, call.name).sql
            kind = _kind_of(prepared)
            return kind, plan(kind, prepared), call.arguments or request.parameters
        except QueryError as error:
            raise InvalidRequestException(str(error).partition(": ")[2]) from error
        except ResourceNotFoundException as error:
            raise InvalidRequestException(error.message) from error

    def _prepared(self, request: QueryRequest, group: WorkGroup) -> tuple[Query, Action]:
        kind, action, parameters = self._planned(request)
        query_id = str(uuid.uuid4())
        folder = self._output_folder(
            group.output_location if group.is_enforced else request.output_location or group.output_location
        )
        query = Query(
            query_id=query_id,
            sql=request.sql,
            state=QueryState.QUEUED,
            submitted=datetime.now(UTC),
            output_location=str(folder.join(kind.output_path(query_id))),
            statement_type=kind.type,
            substatement_type=kind.substatement,
            catalog=request.catalog,
            database=request.database,
            parameters=tuple(parameters),
            work_group=request.work_group,
            token=request.token,
        )
        return query, action

    def _output_folder(self, location: str | None) -> S3Uri:
        if not location:
            raise InvalidRequestException(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        try:
            folder = S3Uri.parse(location)
        except ValidationException as error:
            raise InvalidRequestException(f"outputLocation is not a valid S3 path: {error}") from error
        if not self._objects.has_bucket(folder.bucket):
            raise InvalidRequestException(
                f"Unable to verify/create output bucket {folder.bucket}: it does not exist. Create it first."
            )
        return folder

    def _run(self, query: Query, action: Action, execution: Execution) -> None:
        begun = time.monotonic()
        queued = round((datetime.now(UTC) - query.submitted).total_seconds() * 1000)
        try:
            if not self._store.update(replace(query, state=QueryState.RUNNING)):
                return
            self._finish(_finished(query, self._outcome(query, action, execution), begun, queued))
        finally:
            with self._lock:
                self._executions.pop(query.query_id, None)

    def _outcome(self, query: Query, action: Action, execution: Execution) -> Outcome | QueryCancelled | QueryError:
        try:
            return action(execution)
        except QueryError as error:
            return error
        except QueryCancelled as error:
            return error
        except LocalError as error:
            return QueryError("GENERIC_INTERNAL_ERROR", str(error))
        except Exception:  # noqa: BLE001 - a query that nobody ends would be waited for for ever
            _LOG.exception("The query %s failed for a fault of the endpoint.", query.query_id)
            return QueryError("GENERIC_INTERNAL_ERROR", "the local endpoint failed; its log has the traceback.")

    def _remove(self, targets: Sequence[str]) -> None:
        for target in map(S3Uri.parse, targets):
            if self._objects.has_bucket(target.bucket):
                self._objects.delete(target.bucket, [target.key])

    def _finish(self, query: Query) -> None:
        completed = query if query.completed else replace(query, completed=datetime.now(UTC))
        self._store.update(completed)
        with self._ended:
            self._ended.notify_all()


def _finished(query: Query, outcome: Outcome | QueryCancelled | QueryError, begun: float, queued: int) -> Query:
    engine = round((time.monotonic() - begun) * 1000)
    statistics = QueryStatistics(
        engine_milliseconds=engine, total_milliseconds=engine + queued, queue_milliseconds=queued
    )
    if isinstance(outcome, QueryCancelled):
        reason = str(outcome) if isinstance(outcome, ScanLimitExceeded) else "Query cancelled by user"
        return replace(query, state=QueryState.CANCELLED, reason=reason, statistics=statistics)
    if isinstance(outcome, QueryError):
        reason, failure = str(outcome), outcome.failure
        return replace(query, state=QueryState.FAILED, reason=reason, failure=failure, statistics=statistics)
    statistics = replace(
        statistics,
        planning_milliseconds=outcome.planning_milliseconds,
        scanned_bytes=outcome.scanned_bytes,
        output_rows=outcome.rows,
    )
    return replace(
        query,
        state=QueryState.SUCCEEDED,
        columns=outcome.columns,
        statistics=statistics,
        update_count=outcome.update_count,
        manifest_location=outcome.manifest_location,
    )


def _request_of(query: Query) -> tuple[object, ...]:
    folder = query.output_location.rpartition("/")[0]
    return query.sql, folder, query.database, query.catalog, tuple(query.parameters), query.work_group


def _kind_of(sql: str) -> StatementKind:
    kind = classify(sql)
    if kind is None:
        # What begins like no statement: the parser says where and why.
        parse(sql)
        raise InvalidRequestException("line 1:1: the text begins like no statement of Athena.")
    return kind
