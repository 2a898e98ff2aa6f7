"""AddTags, ListTags, DeleteTags; and tags of requests as mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing
from sagemaker_local.errors import ValidationException
from sagemaker_local.store.store import Store

_LISTING: Listing[tuple[int, dict[str, str]]] = Listing(
    member="Tags",
    summary=lambda item: item[1],
    identity=lambda item: item[0],
    sort_keys={"Position": lambda item: item[0]},
    sort_by="Position",
    page_size=50,
)


def operations(store: Store) -> Mapping[str, Handler]:
    """Handlers for the tags of every SageMaker resource."""
    tags = _Tags(store)
    return {"AddTags": tags.add, "ListTags": tags.list, "DeleteTags": tags.delete}


def as_mapping(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """`[{"Key": "a", "Value": "b"}]` as `{"a": "b"}`.

    Raises:
        ValidationException: a key is there twice.
    """
    mapping: dict[str, str] = {}
    for tag in tags:
        if tag["Key"] in mapping:
            raise ValidationException(f"Tag key '{tag['Key']}' is given twice; give each key once.")
        mapping[tag["Key"]] = tag["Value"]
    return mapping


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`{"a": "b"}` as `[{"Key": "a", "Value": "b"}]`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class _Tags:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, request: Mapping[str, Any]) -> dict[str, Any]:
        arn = request["ResourceArn"]
        with self._store.transaction():
            self._check(arn)
            if ":model-package/" in arn:
                raise ValidationException(
                    f"'{arn}' is a version of a model package group, which takes no tags: tag the group, "
                    "or use CustomerMetadataProperties."
                )
            self._store.tags.add(arn, as_mapping(request["Tags"]))
        return {"Tags": as_list(self._store.tags.of(arn))}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check(request["ResourceArn"])
        tags = as_list(self._store.tags.of(request["ResourceArn"]))
        return _LISTING.answer(enumerate(tags), request)

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check(request["ResourceArn"])
        self._store.tags.remove(request["ResourceArn"], request["TagKeys"])
        return {}

    def _check(self, arn: str) -> None:
        if not self._store.has_arn(arn):
            raise ValidationException(
                f"Resource '{arn}' does not exist. Give the ARN that a Create or Describe operation returned."
            )
