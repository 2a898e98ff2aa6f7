"""Holds what docs/fidelity.md says about Feature Store against the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.app import compose
from tests.fakes.api_client import Refused
from tests.fakes.feature_store import NAME, FeaturePlane, definitions, group_request, record
from tests.fakes.markdown import page, section, tables

ROWS = tables(page("docs/fidelity.md"))
MEMBERS = section(ROWS, "Feature groups and records")
S3 = {"S3Uri": "s3://lake/features"}
TTL = {"Unit": "Days", "Value": 1}
KEYS = definitions(id="String", event_time="String")


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[FeaturePlane]:
    built = FeaturePlane(tmp_path)
    yield built
    built.close()


def online(**members: Any) -> dict[str, Any]:
    return {"OnlineStoreConfig": {"EnableOnlineStore": True, **members}}


def offline(**members: Any) -> dict[str, Any]:
    return {"OfflineStoreConfig": {"S3StorageConfig": S3, **members}}


def feature(**members: Any) -> dict[str, Any]:
    return {"FeatureDefinitions": [*KEYS, {"FeatureName": "x", "FeatureType": "String", **members}]}


def create(**members: Any) -> Callable[[FeaturePlane], object]:
    return lambda plane: plane.call("CreateFeatureGroup", **group_request(**members))


def put(**members: Any) -> Callable[[FeaturePlane], object]:
    def run(plane: FeaturePlane) -> None:
        plane.create()
        plane.run("PutRecord", **{"FeatureGroupName": NAME, "Record": record(), **members})

    return run


# What the page calls refused, each with requests that have it and the name that the refusal must say.
REFUSED: dict[str, list[tuple[Callable[[FeaturePlane], object], str]]] = {
    "`OnlineStoreConfig.StorageType = InMemory`": [
        (create(**online(StorageType="InMemory")), "StorageType 'InMemory'")
    ],
    "`OnlineStoreConfig.TtlDuration`, `TtlDuration` of a record": [
        (create(**online(TtlDuration=TTL)), "TtlDuration"),
        (put(TtlDuration=TTL), "TtlDuration"),
    ],
    "`OfflineStoreConfig.TableFormat = Iceberg`": [(create(**offline(TableFormat="Iceberg")), "TableFormat 'Iceberg'")],
    "`CollectionType`, `CollectionConfig`, `ValueAsStringList`": [
        (create(**feature(CollectionType="List")), "CollectionType"),
        (create(**feature(CollectionConfig={"VectorConfig": {"Dimension": 2}})), "CollectionConfig"),
        (put(Record=[*record(), {"FeatureName": "plan", "ValueAsStringList": ["a"]}]), "ValueAsStringList"),
    ],
    "features named year, month, day, hour": [
        (create(FeatureDefinitions=[*KEYS, *definitions(**{name: "String"})]), f"'{name}' is reserved")
        for name in ("year", "month", "day", "hour")
    ],
}

# What the page calls same or emulated, as members of CreateFeatureGroup.
ACCEPTED: dict[str, dict[str, Any]] = {
    "Standard": online(StorageType="Standard"),
    "Standard_V2": online(StorageType="Standard_V2"),
    "DataCatalogConfig": offline(DataCatalogConfig={"TableName": "t", "Catalog": "AwsDataCatalog", "Database": "d"}),
    "DisableGlueTableCreation": offline(DisableGlueTableCreation=True),
    "Default": offline(TableFormat="Default"),
    "Glue": offline(TableFormat="Glue"),
    "SecurityConfig": online(SecurityConfig={"KmsKeyId": "key"}),
    "KmsKeyId": {"OfflineStoreConfig": {"S3StorageConfig": {**S3, "KmsKeyId": "key"}}},
    "ThroughputConfig": {
        "ThroughputConfig": {
            "ThroughputMode": "Provisioned",
            "ProvisionedReadCapacityUnits": 1,
            "ProvisionedWriteCapacityUnits": 1,
        }
    },
}


def test_each_operation_of_feature_store_is_named_once_and_no_other(plane: FeaturePlane) -> None:
    answered = compose._feature_store_operations(plane.store, plane.groups, plane.records)

    said = Counter(name for row in section(ROWS, "Operations / Feature Store") for name in row.spans("operations"))

    assert said == Counter(name for operations in answered.values() for name in operations)


def test_every_refusal_is_tried() -> None:
    assert {row.cells["what"] for row in MEMBERS if row.cells["here"] == "refused"} == set(REFUSED)


@pytest.mark.parametrize(
    # A function's own text has its address, and two workers must give a test the same name.
    ("request_of", "name"),
    [pytest.param(*pair, id=f"{what}-{pair[1]}") for what, pairs in REFUSED.items() for pair in pairs],
)
def test_what_is_refused_is_refused_by_name(
    plane: FeaturePlane, request_of: Callable[[FeaturePlane], object], name: str
) -> None:
    with pytest.raises(Refused, match=f"Validation(Exception|Error): .*{name}"):
        request_of(plane)


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_is_accepted_is_shown_again(plane: FeaturePlane, what: str) -> None:
    plane.create(**ACCEPTED[what])

    described = plane.call("DescribeFeatureGroup", FeatureGroupName=NAME)

    assert any(what in row.cells["what"] + row.cells["note"] for row in MEMBERS)
    assert described["FeatureGroupStatus"] == "Created"
    assert contains(described, ACCEPTED[what])


def contains(whole: Any, part: Any) -> bool:
    if not isinstance(part, dict):
        return bool(whole == part)
    return all(name in whole and contains(whole[name], value) for name, value in part.items())
