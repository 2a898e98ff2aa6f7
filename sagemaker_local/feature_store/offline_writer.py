"""Carries records from SQLite to the offline store: soon, in few files, each record once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from sagemaker_local.errors import LocalError
from sagemaker_local.feature_store.offline_files import assign, parquet
from sagemaker_local.feature_store.tables import register
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.feature_group import FeatureGroup
from sagemaker_local.records.feature_record import OfflineFile
from sagemaker_local.store.store import Store

_LOG = logging.getLogger(__name__)
# Records are written when none came for the first time, or the oldest has waited for the second: one file a burst.
_QUIET_SECONDS = 0.4
_LONGEST_SECONDS = 1.2
_RETRY_SECONDS = 3.0
# Bound the memory of one pass: a record may have 350 KB.
_ROWS_AT_ONCE = 20_000
_CHARACTERS_AT_ONCE = 32 << 20


class OfflineWriter:
    """A thread that writes what waits; every step can be repeated after a kill.

    A row is given its file for good (in SQLite), then the file is written under that name, then the partition is
    registered and the row forgotten (in one transaction). Killed in between, the same file is written once more over
    itself: no row is lost, none is there twice.
    """

    def __init__(
        self, store: Store, objects: ObjectStore, clock: Callable[[], float] = time.time, *, is_patient: bool = True
    ) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._quiet_seconds, self._longest_seconds = (_QUIET_SECONDS, _LONGEST_SECONDS) if is_patient else (0.0, 0.0)
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        # Two passes at once would write the same file twice, and one could forget it under the other's hands.
        self._pass = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="offline-store", daemon=True)

    def start(self) -> None:
        """Begin, with what a stopped endpoint left."""
        self._arrived.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that rows wait."""
        self._arrived.set()

    def close(self, timeout: float = 3.0) -> None:
        """Write what waits and end; what cannot be written in time stays in SQLite."""
        self._stopping.set()
        self._arrived.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def write_all(self) -> bool:
        """Write all that waits now; false: something could not be written and waits on."""
        outcomes = [self.write(name) for name in self._store.feature_records.waiting_groups()]
        return all(outcomes)

    def write(self, group_name: str) -> bool:
        """Write what waits of one group; false: the group is blocked, and Describe says why."""
        with self._pass:
            group = self._store.feature_groups.find(group_name)
            if group is None:
                _LOG.error("Rows of feature group '%s', which does not exist, were dropped.", group_name)
                self._store.feature_records.delete_group(group_name)
                return True
            try:
                self._write(group)
            except (LocalError, OSError) as error:
                return self._block(group_name, str(error))
            except Exception:  # noqa: BLE001  # a group that cannot be written must not hold up the others
                _LOG.exception("Writing the offline store of feature group '%s' failed.", group_name)
                return self._block(group_name, "Writing failed inside the local endpoint; its log has the reason.")
            if group.blocked_reason is not None:
                self._store.feature_groups.block(group_name, None)
            return True

    def _block(self, group_name: str, reason: str) -> bool:
        _LOG.warning("The offline store of feature group '%s' is blocked: %s", group_name, reason)
        self._store.feature_groups.block(group_name, reason[:1024])
        return False

    def _write(self, group: FeatureGroup) -> None:
        self._write_planned(group.name)
        # What arrives meanwhile waits for the next pass: it would make a small file for each few rows.
        is_cut = True
        while is_cut:
            is_cut = self._store.feature_records.plan(
                group.name,
                partial(assign, group, int(self._clock() * 1000)),
                rows_max=_ROWS_AT_ONCE,
                characters_max=_CHARACTERS_AT_ONCE,
            )
            self._write_planned(group.name)

    def _write_planned(self, group_name: str) -> None:
        for file in self._store.feature_records.planned(group_name):
            # Read anew behind the plan: it knows every feature that the planned rows have.
            self._write_file(self._store.feature_groups.get(group_name), file)

    def _write_file(self, group: FeatureGroup, file: OfflineFile) -> None:
        rows = self._store.feature_records.rows_of(file)
        self._objects.put(group.offline_location.bucket, file.key, parquet(group, file, rows))
        with self._store.transaction():
            if group.owns_table:
                register(self._store.catalog, group, file)
            self._store.feature_records.finish(file)

    def _run(self) -> None:
        retry: float | None = None
        while not self._stopping.is_set():
            self._arrived.wait(retry)
            self._gather()
            retry = None if self._try_all() else _RETRY_SECONDS

    def _gather(self) -> None:
        deadline = time.monotonic() + self._longest_seconds
        while time.monotonic() < deadline:
            self._arrived.clear()
            if self._stopping.wait(self._quiet_seconds) or not self._arrived.is_set():
                break
        self._arrived.clear()

    def _try_all(self) -> bool:
        try:
            return self.write_all()
        except Exception:  # noqa: BLE001  # the thread must live on: the rows wait in SQLite
            _LOG.exception("Writing to the offline store failed; it is tried again.")
            return False
