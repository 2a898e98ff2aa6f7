from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.api.listing import DESCENDING, Listing, after, before, contains
from sagemaker_local.errors import ValidationException

START = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    name: str
    created: datetime = START


LISTING: Listing[Thing] = Listing(
    member="Things",
    summary=lambda thing: {"Name": thing.name},
    identity=lambda thing: thing.name,
    sort_keys={"CreationTime": lambda thing: thing.created, "Name": lambda thing: thing.name},
    filters={
        "CreatedAfter": after(lambda thing: thing.created),
        "CreatedBefore": before(lambda thing: thing.created),
        "NameContains": contains(lambda thing: thing.name),
    },
)


def made(*names: str) -> list[Thing]:
    return [Thing(name, START + timedelta(hours=hour)) for hour, name in enumerate(names)]


def names(things: Sequence[Thing], **request: Any) -> list[str]:
    return [summary["Name"] for summary in LISTING.answer(things, request)["Things"]]


def all_pages(things: Sequence[Thing], **request: Any) -> list[str]:
    found: list[str] = []
    while True:
        answer = LISTING.answer(things, request)
        found += [summary["Name"] for summary in answer["Things"]]
        if answer["NextToken"] is None:
            return found
        request["NextToken"] = answer["NextToken"]


def test_listing_sorts_by_creation_time_unless_told_otherwise() -> None:
    things = made("c", "a", "b")

    assert names(things) == ["c", "a", "b"]
    assert names(things, SortOrder="Descending") == ["b", "a", "c"]
    assert names(things, SortBy="Name") == ["a", "b", "c"]


def test_listing_of_equal_keys_goes_by_identity() -> None:
    things = [Thing("b"), Thing("a")]

    assert names(things) == ["a", "b"]
    assert names(things, SortOrder="Descending") == ["b", "a"]


def test_listing_filters_by_time_and_name() -> None:
    things = made("apple", "banana", "pineapple")

    assert names(things, CreatedAfter=(START + timedelta(minutes=30)).timestamp()) == ["banana", "pineapple"]
    assert names(things, CreatedBefore="2026-01-31T00:30:00Z") == ["apple"]
    assert names(things, NameContains="apple", CreatedAfter="2026-01-31T01:30:00Z") == ["pineapple"]


def test_listing_last_page_has_no_token() -> None:
    assert LISTING.answer(made("a", "b"), {"MaxResults": 2})["NextToken"] is None


def test_listing_page_holds_ten_by_default() -> None:
    answer = LISTING.answer([Thing(str(number)) for number in range(11)], {})

    assert len(answer["Things"]) == 10
    assert answer["NextToken"]


@given(
    hours=st.lists(st.integers(0, 5), max_size=40),
    size=st.integers(1, 7),
    order=st.sampled_from(["Ascending", DESCENDING]),
)
def test_listing_pages_together_are_the_whole_list(hours: list[int], size: int, order: str) -> None:
    things = [Thing(f"{number:02d}", START + timedelta(hours=hour)) for number, hour in enumerate(hours)]

    assert all_pages(things, MaxResults=size, SortOrder=order) == names(things, MaxResults=100, SortOrder=order)


def test_listing_item_added_between_pages_repeats_none() -> None:
    first = LISTING.answer(made("a", "b", "c"), {"MaxResults": 2, "SortOrder": DESCENDING})

    rest = names(made("a", "b", "c", "new"), MaxResults=2, SortOrder=DESCENDING, NextToken=first["NextToken"])

    assert rest == ["a"]


def test_listing_page_goes_on_after_its_last_item_was_deleted() -> None:
    first = LISTING.answer(made("a", "b", "c"), {"MaxResults": 2})
    left = [thing for thing in made("a", "b", "c") if thing.name != "b"]

    assert names(left, NextToken=first["NextToken"]) == ["c"]


def test_listing_page_size_may_change_on_the_way() -> None:
    first = LISTING.answer(made("a", "b", "c"), {"MaxResults": 1})

    assert names(made("a", "b", "c"), MaxResults=50, NextToken=first["NextToken"]) == ["b", "c"]


@pytest.mark.parametrize("token", ["x", "bm90IGpzb24=", "MQ==", "WzFd", "ünicode"])
def test_listing_token_that_was_never_given_is_refused(token: str) -> None:
    with pytest.raises(ValidationException, match=f"NextToken '{token}' is not valid"):
        LISTING.answer(made("a"), {"NextToken": token})


def test_listing_token_of_another_query_is_refused() -> None:
    first = LISTING.answer(made("a", "b"), {"MaxResults": 1})

    with pytest.raises(ValidationException, match="with the same members"):
        LISTING.answer(made("a", "b"), {"SortOrder": DESCENDING, "NextToken": first["NextToken"]})
