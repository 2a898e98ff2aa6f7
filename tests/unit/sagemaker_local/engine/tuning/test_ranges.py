from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.engine.tuning.ranges import (
    CategoricalRange,
    ContinuousRange,
    IntegerRange,
    Scaling,
    parse_ranges,
)
from sagemaker_local.errors import UnsupportedFeature, ValidationException

PLACES = st.floats(0, 1)
NUMBERS = st.floats(-1e12, 1e12)
POSITIVE = st.floats(1e-9, 1e12)
FRACTIONS = st.floats(0, 0.999999)


def continuous(**members: str) -> dict[str, Any]:
    return {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5", **members}]}


def integer(**members: str) -> dict[str, Any]:
    return {"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "9", **members}]}


def categorical(*values: str) -> dict[str, Any]:
    return {"CategoricalParameterRanges": [{"Name": "booster", "Values": list(values)}]}


@given(st.tuples(NUMBERS, NUMBERS).map(sorted), PLACES)
def test_linear_value_lies_within_its_bounds(bounds: list[float], place: float) -> None:
    least, most = bounds

    assert least <= float(ContinuousRange("x", least, most).at(place)) <= most


@given(st.tuples(POSITIVE, POSITIVE).map(sorted), PLACES)
def test_logarithmic_value_lies_within_its_bounds(bounds: list[float], place: float) -> None:
    least, most = bounds

    assert least <= float(ContinuousRange("x", least, most, Scaling.LOGARITHMIC).at(place)) <= most


@given(st.tuples(FRACTIONS, FRACTIONS).map(sorted), PLACES)
def test_reverse_logarithmic_value_lies_within_its_bounds(bounds: list[float], place: float) -> None:
    least, most = bounds

    assert least <= float(ContinuousRange("x", least, most, Scaling.REVERSE_LOGARITHMIC).at(place)) <= most


@given(
    st.tuples(st.integers(1, 2**40), st.integers(1, 2**40)).map(sorted),
    st.sampled_from(["Linear", "Logarithmic"]),
    PLACES,
)
def test_whole_value_is_one_and_lies_within_its_bounds(bounds: list[int], scaling: str, place: float) -> None:
    least, most = bounds

    assert least <= int(IntegerRange("x", least, most, Scaling(scaling)).at(place)) <= most


@given(st.sampled_from(Scaling), st.tuples(PLACES, PLACES).map(sorted))
def test_value_grows_with_its_place_on_every_scale(scaling: Scaling, places: list[float]) -> None:
    item = ContinuousRange("x", 0.1, 0.9, scaling)

    assert float(item.at(places[0])) <= float(item.at(places[1]))


@pytest.mark.parametrize(
    ("scaling", "middle"),
    [(Scaling.LINEAR, 0.5005), (Scaling.LOGARITHMIC, 0.0316), (Scaling.REVERSE_LOGARITHMIC, 0.9684)],
)
def test_middle_of_a_range_is_where_its_scale_has_it(scaling: Scaling, middle: float) -> None:
    least, most = (0.0, 0.999) if scaling is Scaling.REVERSE_LOGARITHMIC else (0.001, 1.0)

    assert float(ContinuousRange("x", least, most, scaling).at(0.5)) == pytest.approx(middle, abs=1e-4)


def test_every_whole_number_and_category_has_the_same_share() -> None:
    places = [index / 1000 for index in range(1000)]

    numbers = [IntegerRange("x", 3, 7).at(place) for place in places]
    words = [CategoricalRange("x", ("a", "b", "c", "d")).at(place) for place in places]

    assert {number: numbers.count(number) for number in numbers} == dict.fromkeys("34567", 200)
    assert {word: words.count(word) for word in words} == dict.fromkeys("abcd", 250)
    assert (IntegerRange("x", 3, 7).at(1), CategoricalRange("x", ("a", "b")).at(1)) == ("7", "b")


def test_ranges_of_all_kinds_are_read() -> None:
    raw = {**continuous(ScalingType="Logarithmic"), **integer(ScalingType="Linear"), **categorical("gbtree", "dart")}

    assert set(parse_ranges(raw)) == {
        ContinuousRange("eta", 0.1, 0.5, Scaling.LOGARITHMIC),
        IntegerRange("max_depth", 1, 9),
        CategoricalRange("booster", ("gbtree", "dart")),
    }


@pytest.mark.parametrize(
    ("least", "most", "scaling"),
    [
        ("0.01", "0.3", Scaling.LINEAR),
        ("0.001", "0.3", Scaling.LOGARITHMIC),
        ("0", "1000", Scaling.LINEAR),
        ("-1", "1000", Scaling.LINEAR),
    ],
)
def test_auto_is_logarithmic_over_two_orders_of_magnitude(least: str, most: str, scaling: Scaling) -> None:
    for scale in ({"ScalingType": "Auto"}, {}):
        assert parse_ranges(continuous(MinValue=least, MaxValue=most, **scale)) == (
            ContinuousRange("eta", float(least), float(most), scaling),
        )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (continuous(MinValue="low"), "the range of 'eta' has MinValue 'low', which is not a number"),
        (continuous(MaxValue="inf"), "has MaxValue 'inf', which is not a number"),
        (continuous(MaxValue="nan"), "has MaxValue 'nan', which is not a number"),
        (continuous(MaxValue="0.1"), "goes from '0.1' to '0.1'; MinValue must be less than MaxValue"),
        (continuous(MinValue="0", ScalingType="Logarithmic"), "MinValue '0'; all its values must be greater than 0"),
        (continuous(MaxValue="1", ScalingType="ReverseLogarithmic"), "must be at least 0 and less than 1"),
        (continuous(MinValue="-0.1", ScalingType="ReverseLogarithmic"), "must be at least 0 and less than 1"),
        (integer(MinValue="1.5"), "the range of 'max_depth' has MinValue '1.5', which is not a whole number"),
        (integer(MaxValue="9" * 30), "which is not a whole number"),
        (integer(ScalingType="ReverseLogarithmic"), "'ReverseLogarithmic', which is for continuous ranges"),
        (categorical("dart", "gbtree", "dart"), "the range of 'booster' has the value 'dart' more than once"),
        ({**continuous(), **integer(Name="eta")}, "The hyperparameter 'eta' has 2 ranges"),
        ({}, "ParameterRanges has no range"),
        ({"IntegerParameterRanges": []}, "ParameterRanges has no range"),
    ],
)
def test_range_that_cannot_be_searched_is_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        parse_ranges(raw)


def test_ranges_that_the_service_would_find_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match="AutoParameters is not supported"):
        parse_ranges({**continuous(), "AutoParameters": [{"Name": "alpha", "ValueHint": "1"}]})
