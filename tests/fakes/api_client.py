"""A client of the API in the same process; its requests and responses must fit AWS's own service model."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sagemaker_local.api.dispatch import Api
from sagemaker_local.records import shapes


class Refused(Exception):
    """The answer was an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code


class ApiClient:
    """Calls operations of one service; every response must fit AWS's own service model."""

    def __init__(self, api: Api, service: str = "sagemaker") -> None:
        self._api = api
        self._service = service

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Give the response's JSON.

        Raises:
            Refused: any answer but 200.
        """
        body = json.dumps({**self._tokens(operation), **params}).encode()
        status, answer = self._api.handle(self._service, operation, body)
        document: dict[str, Any] = json.loads(answer)
        if status != 200:
            raise Refused(status, document["__type"], document["message"])
        shapes.check_response(self._service, operation, document)
        return document

    def pages(self, operation: str, member: str, **params: Any) -> list[Any]:
        """Give all items of a List operation, page after page."""
        found: list[Any] = []
        while True:
            answer = self.call(operation, **params)
            found += answer[member]
            if "NextToken" not in answer:
                return found
            params["NextToken"] = answer["NextToken"]

    def _tokens(self, operation: str) -> dict[str, str]:
        """What botocore fills in by itself."""
        members = shapes.input_shape(self._service, operation)["members"]
        return {name: str(uuid.uuid4()) for name, member in members.items() if member.get("idempotencyToken")}
