"""What all operations of the Glue Data Catalog do alike: look at the catalog id, refuse by name, collect errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.errors import EntityNotFoundException, InvalidInputException, ServiceError, UnsupportedFeature
from sagemaker_local.records.names import Place

# Members that change nothing for a catalog without Lake Formation, resource sharing and transactions.
_WITHOUT_EFFECT = frozenset({"AuditContext", "IncludeStatusDetails", "QuerySessionContext"})


def guarded(handlers: Mapping[str, tuple[Handler, frozenset[str]]], place: Place) -> Mapping[str, Handler]:
    """Wrap handlers: another account's catalog is not there, and a member that no handler reads is refused by name.

    Args:
        handlers: by operation; each with the members that it reads.
        place: whose account the catalog is.
    """
    return {name: _guard(name, handler, members, place) for name, (handler, members) in handlers.items()}


def _guard(operation: str, handler: Handler, members: frozenset[str], place: Place) -> Handler:
    def checked(request: dict[str, Any]) -> dict[str, Any]:
        catalog_id = request.get("CatalogId", place.account_id)
        if catalog_id != place.account_id:
            raise EntityNotFoundException(
                f"Catalog {catalog_id} not found. There is one catalog here, {place.account_id}; leave CatalogId out."
            )
        for member in request.keys() - members - _WITHOUT_EFFECT - {"CatalogId"}:
            raise UnsupportedFeature(f"{member} of {operation} is not supported by the local endpoint; leave it out.")
        return handler(request)

    return checked


def reads(*members: str) -> frozenset[str]:
    """The members that a handler reads."""
    return frozenset(members)


def input_name(definition: Mapping[str, Any]) -> str:
    """The Name of a DatabaseInput or TableInput, in lower case as Hive has it.

    Raises:
        InvalidInputException: it is empty.
    """
    name = str(definition["Name"]).strip().lower()
    if not name:
        raise InvalidInputException("Name is empty; give a name of at least one character.")
    return name


def without(definition: Mapping[str, Any], member: str) -> dict[str, Any]:
    """A document without one of its members and without what is null."""
    return {name: value for name, value in definition.items() if name != member and value is not None}


def error_detail(error: ServiceError) -> dict[str, str]:
    """An ErrorDetail of a batch operation."""
    return {"ErrorCode": error.code, "ErrorMessage": error.message}


def attempts(
    items: list[Any], act: Callable[[Any], object], describe: Callable[[Any], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Do something with each item of a batch and give the errors of those that failed."""
    errors: list[dict[str, Any]] = []
    for item in items:
        try:
            act(item)
        except ServiceError as error:
            errors.append({**describe(item), "ErrorDetail": error_detail(error)})
    return errors
