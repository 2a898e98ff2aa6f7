"""Feature Store on a real store and catalog, with S3 as a folder; records are written when a test says so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sagemaker_local.api import feature_groups, feature_records, tags
from sagemaker_local.api.dispatch import Api
from sagemaker_local.feature_store.groups import FeatureGroups
from sagemaker_local.feature_store.offline_writer import OfflineWriter
from sagemaker_local.feature_store.records import FeatureRecords
from sagemaker_local.records.feature_group import FeatureGroup, FeatureGroupStatus
from sagemaker_local.store.store import Store
from tests.fakes.api_client import ApiClient
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.records import NOON, PLACE, ROLE

BUCKET = "lake"
NAME = "customers"
RUNTIME = "sagemaker-featurestore-runtime"
EVENT_TIME = "2026-01-31T12:00:00Z"


def group_request(name: str = NAME, **members: Any) -> dict[str, Any]:
    """A CreateFeatureGroup with both stores."""
    features = {"id": "String", "event_time": "String", "calls": "Integral", "fee": "Fractional", "plan": "String"}
    defaults = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "event_time",
        "FeatureDefinitions": definitions(**features),
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/features"}},
        "RoleArn": ROLE,
    }
    request = {**defaults, **members}
    return {member: value for member, value in request.items() if value is not None}


def definitions(**features: str) -> list[dict[str, Any]]:
    """FeatureDefinitions of names and types."""
    return [{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()]


def a_group(**members: Any) -> FeatureGroup:
    """A feature group as it is when it was created."""
    request = group_request()
    storage = {"S3Uri": "s3://lake/features", "ResolvedOutputS3Uri": "s3://lake/features/data"}
    request["OfflineStoreConfig"] = {"S3StorageConfig": storage}
    created = FeatureGroupStatus.CREATED
    defaults = {"name": NAME, "arn": PLACE.arn(f"feature-group/{NAME}"), "request": request, "status": created}
    return FeatureGroup(**{**defaults, "created": NOON, "modified": NOON, **members})


def record(identifier: str = "a", event_time: str = EVENT_TIME, **values: str) -> list[dict[str, Any]]:
    """A record as requests have it."""
    everything = {"id": identifier, "event_time": event_time, **values}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in everything.items()]


def shown(answer: dict[str, Any]) -> dict[str, str] | None:
    """The values of a GetRecord answer."""
    if "Record" not in answer:
        return None
    return {item["FeatureName"]: item["ValueAsString"] for item in answer["Record"]}


class FeaturePlane:
    """Everything behind the two APIs of Feature Store, as after a start on `root`."""

    def __init__(self, root: Path, objects: FolderObjectStore | None = None) -> None:
        self.store = Store.open(root / "state.sqlite3")
        self.objects = objects or FolderObjectStore(root / "s3", BUCKET)
        self.writer = OfflineWriter(self.store, self.objects)
        self.groups = FeatureGroups(self.store, self.objects, self.writer, PLACE)
        self.records = FeatureRecords(self.store)
        control = {**feature_groups.operations(self.store, self.groups), **tags.operations(self.store)}
        self.api = Api({"sagemaker": control, RUNTIME: feature_records.operations(self.records)})
        self._control, self._runtime = ApiClient(self.api), ApiClient(self.api, RUNTIME)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call the control API."""
        return self._control.call(operation, **params)

    def run(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call the runtime API."""
        return self._runtime.call(operation, **params)

    def create(self, name: str = NAME, **members: Any) -> FeatureGroup:
        """Create a group and wait for it."""
        self.call("CreateFeatureGroup", **group_request(name, **members))
        self.groups.wait()
        return self.store.feature_groups.get(name)

    def put(self, identifier: str = "a", event_time: str = EVENT_TIME, **values: str) -> None:
        """Put a record into the group `customers`."""
        self.run("PutRecord", FeatureGroupName=NAME, Record=record(identifier, event_time, **values))

    def get(self, identifier: str = "a") -> dict[str, str] | None:
        """The values of a record of the group `customers`."""
        return shown(self.run("GetRecord", FeatureGroupName=NAME, RecordIdentifierValueAsString=identifier))

    def offline(self, group: FeatureGroup) -> list[dict[str, Any]]:
        """All rows of the offline store's files, by identifier and event time."""
        uri = group.offline_location
        bodies = [self.objects.read(uri.bucket, info.key) for info in self.objects.list(uri.bucket, uri.key)]
        tables = [pq.read_table(io.BytesIO(body)) for body in bodies]
        rows: list[dict[str, Any]] = pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []
        return sorted(rows, key=lambda row: (row["id"], row["event_time"]))

    def partitions(self, group: FeatureGroup) -> list[tuple[str, ...]]:
        """Values of the registered partitions."""
        return [partition.values for partition in self.store.catalog.partitions.page(*group.table).partitions]

    def close(self) -> None:
        """Stop as an endpoint does that is told to."""
        self.groups.close()
        self.store.close()
