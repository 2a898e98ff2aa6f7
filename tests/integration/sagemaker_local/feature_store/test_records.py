"""The runtime API: versions by event time, deletions, batches."""

from __future__ import annotations

from random import Random

import pytest

from tests.fakes.api_client import Refused
from tests.fakes.feature_store import EVENT_TIME, NAME, RUNTIME, FeaturePlane, record
from tests.fakes.records import PLACE

EARLIER, LATER, LATEST = "2026-01-31T11:59:59.999Z", "2026-01-31T12:00:00.001Z", "2026-02-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _group(plane: FeaturePlane) -> None:
    plane.create()


def delete(plane: FeaturePlane, event_time: str, mode: str = "SoftDelete", **members: object) -> None:
    place = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "a"}
    plane.run("DeleteRecord", **place, EventTime=event_time, DeletionMode=mode, **members)


def history(plane: FeaturePlane) -> list[tuple[str, int | None, bool]]:
    """What the offline store has of record `a`, by event time."""
    plane.writer.write_all()
    rows = plane.offline(plane.store.feature_groups.get(NAME))
    return [(row["event_time"], row["calls"], row["is_deleted"]) for row in rows]


def calls(plane: FeaturePlane) -> str | None:
    values = plane.get("a")
    return None if values is None else values.get("calls")


def test_record_is_read_as_it_was_put(plane: FeaturePlane) -> None:
    plane.put("a", fee="2.50", plan="")

    assert plane.get("a") == {"id": "a", "event_time": EVENT_TIME, "fee": "2.50", "plan": ""}


def test_missing_record_is_no_record_and_no_error(plane: FeaturePlane) -> None:
    assert plane.run("GetRecord", FeatureGroupName=NAME, RecordIdentifierValueAsString="none") == {}


def test_record_is_replaced_whole(plane: FeaturePlane) -> None:
    plane.put("a", calls="1", fee="2")

    plane.put("a", LATER, calls="3")

    assert plane.get("a") == {"id": "a", "event_time": LATER, "calls": "3"}


@pytest.mark.parametrize("event_time", [EARLIER, EVENT_TIME])
def test_version_that_is_not_newer_goes_to_the_offline_store_only(plane: FeaturePlane, event_time: str) -> None:
    plane.put("a", calls="1")

    plane.put("a", event_time, calls="2")

    assert calls(plane) == "1"
    assert sorted(history(plane)) == sorted([(EVENT_TIME, 1, False), (event_time, 2, False)])


def test_event_time_in_the_future_is_the_newest_version(plane: FeaturePlane) -> None:
    plane.put("a", "9999-12-31T23:59:59Z", calls="1")
    plane.put("a", calls="2")

    assert calls(plane) == "1"
    assert plane.partitions(plane.store.feature_groups.get(NAME)) == []
    assert len(history(plane)) == 2
    assert ("9999", "12", "31", "23") in plane.partitions(plane.store.feature_groups.get(NAME))


@pytest.mark.parametrize(("store", "is_online", "rows"), [("OnlineStore", True, 0), ("OfflineStore", False, 1)])
def test_target_store_gets_the_record_alone(plane: FeaturePlane, store: str, is_online: bool, rows: int) -> None:
    plane.run("PutRecord", FeatureGroupName=NAME, Record=record("a"), TargetStores=[store])

    assert (plane.get("a") is not None) is is_online
    assert len(history(plane)) == rows


def test_chosen_features_are_shown_alone(plane: FeaturePlane) -> None:
    plane.put("a", calls="1", plan="basic")
    place = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "a"}

    some = plane.run("GetRecord", **place, FeatureNames=["plan", "id"])
    nothing = plane.run("GetRecord", **place, FeatureNames=["fee"])

    assert [item["FeatureName"] for item in some["Record"]] == ["id", "plan"]
    assert nothing == {}
    with pytest.raises(Refused, match="ValidationError: Feature group 'customers' has no feature 'other'"):
        plane.run("GetRecord", **place, FeatureNames=["other"])


def test_soft_deletion_hides_the_record_and_leaves_a_marker(plane: FeaturePlane) -> None:
    plane.put("a", calls="1")

    delete(plane, LATER)

    assert plane.get("a") is None
    assert history(plane) == [(LATER, None, True), (EVENT_TIME, 1, False)]


def test_soft_deletion_as_of_an_earlier_time_leaves_the_record_and_a_marker(plane: FeaturePlane) -> None:
    plane.put("a", calls="1")

    delete(plane, EARLIER)

    assert calls(plane) == "1"
    assert (EARLIER, None, True) in history(plane)


def test_deleted_record_comes_back_with_a_later_version_only(plane: FeaturePlane) -> None:
    plane.put("a", calls="1")
    delete(plane, LATER)

    plane.put("a", EVENT_TIME, calls="2")
    assert plane.get("a") is None
    plane.put("a", LATEST, calls="3")

    assert calls(plane) == "3"


def test_hard_deletion_forgets_the_record_and_leaves_a_marker(plane: FeaturePlane) -> None:
    plane.put("a", calls="1")

    delete(plane, LATER, "HardDelete")

    assert plane.get("a") is None
    assert len(history(plane)) == 2
    plane.put("a", EARLIER, calls="2")
    assert calls(plane) == "2"


@pytest.mark.parametrize("event_time", [EARLIER, EVENT_TIME])
def test_hard_deletion_that_is_not_later_is_refused_and_leaves_no_marker(plane: FeaturePlane, event_time: str) -> None:
    plane.put("a", calls="1")

    with pytest.raises(Refused, match="ValidationError: The EventTime of the deletion of 'a' is not after") as caught:
        delete(plane, event_time, "HardDelete")

    assert caught.value.status == 400
    assert calls(plane) == "1"
    assert len(history(plane)) == 1


def test_deletion_without_a_valid_time_is_refused(plane: FeaturePlane) -> None:
    with pytest.raises(Refused, match="ValidationError: The event time 'now' is not valid"):
        delete(plane, "now")


def test_batch_writes_what_is_valid_and_says_what_is_not(plane: FeaturePlane) -> None:
    good, unknown, bad = (
        {"FeatureGroupName": NAME, "Record": record("a", calls="1")},
        {"FeatureGroupName": "none", "Record": record("b")},
        {"FeatureGroupName": NAME, "Record": record("c", calls="many")},
    )

    answer = plane.run("BatchWriteRecord", Entries=[good, unknown, bad])

    assert [(error["Entry"], error["ErrorCode"]) for error in answer["Errors"]] == [
        (unknown, "ResourceNotFound"),
        (bad, "ValidationError"),
    ]
    assert "The value 'many' of feature 'calls' is not Integral" in answer["Errors"][1]["ErrorMessage"]
    assert answer["UnprocessedEntries"] == []
    assert calls(plane) == "1"
    assert len(history(plane)) == 1


def test_batch_of_more_than_25_is_refused(plane: FeaturePlane) -> None:
    entries = [{"FeatureGroupName": NAME, "Record": record(f"c{number}")} for number in range(26)]

    with pytest.raises(Refused, match=r"ValidationError: .*length less than or equal to 25"):
        plane.run("BatchWriteRecord", Entries=entries)


def test_batch_reads_what_is_there(plane: FeaturePlane) -> None:
    plane.create("other", OfflineStoreConfig=None)
    plane.put("a", calls="1")
    plane.put("b", calls="2")
    asked = [
        {"FeatureGroupName": NAME, "RecordIdentifiersValueAsString": ["a", "none", "b"], "FeatureNames": ["calls"]},
        {"FeatureGroupName": "other", "RecordIdentifiersValueAsString": ["a"]},
        {"FeatureGroupName": "missing", "RecordIdentifiersValueAsString": ["a"]},
    ]

    answer = plane.run("BatchGetRecord", Identifiers=asked)

    found = [(item["RecordIdentifierValueAsString"], item["Record"]) for item in answer["Records"]]
    assert found == [
        ("a", [{"FeatureName": "calls", "ValueAsString": "1"}]),
        ("b", [{"FeatureName": "calls", "ValueAsString": "2"}]),
    ]
    assert [(error["FeatureGroupName"], error["ErrorCode"]) for error in answer["Errors"]] == [
        ("missing", "ResourceNotFound")
    ]


def test_identifiers_are_listed_page_by_page_without_the_deleted(plane: FeaturePlane) -> None:
    for name in ("c", "a", "ü", "b"):
        plane.put(name)
    delete(plane, LATER)

    def listed(**params: object) -> list[str]:
        names: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = plane.run("ListRecords", FeatureGroupName=NAME, MaxResults=2, **params, **token)
            names += answer["RecordIdentifiers"]
            if "NextToken" not in answer:
                return names
            token = {"NextToken": answer["NextToken"]}

    assert listed() == ["b", "c", "ü"]
    assert listed(IncludeSoftDeletedRecords=True) == ["a", "b", "c", "ü"]
    with pytest.raises(Refused, match="ValidationError: NextToken 'x' is not valid"):
        plane.run("ListRecords", FeatureGroupName=NAME, NextToken="x")


def test_group_without_an_online_store_is_not_read(plane: FeaturePlane) -> None:
    plane.create("archive", OnlineStoreConfig=None)

    plane.run("PutRecord", FeatureGroupName="archive", Record=record("a"))

    for operation, members in (("GetRecord", {"RecordIdentifierValueAsString": "a"}), ("ListRecords", {})):
        with pytest.raises(Refused, match="ValidationError: Feature group 'archive' has no online store"):
            plane.run(operation, FeatureGroupName="archive", **members)


def test_store_that_the_group_has_not_is_refused(plane: FeaturePlane) -> None:
    plane.create("archive", OnlineStoreConfig=None)

    with pytest.raises(Refused, match="TargetStores has 'OnlineStore', which feature group 'archive' has not"):
        plane.run("PutRecord", FeatureGroupName="archive", Record=record(), TargetStores=["OnlineStore"])


def test_time_to_live_is_refused_by_name(plane: FeaturePlane) -> None:
    ttl = {"TtlDuration": {"Unit": "Days", "Value": 1}}

    with pytest.raises(Refused, match="ValidationError: TtlDuration is not supported"):
        plane.run("PutRecord", FeatureGroupName=NAME, Record=record(), **ttl)
    with pytest.raises(Refused, match="ValidationError: TtlDuration is not supported"):
        plane.run("BatchWriteRecord", Entries=[{"FeatureGroupName": NAME, "Record": record(), **ttl}])

    assert plane.get("a") is None


def test_group_may_be_named_by_its_arn(plane: FeaturePlane) -> None:
    arn = PLACE.arn(f"feature-group/{NAME}")

    plane.run("PutRecord", FeatureGroupName=arn, Record=record("a"))

    assert plane.get("a") is not None
    with pytest.raises(Refused, match="ResourceNotFound"):
        plane.run("PutRecord", FeatureGroupName=arn.replace("us-west-2", "eu-west-1"), Record=record())


def test_request_that_is_no_json_is_a_validation_error(plane: FeaturePlane) -> None:
    status, answer = plane.api.handle(RUNTIME, "PutRecord", b"{")

    assert status == 400
    assert b'"__type":"ValidationError"' in answer


class TestUpdateRecord:
    @pytest.fixture(autouse=True)
    def _versioned(self, plane: FeaturePlane) -> None:
        plane.call("UpdateFeatureGroup", FeatureGroupName=NAME, OnlineStoreConfig={"StorageType": "Standard_V2"})
        plane.put("a", calls="1", fee="2")

    def update(self, plane: FeaturePlane, identifier: str = "a", **values: str) -> None:
        features = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        place = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": identifier}
        plane.run("UpdateRecord", **place, Features=features)

    def test_changes_what_is_given_and_keeps_the_rest(self, plane: FeaturePlane) -> None:
        self.update(plane, calls="5")
        self.update(plane, event_time=LATER, plan="basic")

        assert plane.get("a") == {"id": "a", "event_time": LATER, "calls": "5", "fee": "2", "plan": "basic"}
        assert len(history(plane)) == 3

    def test_refuses_an_earlier_event_time(self, plane: FeaturePlane) -> None:
        with pytest.raises(Refused, match="ConflictException: The event time of record 'a' is before"):
            self.update(plane, event_time=EARLIER)

    def test_refuses_a_record_that_is_not_there(self, plane: FeaturePlane) -> None:
        with pytest.raises(Refused, match="ResourceNotFound: There is no record 'none' to update"):
            self.update(plane, "none", calls="1")

    def test_refuses_another_identifier(self, plane: FeaturePlane) -> None:
        with pytest.raises(Refused, match="The identifier of record 'a' cannot be changed"):
            self.update(plane, id="b")

    def test_refuses_a_group_of_the_first_storage_type(self, plane: FeaturePlane) -> None:
        plane.create("plain")
        plane.run("PutRecord", FeatureGroupName="plain", Record=record("a"))

        with pytest.raises(Refused, match="needs an online store of StorageType 'Standard_V2'"):
            plane.run(
                "UpdateRecord",
                FeatureGroupName="plain",
                RecordIdentifierValueAsString="a",
                Features=[{"FeatureName": "calls", "ValueAsString": "1"}],
            )


@pytest.mark.parametrize("seed", range(20))
def test_random_history_leaves_what_a_plain_reading_of_the_rules_leaves(plane: FeaturePlane, seed: int) -> None:
    random = Random(seed)  # noqa: S311  # a history that can be repeated, no secret
    newest: dict[str, tuple[str, str | None]] = {}
    rows = 0
    for number in range(60):
        name, event_time = random.choice("abc"), f"2026-01-{random.randint(1, 9):02d}T00:00:00Z"
        is_newer = name not in newest or event_time > newest[name][0]
        kind = random.choice(["put", "put", "put", "soft", "hard"])
        if kind == "put":
            plane.put(name, event_time, calls=str(number))
            after: tuple[str, str | None] | None = (event_time, str(number))
        else:
            place = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": name, "EventTime": event_time}
            after = (event_time, None) if kind == "soft" else None
            try:
                plane.run("DeleteRecord", **place, DeletionMode="HardDelete" if kind == "hard" else "SoftDelete")
            except Refused:
                assert kind == "hard"
                assert not is_newer
                continue
        rows += 1
        if is_newer and after is not None:
            newest[name] = after
        elif is_newer:
            newest.pop(name, None)

    plane.writer.write_all()

    found = {name: (plane.get(name) or {}).get("calls") for name in "abc"}
    assert found == {name: newest.get(name, ("", None))[1] for name in "abc"}
    assert len(plane.offline(plane.store.feature_groups.get(NAME))) == rows


def test_more_than_a_hundred_records_at_once_are_refused(plane: FeaturePlane) -> None:
    plane.create("other")
    asked = [
        {"FeatureGroupName": name, "RecordIdentifiersValueAsString": [f"c{number}" for number in range(60)]}
        for name in (NAME, "other")
    ]

    with pytest.raises(Refused, match="ValidationError: More than 100 records are asked for"):
        plane.run("BatchGetRecord", Identifiers=asked)
