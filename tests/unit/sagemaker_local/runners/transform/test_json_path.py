from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import JobFailed, ValidationException
from sagemaker_local.runners.transform.json_path import JsonPath

RECORD = {"id": "c1", "features": [10, 20, 30], "deep": {"a": 1, "b": {"c": 2}}, "list": [{"x": 1}, {"x": 2}]}


def parse(text: str) -> JsonPath:
    return JsonPath.parse(text, "DataProcessing.InputFilter")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", RECORD),
        ("$.id", "c1"),
        ("$['id']", "c1"),
        ('$["id"]', "c1"),
        ("$.deep.b.c", 2),
        ("$.deep['a']", 1),
        ("$['id','features']", {"id": "c1", "features": [10, 20, 30]}),
        ("$.deep.['a','b']", {"a": 1, "b": {"c": 2}}),
        ("$.features[0]", 10),
        ("$.features[-1]", 30),
        ("$.features[0,2]", [10, 30]),
        ("$.features[1:]", [20, 30]),
        ("$.features[:-1]", [10, 20]),
        ("$.features[0:2]", [10, 20]),
        ("$.features[-1,0:2]", [30, 10, 20]),
        ("$.features[:]", [10, 20, 30]),
        ("$.features[*]", [10, 20, 30]),
        ("$.deep.*", [1, {"c": 2}]),
        ("$.list[*].x", [1, 2]),
        ("$.list[0].x", 1),
        ("$.list[0:1].x", [1]),
        ("$.list[*]['x']", [1, 2]),
    ],
)
def test_path_over_a_json_record_selects_what_it_names(text: str, expected: Any) -> None:
    selected = parse(text).select(RECORD)

    assert selected == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", [0, 1, 2, 3]),
        ("$[*]", [0, 1, 2, 3]),
        ("$[0]", [0]),
        ("$[-1]", [3]),
        ("$[1:]", [1, 2, 3]),
        ("$[0:-1]", [0, 1, 2]),
        ("$[:14]", [0, 1, 2, 3]),
        ("$[0,-1]", [0, 3]),
        ("$[3,0,0]", [3, 0, 0]),
        ("$[0,2:]", [0, 2, 3]),
        ("$[ 0 , 2 : ]", [0, 2, 3]),
        ("$[5:9]", []),
    ],
)
def test_path_over_a_row_gives_the_indexes_in_its_own_order(text: str, expected: list[int]) -> None:
    indexes = parse(text).indexes(4)

    assert indexes == expected


def test_slice_end_is_exclusive() -> None:
    """The developer guide's prose says inclusive, the notebooks that ran on AWS use it as exclusive."""
    assert parse("$[1:4]").indexes(6) == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "id", ".id", "@.id"])
def test_path_without_a_root_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match=r"DataProcessing.InputFilter .* does not begin with '\$'"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "$..id",
        "$.",
        "$[",
        "$[]",
        "$[1",
        "$['a",
        "$[?(@.a>1)]",
        "$[(@.length-1)]",
        "$[1:2:2]",
        "$['a',1]",
        "$[a]",
        "$id",
    ],
)
def test_path_outside_the_subset_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(ValidationException, match=r"allowed are \$, \.name"):
        parse(text)


def test_path_longer_than_63_characters_is_refused() -> None:
    with pytest.raises(ValidationException, match="has 64 characters; at most 63 are allowed"):
        parse("$." + "a" * 62)


@pytest.mark.parametrize("text", ["$.id", "$['a']", "$['a','b']", "$[0][1]", "$[*].x"])
def test_path_with_keys_or_depth_is_refused_for_rows(text: str) -> None:
    with pytest.raises(ValidationException, match="cannot be applied to text/csv: a row is an array"):
        parse(text).check_rows("DataProcessing.OutputFilter")


def test_index_behind_the_last_field_fails_the_record() -> None:
    with pytest.raises(JobFailed, match=r"'\$\[0,4\]' asks for index 4, but the record has 4 fields"):
        parse("$[0,4]").indexes(4)


def test_negative_index_before_the_first_field_fails_the_record() -> None:
    with pytest.raises(JobFailed, match="asks for index -5, but the record has 4 fields"):
        parse("$[-5]").indexes(4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$.nobody", r"asks for the key 'nobody', which is not among \['deep', 'features', 'id', 'list'\]"),
        ("$['id','nobody']", "asks for the key 'nobody'"),
        ("$.id.x", "asks for the key 'x', but the value there is a text"),
        ("$.deep[0]", "asks for an index, but the value there is an object"),
        ("$.features[3]", "asks for index 3, but the record has 3 fields"),
        ("$.features[0].*", "asks for all members, but the value there is a number"),
    ],
)
def test_path_to_what_a_record_has_not_fails_the_record(text: str, message: str) -> None:
    with pytest.raises(JobFailed, match=message):
        parse(text).select(RECORD)
