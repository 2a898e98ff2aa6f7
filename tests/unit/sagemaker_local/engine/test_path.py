from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.engine.path import Path, parse_path, read_path, show_path
from sagemaker_local.errors import StepFailed, ValidationException

_KEYS = st.text(st.characters(blacklist_characters="'", blacklist_categories=["Cs"]), min_size=1, max_size=8)
_PATHS = st.lists(_KEYS | st.integers(0, 20), min_size=1, max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ModelArtifacts.S3ModelArtifacts", ("ModelArtifacts", "S3ModelArtifacts")),
        ("Outputs['train'].S3Output", ("Outputs", "train", "S3Output")),
        ("Metrics['validation:auc'].Value", ("Metrics", "validation:auc", "Value")),
        ("a[0][12]", ("a", 0, 12)),
        ("$.a.b", ("a", "b")),
        ("$['a b'][\"c\"]", ("a b", "c")),
        ("binary_classification_metrics.auc.value", ("binary_classification_metrics", "auc", "value")),
    ],
)
def test_parse_path_of_any_written_form_gives_its_segments(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "$", "a[*]", "a..b", "a[?(@.x)]", "a[1:2]", "a['b", "a b", "a['b']c"])
def test_parse_path_of_more_than_members_and_indices_is_refused(text: str) -> None:
    with pytest.raises(ValidationException, match="is not a path"):
        parse_path(text)


@given(_PATHS)
def test_show_path_is_read_back_as_the_same_path(path: Path) -> None:
    assert parse_path(show_path(path)) == path


@given(_PATHS, st.integers() | st.text())
def test_read_path_finds_what_was_put_there(path: Path, value: int | str) -> None:
    document: object = value
    for segment in reversed(path):
        document = {segment: document} if isinstance(segment, str) else [None] * segment + [document]

    assert read_path(document, path) == value


def test_read_path_of_a_list_finds_an_element_by_its_natural_key() -> None:
    outputs = [{"OutputName": "train", "Uri": 1}, {"OutputName": "test", "Uri": 2}]

    assert read_path({"Outputs": outputs}, ("Outputs", "test", "Uri")) == 2


def test_read_path_of_a_missing_member_says_where_and_what_is_there() -> None:
    with pytest.raises(StepFailed, match=r"no 'metrics\.acu': 'metrics' has auc, f1\."):
        read_path({"metrics": {"auc": 1, "f1": 2}}, ("metrics", "acu"))


def test_read_path_beyond_a_list_says_its_length() -> None:
    with pytest.raises(StepFailed, match="is a list of 1 elements: train"):
        read_path({"Outputs": [{"OutputName": "train"}]}, ("Outputs", 3))


def test_read_path_into_a_number_says_its_value() -> None:
    with pytest.raises(StepFailed, match=r"'auc' is 0\.5"):
        read_path({"auc": 0.5}, ("auc", "value"))
