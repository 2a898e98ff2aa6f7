"""The runtime of Feature Store: puts, gets, deletes, updates and lists records."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sagemaker_local.errors import ConflictException, ResourceNotFound, ServiceError, ValidationException
from sagemaker_local.feature_store.record_schema import RecordSchema
from sagemaker_local.records.feature_group import OFFLINE, ONLINE, FeatureGroup, FeatureGroupStatus
from sagemaker_local.records.feature_record import FeatureRecord
from sagemaker_local.store.feature_groups import missing
from sagemaker_local.store.store import Store

# Of UpdateRecord, as AWS documents it.
_FEATURES_MAX = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a request that writes."""

    group_name: str
    features: Sequence[Mapping[str, Any]]
    target_stores: Sequence[str] | None = None


class FeatureRecords:
    """Answers the runtime API; what it took is in SQLite, and so survives a kill, when a call returns."""

    def __init__(
        self, store: Store, on_offline: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.time
    ) -> None:
        """Use the store's feature groups.

        Args:
            store: keeps the groups, the online store, and what waits for the offline store.
            on_offline: called when something waits for the offline store.
            clock: epoch seconds.
        """
        self._store = store
        self._on_offline = on_offline
        self._clock = clock
        self._schemas: dict[str, tuple[datetime, RecordSchema]] = {}

    def put(self, entry: Entry) -> None:
        """Write one version of a record.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationException: the group is not ready, or the record is not one of its kind.
        """
        schema = self._schema(entry.group_name)
        record = schema.read(entry.features)
        stores = _targets(schema.group, entry.target_stores)
        with self._store.transaction():
            self._check_ready(schema.group)
            self._write(record, stores)
        if OFFLINE in stores:
            self._on_offline()

    def put_all(self, entries: Sequence[Entry]) -> list[ServiceError | None]:
        """Write versions in their order, those that are valid with one commit; give the refusal of each other one."""
        refusals: list[ServiceError | None] = []
        is_offline = False
        with self._store.transaction():
            for entry in entries:
                try:
                    schema = self._schema(entry.group_name)
                    self._check_ready(schema.group)
                    record, stores = schema.read(entry.features), _targets(schema.group, entry.target_stores)
                except ServiceError as error:
                    refusals.append(error)
                    continue
                self._write(record, stores)
                is_offline = is_offline or OFFLINE in stores
                refusals.append(None)
        if is_offline:
            self._on_offline()
        return refusals

    def get(self, name: str, identifier: str, features: Collection[str] | None = None) -> dict[str, str] | None:
        """Read the newest version's values, in the order of definition; None: there is none, or it was deleted.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationException: it has no online store, or lacks one of `features`.
        """
        schema = self._online_schema(name)
        schema.check_names(features or ())
        record = self._store.feature_records.find(schema.group.name, identifier)
        if record is None or record.is_deleted:
            return None
        return {key: value for key, value in record.values.items() if features is None or key in features}

    def delete(self, name: str, identifier: str, event_time: str, stores: Sequence[str] | None, *, hard: bool) -> None:
        """Delete a record as of an event time; the offline store gets a marker.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationException: a hard deletion whose event time is not after the record's.
        """
        schema = self._schema(name)
        marker = schema.marker(identifier, event_time)
        targets = _targets(schema.group, stores)
        with self._store.transaction():
            self._check_ready(schema.group)
            if hard and ONLINE in targets:
                self._remove(marker)
                targets = tuple(target for target in targets if target != ONLINE)
            self._write(marker, targets)
        if OFFLINE in targets:
            self._on_offline()

    def update(
        self, name: str, identifier: str, features: Sequence[Mapping[str, Any]], stores: Sequence[str] | None
    ) -> None:
        """Change some values of a record that is there.

        Raises:
            ResourceNotFound: there is no such group or record.
            ConflictException: the event time is before the record's.
            ValidationException: the group's online store is not Standard_V2.
        """
        schema = self._online_schema(name)
        values = _update_values(schema, identifier, features)
        targets = _targets(schema.group, stores)
        with self._store.transaction():
            self._check_ready(schema.group)
            old = self._store.feature_records.find(schema.group.name, identifier)
            if old is None or old.is_deleted:
                raise ResourceNotFound(f"There is no record '{identifier}' to update; create it with PutRecord.")
            record = schema.record({**_without_nulls(old, features), **values})
            if record.event_milliseconds < old.event_milliseconds:
                raise ConflictException(f"The event time of record '{identifier}' is before that of the record there.")
            if ONLINE in targets:
                self._store.feature_records.replace_online(record)
            self._write(record, tuple(target for target in targets if target != ONLINE))
        if OFFLINE in targets:
            self._on_offline()

    def identifiers(self, name: str, *, after: str, limit: int, with_deleted: bool) -> list[str]:
        """List records of the online store by name; raises what `get` raises."""
        group = self._online_schema(name).group
        return self._store.feature_records.identifiers(group.name, after=after, limit=limit, with_deleted=with_deleted)

    def _write(self, record: FeatureRecord, stores: Collection[str]) -> None:
        if ONLINE in stores:
            self._store.feature_records.put_online(record)
        if OFFLINE in stores:
            self._store.feature_records.put_offline(record, int(self._clock() * 1000))

    def _remove(self, marker: FeatureRecord) -> None:
        old = self._store.feature_records.find(marker.group_name, marker.identifier)
        if old is not None and marker.event_milliseconds <= old.event_milliseconds:
            raise ValidationException(
                f"The EventTime of the deletion of '{marker.identifier}' is not after the record's own. "
                "Give a later one; nothing was deleted."
            )
        self._store.feature_records.remove_online(marker.group_name, marker.identifier)

    def _check_ready(self, group: FeatureGroup) -> None:
        # Inside the transaction that writes: a group that is deleted meanwhile must leave no record behind.
        state = self._store.feature_groups.state(group.name)
        if state is None:
            raise missing(group.name)
        if state[0] is not FeatureGroupStatus.CREATED:
            raise _not_ready(group.name, state[0])

    def _online_schema(self, name: str) -> RecordSchema:
        schema = self._schema(name)
        if not schema.group.has_online_store:
            raise ValidationException(
                f"Feature group '{schema.group.name}' has no online store. Query its offline store with Athena."
            )
        return schema

    def _schema(self, name_or_arn: str) -> RecordSchema:
        name = name_or_arn.rpartition("/")[2]
        state = self._store.feature_groups.state(name)
        known = self._schemas.get(name)
        if state is None or known is None or known[0] != state[1]:
            group = self._store.feature_groups.get(name)
            known = group.modified, RecordSchema(group)
            self._schemas[name] = known
        group = known[1].group
        if name_or_arn not in {group.name, group.arn}:
            raise missing(name_or_arn)
        if state is not None and state[0] is not FeatureGroupStatus.CREATED:
            raise _not_ready(name, state[0])
        return known[1]


def _targets(group: FeatureGroup, asked: Sequence[str] | None) -> tuple[str, ...]:
    if asked is None:
        return group.stores
    for store in asked:
        if store not in group.stores:
            raise ValidationException(
                f"TargetStores has '{store}', which feature group '{group.name}' has not; "
                f"it has {' and '.join(group.stores)}."
            )
    return tuple(dict.fromkeys(asked))


def _update_values(schema: RecordSchema, identifier: str, features: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    group = schema.group
    if group.storage_type != "Standard_V2":
        raise ValidationException(
            f"UpdateRecord needs an online store of StorageType 'Standard_V2'; that of feature group '{group.name}' "
            f"is '{group.storage_type}'. Use PutRecord with the whole record."
        )
    if len(features) > _FEATURES_MAX:
        raise ValidationException(
            f"{len(features)} features are given; at most {_FEATURES_MAX} can be updated at once."
        )
    values = schema.values(features)
    if values.get(group.identifier_feature, identifier) != identifier:
        raise ValidationException(f"The identifier of record '{identifier}' cannot be changed; put a new record.")
    return values


def _without_nulls(old: FeatureRecord, features: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The record's values without those that the update makes null."""
    emptied = {feature["FeatureName"] for feature in features if feature.get("ValueAsString") is None}
    return {name: value for name, value in old.values.items() if name not in emptied}


def _not_ready(name: str, status: FeatureGroupStatus) -> ValidationException:
    return ValidationException(
        f"Feature group '{name}' has status '{status.value}' and takes no records before it is 'Created'. "
        "Wait until DescribeFeatureGroup shows that."
    )
