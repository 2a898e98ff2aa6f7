"""CreateModel, DescribeModel, ListModels, DeleteModel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import DESCENDING, Listing, after, before, contains
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.descriptions import describe_model
from sagemaker_local.engine.registry import Registry
from sagemaker_local.records.model import Model
from sagemaker_local.store.store import Store

_LISTING: Listing[Model] = Listing(
    member="Models",
    summary=lambda model: {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created},
    identity=lambda model: model.name,
    sort_keys={"CreationTime": lambda model: model.created, "Name": lambda model: model.name},
    filters={
        "CreationTimeAfter": after(lambda model: model.created),
        "CreationTimeBefore": before(lambda model: model.created),
        "NameContains": contains(lambda model: model.name),
    },
    sort_order=DESCENDING,
)


def operations(store: Store, registry: Registry) -> Mapping[str, Handler]:
    """Handlers for models."""
    models = _Models(store, registry)
    return {
        "CreateModel": models.create,
        "DescribeModel": models.describe,
        "ListModels": models.list,
        "DeleteModel": models.delete,
    }


class _Models:
    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = as_mapping(request.get("Tags", []))
        with self._store.transaction():
            model = self._registry.create_model({name: value for name, value in request.items() if name != "Tags"})
            self._store.tags.add(model.arn, tags)
        return {"ModelArn": model.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return describe_model(self._store.models.get(request["ModelName"]))

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return _LISTING.answer(self._store.models.all(), request)

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._registry.delete_model(request["ModelName"])
        return {}
