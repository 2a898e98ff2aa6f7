"""AWS Lambda as a table of Python callables."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sagemaker_local.ports import FunctionResult

Handler = Callable[[dict[str, Any]], Any]


class FakeFunctions:
    """A Functions port; a handler that raises is a function error, as Lambda reports it."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None) -> None:
        self.handlers: dict[str, Handler] = dict(handlers or {})
        self.payloads: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def exists(self, function_arn: str) -> bool:
        return function_arn in self.handlers

    def invoke(self, function_arn: str, payload: Mapping[str, Any]) -> FunctionResult:
        # Through JSON, as on the wire: what cannot be sent must not pass here.
        event = json.loads(json.dumps(payload))
        with self._lock:
            self.payloads.append((function_arn, event))
        try:
            result = self.handlers[function_arn](event)
        except Exception as error:  # noqa: BLE001  # whatever the handler raises is the function's error
            return FunctionResult(None, f"{type(error).__name__}: {error}")
        return FunctionResult(json.loads(json.dumps(result)))
