"""The SQLite file: one writer at a time, every change committed before anyone sees it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sagemaker_local.errors import EndpointError, StateNotSaved

# A reader never waits for a writer (WAL); a writer waits this long for another process, which there should not be.
_BUSY_TIMEOUT_SECONDS = 30.0
# Raised when a table changes its meaning or columns; new tables need no new number.
_VERSION = 2

Parameters = Sequence[object] | Mapping[str, object]


class Database:
    """One connection for all writers, behind a lock, and as many for readers as read at the same time.

    Jobs come and go on threads of their own, so connections belong to no thread: they would add up.
    """

    def __init__(self, path: Path, schemas: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.RLock()
        self._owner: int | None = None
        self._closed = False
        self._idle: list[sqlite3.Connection] = []
        self._writer = self._connect()
        try:
            self._prepare(schemas)
        except BaseException:
            self.close()
            raise

    def _prepare(self, schemas: Sequence[str]) -> None:
        with self.transaction() as connection:
            self._check_version(connection)
            for schema in schemas:
                for statement in filter(str.strip, schema.split(";")):
                    connection.execute(statement)

    def _check_version(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, _VERSION}:
            raise EndpointError(
                f"The state in '{self._path}' has version '{found}', this endpoint reads version '{_VERSION}'. "
                "Use the endpoint that wrote it, or `python -m sagemaker_local reset` to begin anew."
            )
        connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        # A commit survives the end of the process at once, and a power cut from the next checkpoint on.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All changes inside are committed together, or none is. Nested use joins the outer transaction.

        Raises:
            StateNotSaved: the disk is full or broken; nothing was changed.
        """
        with self._lock:
            if self._owner is not None:
                yield self._writer
                return
            self._check_open()
            try:
                with self._outermost():
                    yield self._writer
            except sqlite3.OperationalError as error:
                raise StateNotSaved(
                    f"The change was not made, because '{self._path}' cannot be written: {error}. "
                    "Free some space and try again."
                ) from error

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        self._writer.execute("BEGIN IMMEDIATE")
        self._owner = threading.get_ident()
        try:
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        finally:
            self._owner = None

    def _check_open(self) -> None:
        if self._closed:
            raise EndpointError(f"The state in '{self._path}' is closed: the endpoint is stopping. Start it again.")

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        # Inside a transaction, its own thread reads what it wrote.
        if self._owner == threading.get_ident():
            yield self._writer
            return
        self._check_open()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Read all rows of a SELECT."""
        with self._reader() as connection:
            return connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Read the first row of a SELECT."""
        with self._reader() as connection:
            cursor = connection.execute(sql, parameters)
            found: sqlite3.Row | None = cursor.fetchone()
            # An unfinished SELECT would keep its snapshot, and the write-ahead log could not be folded back.
            cursor.close()
            return found

    def close(self) -> None:
        """Close every connection; the last one to close folds the write-ahead log into the file."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()
