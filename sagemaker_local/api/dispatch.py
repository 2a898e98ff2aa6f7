"""From an operation's name and body to its response: decode, check, call, encode."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sagemaker_local.api import wire
from sagemaker_local.errors import (
    InternalFailure,
    InvalidRequestException,
    ResourceNotFound,
    SerializationException,
    ServiceError,
    UnknownOperationException,
    ValidationException,
)
from sagemaker_local.records import shapes

Handler = Callable[[dict[str, Any]], dict[str, Any]]

_FEATURE_STORE = "sagemaker-featurestore-runtime"
_LOG = logging.getLogger(__name__)


class Api:
    """Answers the operations of the services that it was given handlers for; thread-safe if they are.

    Args:
        operations: handlers by service (sagemaker, glue, athena) and operation.
        log_path: the endpoint's log, named in the answer when a handler breaks.
    """

    def __init__(self, operations: Mapping[str, Mapping[str, Handler]], log_path: Path | None = None) -> None:
        self._operations = operations
        self._log = f"'{log_path}'" if log_path else "the endpoint's log"

    def handle(self, service: str, operation: str, body: bytes) -> tuple[int, bytes]:
        """Give the HTTP status and the body of the response; never raises."""
        try:
            handler = self._handler(service, operation)
            request = wire.decode(body)
            shapes.check(service, operation, request)
            response = handler({name: value for name, value in request.items() if value is not None})
            return 200, wire.encode(response)
        except ServiceError as error:
            return _refusal(service, error)
        except Exception:  # noqa: BLE001  # the last resort: a bug of ours must not look like a broken connection
            _LOG.exception("%s.%s failed inside the endpoint", service, operation)
            return _refusal(
                service,
                InternalFailure(f"{operation} failed inside the local endpoint; {self._log} has the traceback."),
            )

    def _handler(self, service: str, operation: str) -> Handler:
        known = self._operations.get(service, {})
        if operation in known:
            return known[operation]
        if service in self._operations and operation in shapes.operations(service):
            raise UnknownOperationException(
                f"{operation} of {service} is not supported by the local endpoint; docs/fidelity.md lists what is."
            )
        raise UnknownOperationException(f"There is no operation '{operation}' of '{service}'.")


def _refusal(service: str, error: ServiceError) -> tuple[int, bytes]:
    return _status(service, error), wire.encode({"__type": _code(service, error), "message": error.message})


def _status(service: str, error: ServiceError) -> int:
    is_missing = service == _FEATURE_STORE and isinstance(error, ResourceNotFound)
    return HTTPStatus.NOT_FOUND if is_missing else error.http_status


def _code(service: str, error: ServiceError) -> str:
    # Athena has a word of its own for requests that miss a constraint.
    if service == "athena" and isinstance(error, ValidationException) and not isinstance(error, SerializationException):
        return InvalidRequestException.code
    if service == _FEATURE_STORE and isinstance(error, ValidationException):
        return "ValidationError"
    return error.code
