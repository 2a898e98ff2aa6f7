"""The life of feature groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sagemaker_local.errors import EntityNotFoundException, StateNotSaved
from sagemaker_local.records.feature_group import FeatureGroupStatus
from tests.fakes.api_client import Refused
from tests.fakes.feature_store import BUCKET, NAME, FeaturePlane, a_group, definitions, group_request
from tests.fakes.object_store import FolderObjectStore
from tests.fakes.records import PLACE, ROLE

ARN = PLACE.arn(f"feature-group/{NAME}")


def test_new_group_is_described_with_what_the_service_fills_in(plane: FeaturePlane) -> None:
    answer = plane.call("CreateFeatureGroup", **group_request("my-Customers", Description="who they are"))
    plane.groups.wait()

    shown = plane.call("DescribeFeatureGroup", FeatureGroupName="my-Customers")

    epoch = int(shown["CreationTime"])
    assert answer == {"FeatureGroupArn": PLACE.arn("feature-group/my-Customers")}
    assert (shown["FeatureGroupStatus"], shown["OfflineStoreStatus"]) == ("Created", {"Status": "Active"})
    assert shown["OfflineStoreConfig"] == {
        "S3StorageConfig": {
            "S3Uri": f"s3://{BUCKET}/features",
            "ResolvedOutputS3Uri": f"s3://{BUCKET}/features/{PLACE.account_id}/sagemaker/{PLACE.region}/offline-store"
            f"/my-Customers-{epoch}/data",
        },
        "DataCatalogConfig": {
            "TableName": f"my_customers_{epoch}",
            "Catalog": "AwsDataCatalog",
            "Database": "sagemaker_featurestore",
        },
    }
    assert (shown["Description"], shown["RoleArn"]) == ("who they are", ROLE)
    assert [item["FeatureName"] for item in shown["FeatureDefinitions"]] == ["id", "event_time", "calls", "fee", "plan"]


def test_table_of_a_new_group_has_the_features_the_extra_columns_and_the_partitions(plane: FeaturePlane) -> None:
    group = plane.create()

    table = plane.store.catalog.tables.get(*group.table)

    assert table.columns == [
        ("id", "string"),
        ("event_time", "string"),
        ("calls", "bigint"),
        ("fee", "double"),
        ("plan", "string"),
        ("write_time", "timestamp"),
        ("api_invocation_time", "timestamp"),
        ("is_deleted", "boolean"),
    ]
    assert table.partition_keys == [(key, "string") for key in ("year", "month", "day", "hour")]
    assert table.storage["Location"] == str(group.offline_location)


def test_table_has_the_name_that_the_request_gives(plane: FeaturePlane) -> None:
    catalog = {"TableName": "Mine", "Catalog": "AwsDataCatalog", "Database": "Own"}
    storage = {"S3Uri": f"s3://{BUCKET}/f/"}

    group = plane.create(OfflineStoreConfig={"S3StorageConfig": storage, "DataCatalogConfig": catalog})

    assert group.request["OfflineStoreConfig"]["DataCatalogConfig"] == catalog
    assert plane.store.catalog.tables.get("own", "mine").columns


def test_table_that_is_there_already_fails_the_creation(plane: FeaturePlane) -> None:
    catalog = {"TableName": "mine", "Catalog": "AwsDataCatalog", "Database": "own"}
    offline = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/f"}, "DataCatalogConfig": catalog}
    plane.create("first", OfflineStoreConfig=offline)

    plane.create("second", OfflineStoreConfig=offline)

    shown = plane.call("DescribeFeatureGroup", FeatureGroupName="second")
    assert shown["FeatureGroupStatus"] == "CreateFailed"
    assert "own.mine already exists" in shown["FailureReason"]


def test_no_table_is_made_where_none_is_wanted(plane: FeaturePlane) -> None:
    offline = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/f"}, "DisableGlueTableCreation": True}

    group = plane.create(OfflineStoreConfig=offline)
    plane.put()
    plane.writer.write_all()

    assert "DataCatalogConfig" not in group.request["OfflineStoreConfig"]
    assert plane.store.catalog.databases.all() == []
    assert len(plane.offline(group)) == 1


def test_missing_bucket_fails_the_creation(plane: FeaturePlane) -> None:
    plane.create(OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://nowhere/f"}})

    shown = plane.call("DescribeFeatureGroup", FeatureGroupName=NAME)

    assert shown["FeatureGroupStatus"] == "CreateFailed"
    assert "The bucket 'nowhere' of the offline store does not exist" in shown["FailureReason"]
    with pytest.raises(Refused, match="ValidationError: Feature group 'customers' has status 'CreateFailed'"):
        plane.put()


def test_taken_name_is_refused(plane: FeaturePlane) -> None:
    plane.create()

    with pytest.raises(Refused, match="ResourceInUse: Resource Already Exists: FeatureGroup with name customers"):
        plane.call("CreateFeatureGroup", **group_request())


def test_refused_request_leaves_nothing(plane: FeaturePlane) -> None:
    with pytest.raises(Refused, match="ValidationException: EventTimeFeatureName 'time'"):
        plane.call("CreateFeatureGroup", **group_request(EventTimeFeatureName="time"))

    assert plane.call("ListFeatureGroups") == {"FeatureGroupSummaries": []}


@pytest.mark.parametrize("operation", ["DescribeFeatureGroup", "DeleteFeatureGroup"])
def test_missing_group_is_not_found(plane: FeaturePlane, operation: str) -> None:
    with pytest.raises(Refused, match="ResourceNotFound: FeatureGroup with name 'none' does not exist"):
        plane.call(operation, FeatureGroupName="none")


def test_group_is_found_by_its_arn_and_by_no_other(plane: FeaturePlane) -> None:
    plane.create()

    assert plane.call("DescribeFeatureGroup", FeatureGroupName=ARN)["FeatureGroupName"] == NAME
    with pytest.raises(Refused, match="ResourceNotFound"):
        plane.call("DescribeFeatureGroup", FeatureGroupName=ARN.replace("us-west-2", "eu-west-1"))


def test_groups_are_listed_newest_first_filtered_and_paged(plane: FeaturePlane) -> None:
    for number in range(5):
        plane.create(f"group-{number}", **({"OfflineStoreConfig": None} if number == 2 else {}))

    names = [item["FeatureGroupName"] for item in plane.call("ListFeatureGroups")["FeatureGroupSummaries"]]
    paged = [item["FeatureGroupName"] for item in pages(plane, MaxResults=2, SortBy="Name", SortOrder="Ascending")]
    disabled = [item["FeatureGroupName"] for item in pages(plane, OfflineStoreStatusEquals="Disabled")]

    assert names == [f"group-{number}" for number in (4, 3, 2, 1, 0)]
    assert paged == [f"group-{number}" for number in range(5)]
    assert disabled == ["group-2"]
    assert [item["FeatureGroupName"] for item in pages(plane, NameContains="p-3")] == ["group-3"]
    assert pages(plane, FeatureGroupStatusEquals="CreateFailed") == []
    later = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    assert pages(plane, CreationTimeAfter=later) == []


def pages(plane: FeaturePlane, **params: object) -> list[dict[str, object]]:
    return plane._control.pages("ListFeatureGroups", "FeatureGroupSummaries", **params)


def test_added_feature_is_taken_and_gets_a_column(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.put("a")

    answer = plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, FeatureAdditions=definitions(City="String"))
    plane.put("b", City="Oslo")
    plane.writer.write_all()

    shown = plane.call("DescribeFeatureGroup", FeatureGroupName=NAME)
    columns = [name for name, _ in plane.store.catalog.tables.get(*group.table).columns]
    assert answer == {"FeatureGroupArn": ARN}
    assert shown["LastUpdateStatus"] == {"Status": "Successful"}
    assert shown["FeatureDefinitions"][-1] == {"FeatureName": "City", "FeatureType": "String"}
    assert columns[4:7] == ["plan", "city", "write_time"]
    assert plane.get("b") == {"id": "b", "event_time": "2026-01-31T12:00:00Z", "City": "Oslo"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "Nothing is to be updated"),
        ({"FeatureAdditions": definitions(Plan="String")}, "The feature name 'Plan' is there twice"),
        ({"OnlineStoreConfig": {"TtlDuration": {"Unit": "Days", "Value": 1}}}, "TtlDuration is not supported"),
        ({"OnlineStoreConfig": {"StorageType": "InMemory"}}, "StorageType 'InMemory' is not supported"),
    ],
)
def test_update_that_cannot_be_is_refused(plane: FeaturePlane, members: dict[str, object], reason: str) -> None:
    plane.create()

    with pytest.raises(Refused, match=f"ValidationException: {reason}"):
        plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, **members)


def test_deleted_group_leaves_its_files_and_its_table(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.put("a")

    plane.call("DeleteFeatureGroup", FeatureGroupName=NAME)
    plane.groups.wait()

    assert plane.store.feature_groups.find(NAME) is None
    assert [row["id"] for row in plane.offline(group)] == ["a"]
    assert plane.partitions(group) == [("2026", "01", "31", "12")]
    with pytest.raises(Refused, match="ResourceNotFound: FeatureGroup with name 'customers' does not exist") as caught:
        plane.get("a")
    assert caught.value.status == 404


def test_group_made_again_begins_with_no_record_and_a_table_of_its_own(plane: FeaturePlane) -> None:
    first = plane.create()
    plane.put("a")
    plane.call("DeleteFeatureGroup", FeatureGroupName=NAME)
    plane.groups.wait()

    second = plane.create()

    assert plane.get("a") is None
    assert second.table != first.table
    assert plane.offline(second) == []


@pytest.mark.parametrize("status", [FeatureGroupStatus.CREATING, FeatureGroupStatus.DELETING])
def test_group_that_is_not_ready_takes_no_records_and_no_update(plane: FeaturePlane, status: str) -> None:
    plane.store.feature_groups.add(a_group(status=FeatureGroupStatus(status)))

    with pytest.raises(Refused, match=f"ValidationError: Feature group 'customers' has status '{status}'"):
        plane.put()
    with pytest.raises(Refused, match=f"ValidationException: Feature group 'customers' has status '{status}'"):
        plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, FeatureAdditions=definitions(city="String"))


def test_creation_that_a_kill_interrupted_goes_on_at_the_next_start(tmp_path: Path) -> None:
    killed = FeaturePlane(tmp_path)
    group = killed.create()
    killed.store.catalog.tables.delete(*group.table)
    killed.store.feature_groups.update(a_group(request=group.request, status=FeatureGroupStatus.CREATING))
    killed.store.close()

    started = FeaturePlane(tmp_path)
    started.groups.recover()
    started.groups.wait()

    assert started.store.feature_groups.get(NAME).status is FeatureGroupStatus.CREATED
    assert started.store.catalog.tables.get(*group.table)
    started.close()


def test_deletion_that_a_kill_interrupted_goes_on_at_the_next_start(tmp_path: Path) -> None:
    killed = FeaturePlane(tmp_path)
    group = killed.create()
    killed.put("a")
    killed.store.feature_groups.update(a_group(request=group.request, status=FeatureGroupStatus.DELETING))
    killed.store.close()

    started = FeaturePlane(tmp_path)
    started.groups.recover()
    started.groups.wait()

    assert started.store.feature_groups.find(NAME) is None
    assert [row["id"] for row in started.offline(group)] == ["a"]
    started.close()


def test_tags_of_a_group_go_with_it(plane: FeaturePlane) -> None:
    plane.create(Tags=[{"Key": "team", "Value": "churn"}])

    assert plane.call("ListTags", ResourceArn=ARN) == {"Tags": [{"Key": "team", "Value": "churn"}]}
    plane.call("DeleteFeatureGroup", FeatureGroupName=NAME)
    plane.groups.wait()
    with pytest.raises(Refused, match="does not exist"):
        plane.call("ListTags", ResourceArn=ARN)


def test_metadata_of_a_feature_is_kept(plane: FeaturePlane) -> None:
    plane.create()
    place = {"FeatureGroupName": NAME, "FeatureName": "fee"}

    plane.call(
        "UpdateFeatureMetadata", **place, Description="in euro", ParameterAdditions=[{"Key": "unit", "Value": "EUR"}]
    )
    plane.call("UpdateFeatureMetadata", **place, ParameterAdditions=[{"Key": "owner", "Value": "me"}])
    plane.call("UpdateFeatureMetadata", **place, ParameterRemovals=["unit"])

    shown = plane.call("DescribeFeatureMetadata", **place)
    assert (shown["FeatureType"], shown["Description"]) == ("Fractional", "in euro")
    assert shown["Parameters"] == [{"Key": "owner", "Value": "me"}]
    with pytest.raises(Refused, match="ResourceNotFound: Feature group 'customers' has no feature 'other'"):
        plane.call("DescribeFeatureMetadata", FeatureGroupName=NAME, FeatureName="other")


def test_dropped_table_is_left_dropped(plane: FeaturePlane) -> None:
    group = plane.create()
    plane.store.catalog.tables.delete(*group.table)

    plane.put()
    plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, FeatureAdditions=definitions(city="String"))
    plane.writer.write_all()

    assert len(plane.offline(group)) == 1
    with pytest.raises(EntityNotFoundException, match="not found"):
        plane.store.catalog.tables.get(*group.table)


class FullDisk(FolderObjectStore):
    """Says once that nothing can be saved."""

    is_full = True

    def has_bucket(self, bucket: str) -> bool:
        if self.is_full:
            self.is_full = False
            raise StateNotSaved("The disk is full.")
        return super().has_bucket(bucket)


def test_creation_is_tried_again_when_the_disk_was_full(tmp_path: Path) -> None:
    objects = FullDisk(tmp_path / "s3", BUCKET)
    plane = FeaturePlane(tmp_path, objects)

    plane.create()
    plane.groups.wait()

    assert plane.store.feature_groups.get(NAME).status is FeatureGroupStatus.CREATED
    plane.close()
