"""AWS Lambda for code in the endpoint's own process."""
# ruff: noqa: SLF001 - MiniStack has no public way into its functions

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sagemaker_local.errors import ResourceNotFound, ValidationException
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.loop import Loop
from sagemaker_local.ports import FunctionResult

_EXPECTED = "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]"


class LocalFunctions:
    """The Functions of this endpoint."""

    def __init__(self, ministack: Ministack, loop: Loop) -> None:
        self._functions = ministack.functions
        self._responses = ministack.responses
        self._loop = loop

    def exists(self, function_arn: str) -> bool:
        """Whether the function is deployed."""
        region, account, name, _ = _parts(function_arn)
        return self._functions._functions._data.get((account, region, name)) is not None

    def invoke(self, function_arn: str, payload: Mapping[str, Any]) -> FunctionResult:
        """Invoke synchronously (RequestResponse) and wait for the end.

        Raises:
            ResourceNotFound: no such function.
            ValidationException: not the ARN of a function.
        """
        region, account, name, qualifier = _parts(function_arn)
        if not self.exists(function_arn):
            raise ResourceNotFound(
                f"The Lambda function '{function_arn}' does not exist. Deploy it before the pipeline starts."
            )

        async def request() -> tuple[int, dict[str, str], Any]:
            with self._responses.request_scope(account, region):
                answer: tuple[int, dict[str, str], Any] = await self._functions.handle_request(
                    "POST",
                    f"/2015-03-31/functions/{name}/invocations",
                    {"x-amz-invocation-type": "RequestResponse"},
                    json.dumps(dict(payload)).encode(),
                    {"Qualifier": [qualifier]} if qualifier else {},
                )
                return answer

        status, headers, body = self._loop.run(request)
        answer = json.loads(body) if body else None
        if status >= 300 or "X-Amz-Function-Error" in headers:
            return FunctionResult(payload=answer, error=_error(answer))
        return FunctionResult(payload=answer)


def _parts(function_arn: str) -> tuple[str, str, str, str]:
    parts = function_arn.split(":")
    if len(parts) not in {7, 8} or parts[2] != "lambda" or parts[5] != "function":
        raise ValidationException(
            f"'{function_arn}' is not the ARN of a Lambda function; it must look like {_EXPECTED}."
        )
    return parts[3], parts[4], parts[6], parts[7] if len(parts) == 8 else ""


def _error(answer: Any) -> str:
    if not isinstance(answer, dict):
        return str(answer)
    kind = answer.get("errorType") or answer.get("__type") or "Error"
    return f"{kind}: {answer.get('errorMessage') or answer.get('message') or answer.get('Message') or answer}"
