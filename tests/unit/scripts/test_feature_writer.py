"""What is sent to the feature group, what is not, and what happens when the service is busy."""

import pytest
from dataset_schema import NotIngested
from feature_writer import FeatureWriter

from tests.fakes.feature_clients import MemoryRecords, OldRecords

TYPES = {"customer_id": "String", "at": "String", "age": "Fractional"}


def record(number: int = 1, at: str = "2026-01-31T09:00:00Z", **values: str) -> dict[str, str]:
    return {"customer_id": f"C{number}", "at": at, **values}


def writer(client: object, attempts: int = 3) -> FeatureWriter:
    return FeatureWriter(client, "group", TYPES, "customer_id", "at", attempts, sleep=lambda _: None)


def test_write_sends_everybody_once() -> None:
    store = MemoryRecords()
    everybody = [record(number) for number in range(60)]

    outcome = writer(store).write(everybody)

    assert store.versions == everybody
    assert len(outcome.written) == 60


def test_write_again_sends_nothing() -> None:
    store = MemoryRecords()
    writer(store).write([record(age="40.0")])

    outcome = writer(store).write([record(age="40")])

    assert len(store.versions) == 1
    assert len(outcome.unchanged) == 1


def test_write_later_version_is_sent_and_an_older_one_is_not() -> None:
    store = MemoryRecords()
    writer(store).write([record(1), record(2)])

    outcome = writer(store).write([record(1, "2026-01-31T09:00:00.500Z"), record(2, "2026-01-31T08:59:59.999Z")])

    assert [item["customer_id"] for item in outcome.written] == ["C1"]
    assert [item["customer_id"] for item in outcome.older] == ["C2"]


def test_write_other_values_with_the_same_time_are_refused() -> None:
    store = MemoryRecords()
    writer(store).write([record(age="40")])

    outcome = writer(store).write([record(age="41")])

    assert outcome.refused[0][1] == "at is that of the version in the feature group, which has other values"
    assert len(store.versions) == 1


def test_write_sends_again_what_a_busy_service_did_not_take() -> None:
    store = MemoryRecords()
    store.busy, store.unprocessed = ["ThrottlingException", "InternalFailure"], 2

    outcome = writer(store).write([record(number) for number in range(5)])

    assert sorted(store.online) == ["C0", "C1", "C2", "C3", "C4"]
    assert len(store.versions) == len(outcome.written) == 5


def test_write_gives_up_after_all_attempts_and_says_what_to_do() -> None:
    store = MemoryRecords()
    store.busy = ["InternalFailure"] * 3

    with pytest.raises(NotIngested, match=r"1 records .* in 3 attempts: InternalFailure.* Run feature-ingestion again"):
        writer(store).write([record()])


def test_write_record_that_the_service_refuses_is_handed_back_with_its_reason() -> None:
    store = MemoryRecords()
    store.invalid = {"C1"}

    outcome = writer(store).write([record(0), record(1)])

    assert [(item["customer_id"], reason) for item, reason in outcome.refused] == [("C1", "ValidationError says no")]
    assert [item["customer_id"] for item in outcome.written] == ["C0"]


def test_write_with_an_old_boto3_sends_one_by_one() -> None:
    store = MemoryRecords()

    outcome = writer(OldRecords(store)).write([record(0), record(1)])

    assert len(store.versions) == len(outcome.written) == 2
