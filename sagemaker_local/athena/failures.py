"""Why a query cannot run, in the words and codes of Athena's engine."""

from __future__ import annotations

from sagemaker_local.errors import LocalError
from sagemaker_local.records.query import QueryFailure

_SYSTEM, _USER = 1, 2
_RESOURCES_EXHAUSTED, _INVALID_QUERY, _ENGINE_FAULT = 0, 1100, 200


class QueryError(LocalError):
    """A query that fails: `code` is the engine's name for the reason, such as COLUMN_NOT_FOUND."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code

    @property
    def failure(self) -> QueryFailure:
        """The AthenaError of the query."""
        if self.code == "EXCEEDED_LOCAL_MEMORY_LIMIT":
            return QueryFailure(_USER, _RESOURCES_EXHAUSTED, str(self))
        if self.code == "GENERIC_INTERNAL_ERROR":
            return QueryFailure(_SYSTEM, _ENGINE_FAULT, str(self))
        return QueryFailure(_USER, _INVALID_QUERY, str(self))


class QueryCancelled(LocalError):
    """StopQueryExecution was called while the query ran."""


class ScanLimitExceeded(QueryCancelled):
    """The query would read more than its work group allows."""
