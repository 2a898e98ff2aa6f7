"""What a record may be."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.feature_store.record_schema import RecordSchema
from tests.fakes.feature_store import EVENT_TIME, a_group, definitions, record

SCHEMA = RecordSchema(a_group())


def test_record_is_read_in_the_order_of_definition() -> None:
    found = SCHEMA.read([*reversed(record("a", plan="basic", calls="3"))])

    assert (found.identifier, found.event_milliseconds, found.is_deleted) == ("a", 1_769_860_800_000, False)
    assert list(found.values.items()) == [("id", "a"), ("event_time", EVENT_TIME), ("calls", "3"), ("plan", "basic")]


def test_feature_without_a_value_is_null() -> None:
    found = SCHEMA.read([*record("a"), {"FeatureName": "calls"}])

    assert list(found.values) == ["id", "event_time"]


@pytest.mark.parametrize("missing", ["id", "event_time"])
def test_record_without_its_identifier_or_event_time_is_refused(missing: str) -> None:
    given = [feature for feature in record() if feature["FeatureName"] != missing]

    with pytest.raises(ValidationException, match=f"no value for '{missing}'. Every record of feature group 'customer"):
        SCHEMA.read(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("calls", "9223372036854775807"),
        ("calls", "-9223372036854775808"),
        ("calls", "+7"),
        ("fee", "1"),
        ("fee", "-1.5e-3"),
        ("fee", ".5"),
        ("fee", "NaN"),
        ("plan", ""),
        ("plan", "Ünïcode 🎈"),
    ],
)
def test_value_of_its_type_is_taken_as_it_is(name: str, value: str) -> None:
    assert SCHEMA.read(record(**{name: value})).values[name] == value


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("calls", "9223372036854775808", "Integral"),
        ("calls", "1.0", "Integral"),
        ("calls", "", "Integral"),
        ("calls", "1_000", "Integral"),
        ("calls", "9" * 5000, "Integral"),
        ("fee", "free", "Fractional"),
        ("fee", "nan", "Fractional"),
        ("fee", "0x1p3", "Fractional"),
        ("fee", " 1", "Fractional"),
    ],
)
def test_value_of_another_type_is_refused(name: str, value: str, kind: str) -> None:
    with pytest.raises(ValidationException, match=f"The value '{value[:64]}' of feature '{name}' is not {kind}"):
        SCHEMA.read(record(**{name: value}))


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([*record(), {"FeatureName": "other", "ValueAsString": "1"}], "has no feature 'other'; it has id, event_time"),
        ([*record(), *record()], "The feature 'id' is there twice"),
        (record(""), "The record identifier '' has 0 bytes; 1 to 2048 are allowed"),
        (record("ü" * 1025), "has 2050 bytes; 1 to 2048 are allowed"),
        (record(plan="x" * 360_000), "has 360037 bytes; at most 358400 are allowed"),
        (record(event_time="yesterday"), "The event time 'yesterday' is not valid"),
    ],
)
def test_record_that_breaks_a_rule_is_refused(features: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(ValidationException, match=reason):
        SCHEMA.read(features)


def test_list_of_values_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match="ValueAsStringList of feature 'plan' is not supported"):
        SCHEMA.read([*record(), {"FeatureName": "plan", "ValueAsStringList": ["a"]}])


def test_marker_of_a_deletion_has_the_identifier_and_the_event_time_only() -> None:
    marker = SCHEMA.marker("a", EVENT_TIME)

    assert marker.is_deleted
    assert dict(marker.values) == {"id": "a", "event_time": EVENT_TIME}


def test_identifier_that_is_a_number_is_checked_as_one() -> None:
    request = {**a_group().request, "FeatureDefinitions": definitions(id="Integral", event_time="Fractional")}
    schema = RecordSchema(a_group(request=request))

    assert schema.read(record("7", "1.5")).event_milliseconds == 1500
    with pytest.raises(ValidationException, match="The value 'a' of feature 'id' is not Integral"):
        schema.marker("a", "1.5")
