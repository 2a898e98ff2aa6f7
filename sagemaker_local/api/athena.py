"""Athena's operations on queries and their results."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from sagemaker_local.api import athena_catalogs, athena_statements, athena_work_groups
from sagemaker_local.api.dispatch import Handler
from sagemaker_local.athena.queries import Queries, QueryRequest
from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.records.query import Query, QueryState, ResultColumn
from sagemaker_local.records.work_group import PRIMARY

_LIST_PAGE_SIZE = 50
_RESULT_PAGE_SIZE = 1000


def athena_operations(queries: Queries) -> Mapping[str, Handler]:
    """Handlers for queries, results, work groups, prepared statements and the catalog as Athena shows it."""
    handlers = _Athena(queries)
    return {
        "StartQueryExecution": handlers.start,
        "GetQueryExecution": handlers.get,
        "BatchGetQueryExecution": handlers.get_all,
        "ListQueryExecutions": handlers.list,
        "GetQueryResults": handlers.results,
        "GetQueryRuntimeStatistics": handlers.runtime_statistics,
        "StopQueryExecution": handlers.stop,
        **athena_work_groups.operations(queries.work_groups),
        **athena_statements.operations(queries.work_groups, queries.prepared, queries.named),
        **athena_catalogs.operations(queries.catalog),
    }


class _Athena:
    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        context = request.get("QueryExecutionContext") or {}
        athena_catalogs.check_catalog(context.get("Catalog") or athena_catalogs.NAME)
        result = request.get("ResultConfiguration") or {}
        _refuse_options(request, result, self._queries.place.account_id)
        query = self._queries.start(
            QueryRequest(
                sql=request["QueryString"],
                output_location=result.get("OutputLocation"),
                database=context.get("Database"),
                catalog=context.get("Catalog"),
                parameters=request.get("ExecutionParameters") or (),
                work_group=request.get("WorkGroup") or PRIMARY,
                token=request.get("ClientRequestToken"),
            )
        )
        return {"QueryExecutionId": query.query_id}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"QueryExecution": _shown(self._queries.get(request["QueryExecutionId"]))}

    def get_all(self, request: dict[str, Any]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        for query_id in request["QueryExecutionIds"]:
            try:
                found.append(_shown(self._queries.get(query_id)))
            except InvalidRequestException as error:
                missing.append(
                    {"QueryExecutionId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        limit = request.get("MaxResults", _LIST_PAGE_SIZE)
        before = _read_token(request.get("NextToken"), "before")
        found = self._queries.list(request.get("WorkGroup") or PRIMARY, before=before, limit=limit + 1)
        more = len(found) > limit
        page = found[:limit]
        token = _token(before=page[-1][0]) if more else None
        return {"QueryExecutionIds": [query_id for _, query_id in page], "NextToken": token}

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        self._queries.stop(request["QueryExecutionId"])
        return {}

    def results(self, request: dict[str, Any]) -> dict[str, Any]:
        query = self._queries.get(request["QueryExecutionId"])
        is_manifest = request.get("QueryResultType") == "DATA_MANIFEST"
        offset = _read_token(request.get("NextToken"), "offset") or 0
        read = self._queries.manifest if is_manifest else self._queries.results
        page = read(query, offset, request.get("MaxResults", _RESULT_PAGE_SIZE))
        rows = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in page.rows]
        metadata = {"ColumnInfo": [_column_info(column) for column in query.columns]}
        return {
            "UpdateCount": query.update_count or 0,
            "ResultSet": {"Rows": rows, "ResultSetMetadata": metadata},
            "NextToken": _token(offset=page.next_offset) if page.next_offset is not None else None,
        }

    def runtime_statistics(self, request: dict[str, Any]) -> dict[str, Any]:
        query = self._queries.get(request["QueryExecutionId"])
        if not query.state.is_final:
            raise InvalidRequestException(f"Query has not yet finished. Current state: {query.state}")
        statistics = query.statistics
        return {
            "QueryRuntimeStatistics": {
                "Timeline": {
                    "QueryQueueTimeInMillis": statistics.queue_milliseconds,
                    "QueryPlanningTimeInMillis": statistics.planning_milliseconds,
                    "EngineExecutionTimeInMillis": statistics.engine_milliseconds,
                    "TotalExecutionTimeInMillis": statistics.total_milliseconds,
                },
                "Rows": {"InputBytes": statistics.scanned_bytes, "OutputRows": statistics.output_rows},
            }
        }


def _refuse_options(request: Mapping[str, Any], result: Mapping[str, Any], account_id: str) -> None:
    if request.get("EngineConfiguration"):
        raise InvalidRequestException("EngineConfiguration is not supported by the local endpoint; leave it out.")
    if result.get("AclConfiguration"):
        raise InvalidRequestException("AclConfiguration is not supported by the local endpoint; leave it out.")
    option = (result.get("EncryptionConfiguration") or {}).get("EncryptionOption", "SSE_S3")
    if option != "SSE_S3":
        raise InvalidRequestException(f"EncryptionOption {option} is not supported by the local endpoint; use SSE_S3.")
    owner = result.get("ExpectedBucketOwner", account_id)
    if owner != account_id:
        raise InvalidRequestException(f"The output bucket belongs to account {account_id}, not to {owner}.")


def _shown(query: Query) -> dict[str, Any]:
    statistics = query.statistics
    return {
        "QueryExecutionId": query.query_id,
        "Query": query.sql,
        "StatementType": query.statement_type,
        "SubstatementType": query.substatement_type,
        "ResultConfiguration": {"OutputLocation": query.output_location},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Database": query.database, "Catalog": query.catalog},
        "Status": _status(query),
        "Statistics": {
            "EngineExecutionTimeInMillis": statistics.engine_milliseconds,
            "DataManifestLocation": query.manifest_location,
            "DataScannedInBytes": statistics.scanned_bytes,
            "TotalExecutionTimeInMillis": statistics.total_milliseconds,
            "QueryQueueTimeInMillis": statistics.queue_milliseconds,
            "QueryPlanningTimeInMillis": statistics.planning_milliseconds,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": query.work_group,
        "EngineVersion": athena_work_groups.ENGINE,
        "ExecutionParameters": list(query.parameters) or None,
    }


def _status(query: Query) -> dict[str, Any]:
    failure = query.failure
    return {
        "State": query.state,
        "StateChangeReason": query.reason,
        "SubmissionDateTime": query.submitted,
        "CompletionDateTime": query.completed,
        "AthenaError": {
            "ErrorCategory": failure.category,
            "ErrorType": failure.type,
            "Retryable": failure.category == 1,
            "ErrorMessage": failure.message,
        }
        if failure is not None and query.state is QueryState.FAILED
        else None,
    }


def _column_info(column: ResultColumn) -> dict[str, Any]:
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": column.type,
        "Precision": column.precision,
        "Scale": column.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": column.is_case_sensitive,
    }


def _token(**position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _read_token(token: str | None, member: str) -> int | None:
    if token is None:
        return None
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))[member])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidRequestException(
            f"NextToken '{token}' is not valid; send it as the page before had it."
        ) from error
