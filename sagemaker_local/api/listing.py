"""What all List operations do alike: filter, sort, and cut into pages."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sagemaker_local.api.wire import moment
from sagemaker_local.errors import ValidationException

Item = TypeVar("Item")
Request = Mapping[str, Any]
Filter = Callable[[Item, Any], bool]

ASCENDING = "Ascending"
DESCENDING = "Descending"

# What AWS states for some of the List operations and does for the others of jobs and models.
PAGE_SIZE = 10
# The operations of pipelines state no default; the SDK reads the first page only, so give it all that a page may hold.
PIPELINES_PAGE_SIZE = 100


def after(time: Callable[[Item], datetime]) -> Filter[Item]:
    """Filter for members such as CreatedAfter."""
    return lambda item, value: time(item) >= moment(value)


def before(time: Callable[[Item], datetime]) -> Filter[Item]:
    """Filter for members such as CreatedBefore."""
    return lambda item, value: time(item) <= moment(value)


def contains(text: Callable[[Item], str]) -> Filter[Item]:
    """Filter for NameContains."""
    return lambda item, value: value in text(item)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """How one List operation filters, sorts and shows its items."""

    member: str
    """The response member that holds the list."""
    summary: Callable[[Item], Mapping[str, Any]]
    identity: Callable[[Item], str | int]
    """What no two items share, and what decides between equal sort keys."""
    sort_keys: Mapping[str, Callable[[Item], Any]]
    """Values of SortBy to keys: texts, numbers, datetimes."""
    filters: Mapping[str, Filter[Item]] = field(default_factory=dict)
    """Request members to filters; a member that the request leaves out filters nothing."""
    sort_by: str = "CreationTime"
    sort_order: str = ASCENDING
    page_size: int = PAGE_SIZE

    def answer(self, items: Iterable[Item], request: Request) -> dict[str, Any]:
        """Give the page that the request asks for.

        A page begins behind the last item of the page before, wherever that is now: items that come and go in between
        make no other item appear twice or not at all.

        Raises:
            ValidationException: NextToken is not one that this operation gave for this request.
        """
        query = _fingerprint(request)
        descending = request.get("SortOrder", self.sort_order) == DESCENDING
        sort_key = self.sort_keys[request.get("SortBy", self.sort_by)]
        keyed = [([_plain(sort_key(item)), self.identity(item)], item) for item in self._kept(items, request)]
        keyed.sort(key=lambda pair: pair[0], reverse=descending)
        if token := request.get("NextToken"):
            last = _read_token(token, query)
            keyed = [pair for pair in keyed if _is_behind(pair[0], last, descending)]
        page = keyed[: request.get("MaxResults", self.page_size)]
        more = len(keyed) > len(page)
        return {
            self.member: [self.summary(item) for _, item in page],
            "NextToken": _token(page[-1][0], query) if more else None,
        }

    def _kept(self, items: Iterable[Item], request: Request) -> list[Item]:
        active = [(keep, request[member]) for member, keep in self.filters.items() if member in request]
        return [item for item in items if all(keep(item, value) for keep, value in active)]


def _is_behind(key: list[Any], last: list[Any], descending: bool) -> bool:
    return key < last if descending else key > last


def _plain(key: Any) -> Any:
    return key.timestamp() if isinstance(key, datetime) else key


def _fingerprint(request: Request) -> str:
    """A token belongs to its query; the page size may change on the way."""
    query = {member: value for member, value in request.items() if member not in {"NextToken", "MaxResults"}}
    return hashlib.sha256(json.dumps(query, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _token(key: list[Any], query: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([query, key]).encode()).decode()


def _read_token(token: str, query: str) -> list[Any]:
    try:
        asked, key = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        asked, key = None, None
    if asked != query or not isinstance(key, list):
        raise ValidationException(
            f"NextToken '{token}' is not valid for this request. Send a token as it was returned, "
            "with the same members as the request that returned it, or start again without a token."
        )
    return key
