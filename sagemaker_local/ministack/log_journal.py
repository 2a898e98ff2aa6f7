"""Log events go to an append-only file as they come: MiniStack would rewrite all logs of all time for each line."""
# ruff: noqa: SLF001 - MiniStack has no public way to replace how logs are kept

from __future__ import annotations

import copy
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sagemaker_local.ministack.appending import append_line
from sagemaker_local.ministack.boot import Ministack

_LOG = logging.getLogger(__name__)

# Streams longer than this lose their oldest events, at a start, and at twice the length while the endpoint runs, so
# that neither file nor memory grows for ever.
KEPT_EVENTS_PER_STREAM = 20_000

# What MiniStack saves of its logs beside groups, streams and events.
_SMALL_STORES = (
    "destinations", "resource_policies", "log_group_policies", "metric_filters", "queries",
    "delivery_sources", "delivery_destinations", "deliveries",
)  # fmt: skip

Owner = tuple[str, str, str, str]
"""Account, region, log group, log stream."""


class LogJournal:
    """The file `log-events.jsonl`: one line for each batch of events, `[account, region, group, stream, events]`."""

    def __init__(self, ministack: Ministack, folder: Path, stream_appeared: Callable[[], None]) -> None:
        self._logs = ministack.logs
        self._path = folder / "log-events.jsonl"
        self._append_log_events = ministack.logs._append_log_events
        self._get_state_of_ministack = ministack.logs.get_state
        self._load_persisted_state = ministack.logs.load_persisted_state
        self._stream_appeared = stream_appeared
        self._lock = threading.Lock()
        self._owners: dict[int, Owner] = {}

    def install(self) -> None:
        """Put these functions in the place of MiniStack's."""
        self._logs._append_log_events = self.append
        self._logs.get_state = self.get_state
        self._logs.load_persisted_state = self.load_persisted_state

    def append(self, stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        """Add events to a stream, in memory and in the file; a killed process loses none that this returned for."""
        self._append_log_events(stream, events)
        owner = self._owner(stream)
        if owner is not None and events:
            line = f"{json.dumps([*owner, events])}\n".encode()
            with self._lock:
                append_line(self._path, line)
            if len(stream["events"]) > 2 * KEPT_EVENTS_PER_STREAM:
                self._forget_oldest(owner, stream["events"])

    def _forget_oldest(self, owner: Owner, events: list[dict[str, Any]]) -> None:
        account, region, _, _ = owner
        for event in events[:-KEPT_EVENTS_PER_STREAM]:
            self._logs._log_records._data.pop((account, region, event.get("eventId")), None)
        del events[:-KEPT_EVENTS_PER_STREAM]

    def get_state(self) -> dict[str, Any]:
        """Give what is saved as one document: groups and streams, without their events."""
        state = {name: copy.deepcopy(getattr(self._logs, f"_{name}")) for name in _SMALL_STORES}
        groups = type(self._logs._log_groups)()
        for key, group in list(self._logs._log_groups._data.items()):
            streams = {name: {**stream, "events": []} for name, stream in list(group["streams"].items())}
            rest = {name: value for name, value in group.items() if name != "streams"}
            groups._data[key] = {**copy.deepcopy(rest), "streams": streams}
        empty = type(self._logs._log_records)()
        return {**state, "log_groups": groups, "log_records": empty}

    def load_persisted_state(self, data: dict[str, Any]) -> None:
        """Restore groups and streams, then their events from the file, and drop what no stream owns any more."""
        self._load_persisted_state(data)
        if not self._path.exists():
            return
        for owner, stream in self._streams():
            self._owners[id(stream)] = owner
        streams = dict(self._streams())
        for owner, events in self._lines():
            if owner in streams:
                self._append_log_events(streams[owner], events)
                if len(streams[owner]["events"]) > 2 * KEPT_EVENTS_PER_STREAM:
                    del streams[owner]["events"][:-KEPT_EVENTS_PER_STREAM]
        for owner, stream in streams.items():
            del stream["events"][:-KEPT_EVENTS_PER_STREAM]
            self._index(owner, stream["events"])
        self._rewrite(streams)

    def _owner(self, stream: dict[str, Any]) -> Owner | None:
        owner = self._owners.get(id(stream))
        if owner is not None and self._stream(owner) is stream:
            return owner
        for found, candidate in self._streams():
            if candidate is stream:
                self._owners[id(stream)] = found
                self._stream_appeared()
                return found
        return None

    def _stream(self, owner: Owner) -> dict[str, Any] | None:
        account, region, group_name, stream_name = owner
        group = self._logs._log_groups._data.get((account, region, group_name))
        stream: dict[str, Any] | None = None if group is None else group["streams"].get(stream_name)
        return stream

    def _streams(self) -> Iterator[tuple[Owner, dict[str, Any]]]:
        for (account, region, group_name), group in list(self._logs._log_groups._data.items()):
            for stream_name, stream in list(group["streams"].items()):
                yield (account, region, group_name, stream_name), stream

    def _lines(self) -> Iterator[tuple[Owner, list[dict[str, Any]]]]:
        with self._path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    account, region, group, stream, events = json.loads(line)
                except ValueError:
                    # Only the last line can be cut, by a kill in the middle of writing it.
                    _LOG.warning("Line %d of '%s' is not whole and was left out.", number, self._path)
                    continue
                yield (account, region, group, stream), events

    def _index(self, owner: Owner, events: list[dict[str, Any]]) -> None:
        account, region, group, stream = owner
        for event in events:
            if "eventId" in event:
                record = self._logs._build_log_record(
                    ptr=event["eventId"],
                    timestamp_ms=event["timestamp"],
                    message=event["message"],
                    log_group=group,
                    log_stream=stream,
                )
                self._logs._log_records.set_scoped(account, region, event["eventId"], record)

    def _rewrite(self, streams: dict[Owner, dict[str, Any]]) -> None:
        fresh = self._path.with_suffix(".tmp")
        with fresh.open("w", encoding="utf-8") as file:
            for owner, stream in streams.items():
                if stream["events"]:
                    file.write(f"{json.dumps([*owner, stream['events']])}\n")
        fresh.replace(self._path)
