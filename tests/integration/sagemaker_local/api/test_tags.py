from __future__ import annotations

import pytest

from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane
from tests.fakes.records import a_pipeline

ARN = a_pipeline().arn


@pytest.fixture
def with_pipeline(plane: ControlPlane) -> ControlPlane:
    plane.store.pipelines.add(a_pipeline())
    return plane


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_tags_that_are_added_replace_values_and_are_all_returned(with_pipeline: ControlPlane) -> None:
    with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag("a", "1"), tag("b", "2")])

    answer = with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag("a", "3")])

    assert answer["Tags"] == [tag("a", "3"), tag("b", "2")]
    assert with_pipeline.call("ListTags", ResourceArn=ARN) == answer


def test_tags_are_deleted_by_key(with_pipeline: ControlPlane) -> None:
    with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag("a"), tag("b")])

    assert with_pipeline.call("DeleteTags", ResourceArn=ARN, TagKeys=["a", "never"]) == {}

    assert with_pipeline.call("ListTags", ResourceArn=ARN)["Tags"] == [tag("b")]


def test_tag_key_given_twice_is_refused(with_pipeline: ControlPlane) -> None:
    with pytest.raises(Refused, match="ValidationException: Tag key 'a' is given twice"):
        with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag("a", "1"), tag("a", "2")])


def test_tags_beyond_fifty_are_refused(with_pipeline: ControlPlane) -> None:
    with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag(str(number)) for number in range(50)])

    with pytest.raises(Refused, match=r"ResourceLimitExceeded: .* would have 51 tags"):
        with_pipeline.call("AddTags", ResourceArn=ARN, Tags=[tag("one more")])

    assert len(with_pipeline.call("ListTags", ResourceArn=ARN)["Tags"]) == 50


def test_tags_of_a_resource_that_is_not_there_are_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match=f"ValidationException: Resource '{ARN}' does not exist"):
        plane.call("ListTags", ResourceArn=ARN)
    with pytest.raises(Refused, match="does not exist"):
        plane.call("AddTags", ResourceArn=ARN, Tags=[tag("a")])
    with pytest.raises(Refused, match="does not exist"):
        plane.call("DeleteTags", ResourceArn=ARN, TagKeys=["a"])
