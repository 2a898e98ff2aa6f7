"""Records of feature groups as the online and the offline store keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeatureRecord:
    """One version of a record; `values` are texts by feature, in the order of the group's definition, without nulls."""

    group_name: str
    identifier: str
    event_milliseconds: int
    """The event time since 1970, which orders versions."""
    values: Mapping[str, str]
    is_deleted: bool = False
    """A marker: the identifier and the event time are its only values."""


@dataclass(frozen=True, slots=True)
class OfflineRow:
    """A record on its way to the offline store; `number` grows with each one that arrives."""

    number: int
    record: FeatureRecord
    invoked_milliseconds: int
    """When the API took it: api_invocation_time."""


@dataclass(frozen=True, slots=True)
class OfflineFile:
    """A file of the offline store that is planned: its rows are settled, and only it will ever have them."""

    key: str
    group_name: str
    partition: tuple[str, str, str, str]
    """year, month, day, hour of the event times, as texts with leading zeros."""
    written_milliseconds: int
    """write_time of all its rows."""
