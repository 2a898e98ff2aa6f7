"""An ingestion as a whole, on services in memory."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from dataset_schema import DataRefused, GroupRefused
from feature_group import feature_types
from feature_manifest import Manifest
from ingest_features import Clients, Plan, ingest

from tests.fakes.feature_clients import MemoryGroups, MemoryRecords, MemoryS3
from tests.unit.scripts.test_customer_rows import HEADER, SCHEMA

MANIFEST, ERRORS = "s3://b/manifests/g.json", "s3://b/errors/e1"


@dataclass
class Cloud:
    s3: MemoryS3 = field(default_factory=MemoryS3)
    groups: MemoryGroups = field(default_factory=MemoryGroups)
    records: MemoryRecords = field(default_factory=lambda: MemoryRecords("id"))

    def run(self, plan: Plan) -> Manifest | None:
        return ingest(plan, Clients(self.s3, self.groups, self.records))


def plan(source: Path, **changes: Any) -> Plan:
    made = Plan(
        source=source,
        schema=SCHEMA,
        ranges={"age": (18.0, 120.0)},
        feature_group="g",
        store="s3://b/store",
        role_arn="arn",
        description="d",
        errors=ERRORS,
        manifest=MANIFEST,
        input="s3://b/in/",
        execution_id="e1",
        git_commit="abc",
        max_refused_share=0.5,
        threads=2,
        max_attempts=2,
        create_wait_seconds=5,
    )
    return replace(made, **changes)


def customers(folder: Path, count: int, bad: int = 0) -> Path:
    lines = [f"C{number:02d},2026-01-{number % 28 + 1:02d}T09:00:00Z,40,basic,0\n" for number in range(count)]
    lines += [f"C{count + number:02d},2026-01-31T09:00:00Z,1,basic,0\n" for number in range(bad)]
    (folder / "a.csv").write_text(HEADER + "".join(lines))
    return folder


def test_ingest_makes_the_group_sends_all_and_writes_the_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Cloud()

    cloud.run(plan(customers(tmp_path, 30)))

    written = json.loads(cloud.s3.objects[MANIFEST])
    assert len(cloud.records.versions) == written["rows"] == written["written"] == 30
    assert (written["oldest_event_time"], written["newest_event_time"]) == (
        "2026-01-01T09:00:00.000Z",
        "2026-01-28T09:00:00.000Z",
    )
    assert cloud.groups.groups["g"]["FeatureDefinitions"][2] == {"FeatureName": "age", "FeatureType": "Fractional"}
    assert "Ingested 30 of 30 customers" in capsys.readouterr().out


def test_ingest_again_adds_no_second_version(tmp_path: Path) -> None:
    cloud, source = Cloud(), customers(tmp_path, 30)
    first = cloud.run(plan(source))

    second = cloud.run(plan(source))

    assert len(cloud.records.versions) == 30
    assert first is not None
    assert second is not None
    assert (second.written, second.unchanged, second.rows) == (0, 30, 30)
    assert second.ids_sha256 == first.ids_sha256


def test_ingest_with_some_bad_rows_keeps_them_with_their_reasons(tmp_path: Path) -> None:
    cloud = Cloud()

    manifest = cloud.run(plan(customers(tmp_path, 30, bad=2)))

    lines = [json.loads(line) for line in cloud.s3.objects[f"{ERRORS}/refused.jsonl"].splitlines()]
    assert [(line["row"], line["reasons"]) for line in lines] == [(31, ["age is below 18"]), (32, ["age is below 18"])]
    assert manifest is not None
    assert (manifest.rows, manifest.refused) == (30, 2)


def test_ingest_with_too_many_bad_rows_sends_nothing(tmp_path: Path) -> None:
    cloud = Cloud()

    with pytest.raises(DataRefused, match=r"5 of 35 rows \(14.29%\) are refused; first a.csv row 31: age is below 18"):
        cloud.run(plan(customers(tmp_path, 30, bad=5), max_refused_share=0.1))

    assert cloud.records.versions == []
    assert cloud.groups.groups == {}
    assert MANIFEST not in cloud.s3.objects
    assert cloud.s3.objects[f"{ERRORS}/refused.jsonl"].count(b"\n") == 5


def test_ingest_rows_that_the_service_refuses_count_as_bad(tmp_path: Path) -> None:
    cloud = Cloud()
    cloud.records.invalid = {"C07"}

    with pytest.raises(DataRefused, match=r"1 of 30 rows .* ValidationError says no.* The good rows were ingested"):
        cloud.run(plan(customers(tmp_path, 30), max_refused_share=0.0))

    assert MANIFEST not in cloud.s3.objects


def test_ingest_of_older_versions_leaves_the_manifest(tmp_path: Path) -> None:
    cloud, source = Cloud(), customers(tmp_path, 3)
    cloud.run(plan(source))
    before = cloud.s3.objects[MANIFEST]
    (source / "a.csv").write_text(HEADER + "C00,2025-01-01T09:00:00Z,40,basic,0\n")

    manifest = cloud.run(plan(source))

    assert manifest is None
    assert cloud.s3.objects[MANIFEST] == before


def test_ingest_without_a_good_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="None of the 2 rows is good"):
        Cloud().run(plan(customers(tmp_path, 0, bad=2), max_refused_share=1.0))


def test_ingest_waits_for_a_group_that_somebody_else_creates(tmp_path: Path) -> None:
    cloud = Cloud(groups=MemoryGroups(looks=3))
    cloud.groups.on_create = lambda: cloud.groups.groups.update(g=group(cloud, "Creating"))

    cloud.run(plan(customers(tmp_path, 3)))

    assert len(cloud.records.versions) == 3


def group(cloud: Cloud, status: str, **members: Any) -> dict[str, Any]:
    types = feature_types(SCHEMA)
    return {
        "FeatureGroupName": "g",
        "FeatureGroupStatus": status,
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": name, "FeatureType": kind} for name, kind in types.items()],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        **members,
    }


@pytest.mark.parametrize(
    ("status", "members", "message"),
    [
        ("CreateFailed", {"FailureReason": "the bucket is gone"}, "'g' is CreateFailed, .*the bucket is gone"),
        ("Deleting", {}, "'g' is Deleting, Created is needed"),
        ("Created", {"OnlineStoreConfig": {}}, "has no online store"),
        ("Created", {"RecordIdentifierFeatureName": "age"}, "has the identifier 'age' and the event time 'at'"),
        (
            "Created",
            {"FeatureDefinitions": [{"FeatureName": "at", "FeatureType": "String"}]},
            r"lacks the features \['id', 'age', 'plan', 'left'\]",
        ),
    ],
)
def test_ingest_into_a_group_that_cannot_take_it_is_refused(
    tmp_path: Path, status: str, members: dict[str, Any], message: str
) -> None:
    cloud = Cloud()
    cloud.groups.groups["g"] = group(cloud, status, **members)

    with pytest.raises(GroupRefused, match=message):
        cloud.run(plan(customers(tmp_path, 3)))


def test_ingest_gives_up_on_a_group_that_stays_creating(tmp_path: Path) -> None:
    cloud = Cloud(groups=MemoryGroups(looks=10**6))

    with pytest.raises(GroupRefused, match="is Creating, Created is needed: it is not Created after 0 s"):
        cloud.run(plan(customers(tmp_path, 3), create_wait_seconds=0))
