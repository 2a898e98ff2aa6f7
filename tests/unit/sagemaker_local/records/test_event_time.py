"""Event times, in the two forms that Feature Store takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_local.errors import ValidationException
from sagemaker_local.records.event_time import file_stamp, parse_event_time, partition_of
from sagemaker_local.records.feature_group import FeatureType

TEXT, NUMBER = FeatureType.STRING, FeatureType.FRACTIONAL
NOON = 1_769_860_800_000


@pytest.mark.parametrize(
    ("text", "kind", "milliseconds"),
    [
        ("2026-01-31T12:00:00Z", TEXT, NOON),
        ("2026-01-31T12:00:00.250Z", TEXT, NOON + 250),
        ("1970-01-01T00:00:00Z", TEXT, 0),
        ("1969-12-31T23:59:59.999Z", TEXT, -1),
        ("1769860800", NUMBER, NOON),
        ("1769860800.25", NUMBER, NOON + 250),
        ("1.7698608E9", NUMBER, NOON),
        ("1769860800.2504", NUMBER, NOON + 250),
        ("-0.001", NUMBER, -1),
    ],
)
def test_event_time_is_read_to_the_millisecond(text: str, kind: FeatureType, milliseconds: int) -> None:
    assert parse_event_time(text, kind) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31 12:00:00",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+00:00",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00.25Z",
        "2026-01-31T12:00:00.250000Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "٢٠٢٦-01-31T12:00:00Z",
        "1769860800",
    ],
)
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match=f"The event time '{text.replace('+', '.')}' is not valid"):
        parse_event_time(text, TEXT)


@pytest.mark.parametrize("text", ["", "noon", "nan", "Infinity", "1_000", " 1", "1e99", "253402300800", "-62167219201"])
def test_number_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match=f"The event time '{text}' is not valid"):
        parse_event_time(text, NUMBER)


@pytest.mark.parametrize(
    ("text", "partition", "stamp"),
    [
        ("2026-01-31T12:34:56.789Z", ("2026", "01", "31", "12"), "20260131T123456Z"),
        ("0000-02-29T00:00:00Z", ("0000", "02", "29", "00"), "00000229T000000Z"),
        ("0001-01-01T00:00:00Z", ("0001", "01", "01", "00"), "00010101T000000Z"),
        ("9999-12-31T23:59:59.999Z", ("9999", "12", "31", "23"), "99991231T235959Z"),
    ],
)
def test_files_and_folders_are_named_after_the_time(text: str, partition: tuple[str, ...], stamp: str) -> None:
    milliseconds = parse_event_time(text, TEXT)

    assert partition_of(milliseconds) == partition
    assert file_stamp(milliseconds) == stamp


def test_years_from_0000_order_as_texts_do() -> None:
    texts = [f"{year:04d}-03-01T00:00:00Z" for year in (0, 1, 4, 400, 1969, 1970, 2026, 9999)]

    times = [parse_event_time(text, TEXT) for text in texts]

    assert times == sorted(set(times))
    assert times[-1] == (datetime(9999, 3, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )
