"""The life of feature groups: created and deleted in the background, as on AWS."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.errors import LocalError, StateNotSaved, ValidationException
from sagemaker_local.feature_store.offline_writer import OfflineWriter
from sagemaker_local.feature_store.requests import (
    CATALOG,
    check_features,
    check_new_group,
    check_online,
    check_throughput,
)
from sagemaker_local.feature_store.tables import create_table, has_table, widen_table
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.feature_group import FeatureGroup, FeatureGroupStatus
from sagemaker_local.records.names import Place
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.store.feature_groups import missing
from sagemaker_local.store.store import Store

DEFAULT_DATABASE = "sagemaker_featurestore"

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


def _now() -> datetime:
    return datetime.now(UTC)


class FeatureGroups:
    """Creates, changes and deletes feature groups."""

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        writer: OfflineWriter,
        place: Place,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._store = store
        self._objects = objects
        self._writer = writer
        self._place = place
        self._clock = clock
        # One after the other: a group's creation ends before its deletion begins.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="feature-groups")

    def recover(self) -> None:
        """Go on with creations, deletions and records that a stopped endpoint left half done."""
        for group in self._store.feature_groups.all():
            if group.status is FeatureGroupStatus.CREATING:
                self._worker.submit(self._make, group.name)
            elif group.status is FeatureGroupStatus.DELETING:
                self._worker.submit(self._remove, group.name)
        self._writer.start()

    def close(self) -> None:
        """Write what waits for the offline store; what has not begun waits for the next start."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._writer.close()

    def create(self, request: Mapping[str, Any], tags: Mapping[str, str]) -> FeatureGroup:
        """Begin a new group.

        Raises:
            ResourceInUse: the name is taken.
            ValidationException: the members contradict each other, or are not supported here.
        """
        check_new_group(request)
        now = self._clock()
        name = request["FeatureGroupName"]
        group = FeatureGroup(
            name=name,
            arn=self._place.arn(f"feature-group/{name}"),
            request=self._settled(request, now),
            status=FeatureGroupStatus.CREATING,
            created=now,
            modified=now,
        )
        with self._store.transaction():
            self._store.feature_groups.add(group)
            self._store.tags.add(group.arn, tags)
        self._worker.submit(self._make, name)
        return group

    def get(self, name_or_arn: str) -> FeatureGroup:
        """Read a group by its name or its whole ARN.

        Raises:
            ResourceNotFound: there is none; one of another region or account is none of ours.
        """
        group = self._store.feature_groups.find(name_or_arn.rpartition("/")[2])
        if group is None or name_or_arn not in {group.name, group.arn}:
            raise missing(name_or_arn)
        return group

    def update(self, request: Mapping[str, Any]) -> FeatureGroup:
        """Add features, or change the online store's settings.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationException: the group is not Created, or the change is not one it can take.
        """
        with self._store.transaction():
            group = self.get(request["FeatureGroupName"])
            _check_update(group, request)
            changed = replace(group, request=_changed(group.request, request), modified=self._clock(), was_updated=1)
            self._store.feature_groups.update(changed)
            if "FeatureAdditions" in request and changed.owns_table:
                widen_table(self._store.catalog, changed)
        return changed

    def delete(self, name: str) -> None:
        """Begin to delete a group; its offline store's files and table stay.

        Raises:
            ResourceNotFound: there is no such group.
        """
        with self._store.transaction():
            group = self.get(name)
            deleting = replace(group, status=FeatureGroupStatus.DELETING, modified=self._clock())
            self._store.feature_groups.update(deleting)
        self._worker.submit(self._remove, group.name)

    def wait(self) -> None:
        """Wait until all that was begun has ended."""
        self._worker.submit(lambda: None).result()

    def _settled(self, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The request with what the service fills in: the table's name and the files' place."""
        shown = {name: value for name, value in request.items() if name not in {"FeatureGroupName", "Tags"}}
        offline = request.get("OfflineStoreConfig")
        if offline is None:
            return shown
        name, epoch = request["FeatureGroupName"], int(now.timestamp())
        catalog = offline.get("DataCatalogConfig")
        if catalog is None and not offline.get("DisableGlueTableCreation"):
            base = name.replace("-", "_").lower()
            # A name that was deleted and made again within one second.
            while has_table(self._store.catalog, DEFAULT_DATABASE, f"{base}_{epoch}"):
                epoch += 1
            catalog = {"TableName": f"{base}_{epoch}", "Catalog": CATALOG, "Database": DEFAULT_DATABASE}
        storage = offline["S3StorageConfig"]
        region, account = self._place.region, self._place.account_id
        resolved = S3Uri.parse(storage["S3Uri"]).join(
            account, "sagemaker", region, "offline-store", f"{name}-{epoch}", "data"
        )
        settled = {**offline, "S3StorageConfig": {**storage, "ResolvedOutputS3Uri": str(resolved)}}
        if catalog is not None:
            settled["DataCatalogConfig"] = catalog
        return {**shown, "OfflineStoreConfig": settled}

    def _make(self, name: str) -> None:
        try:
            with self._store.transaction():
                group = self._store.feature_groups.find(name)
                if group is None or group.status is not FeatureGroupStatus.CREATING:
                    return
                self._prepare(group)
                made = replace(group, status=FeatureGroupStatus.CREATED, modified=self._clock())
                self._store.feature_groups.update(made)
        except StateNotSaved:
            self._again(self._make, name)
        except LocalError as error:
            self._fail(name, str(error))
        except Exception:  # noqa: BLE001  # the group must not stay Creating for ever
            _LOG.exception("The creation of feature group '%s' failed.", name)
            self._fail(name, "The creation failed inside the local endpoint; its log has the reason.")

    def _prepare(self, group: FeatureGroup) -> None:
        if not group.has_offline_store:
            return
        bucket = group.offline_location.bucket
        if not self._objects.has_bucket(bucket):
            raise ValidationException(
                f"The bucket '{bucket}' of the offline store does not exist. Create it, delete this feature group, "
                "and create it again."
            )
        if group.owns_table:
            create_table(self._store.catalog, group)

    def _fail(self, name: str, reason: str) -> None:
        with self._store.transaction():
            group = self._store.feature_groups.find(name)
            if group is not None and group.status is FeatureGroupStatus.CREATING:
                failed = FeatureGroupStatus.CREATE_FAILED
                self._store.feature_groups.update(
                    replace(group, status=failed, failure_reason=reason[:1024], modified=self._clock())
                )

    def _remove(self, name: str) -> None:
        try:
            if not self._writer.write(name):
                _LOG.warning("Records of feature group '%s' could not be written before it was deleted.", name)
            with self._store.transaction():
                self._store.feature_records.delete_group(name)
                self._store.feature_groups.delete(name)
        except StateNotSaved:
            self._again(self._remove, name)
        except Exception:  # noqa: BLE001  # nobody waits for this thread's end; the log must have the reason
            _LOG.exception("The deletion of feature group '%s' failed; it is tried again at the next start.", name)

    def _again(self, step: Callable[[str], None], name: str) -> None:
        """Repeat a step: the disk is full or broken, and may have room later."""
        time.sleep(_RETRY_SECONDS)
        # The endpoint is stopping: its next start goes on.
        with contextlib.suppress(RuntimeError):
            self._worker.submit(step, name)


def _check_update(group: FeatureGroup, request: Mapping[str, Any]) -> None:
    if group.status is not FeatureGroupStatus.CREATED:
        raise ValidationException(
            f"Feature group '{group.name}' has status '{group.status.value}'; update one that is 'Created'."
        )
    if not {"FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig"} & request.keys():
        raise ValidationException("Nothing is to be updated. Give FeatureAdditions, OnlineStoreConfig or both.")
    check_features(request.get("FeatureAdditions", ()), group.features)
    online = request.get("OnlineStoreConfig")
    if online is not None:
        check_online(online)
        if not group.has_online_store:
            raise ValidationException(f"Feature group '{group.name}' has no online store, and cannot get one later.")
    check_throughput(request.get("ThroughputConfig"))


def _changed(old: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**old, "FeatureDefinitions": [*old["FeatureDefinitions"], *request.get("FeatureAdditions", ())]}
    if "OnlineStoreConfig" in request:
        changed["OnlineStoreConfig"] = {**old["OnlineStoreConfig"], **request["OnlineStoreConfig"]}
    if "ThroughputConfig" in request:
        changed["ThroughputConfig"] = request["ThroughputConfig"]
    return changed
