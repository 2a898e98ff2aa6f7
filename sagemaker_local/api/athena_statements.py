"""Athena's operations on prepared statements and named queries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.prepared import check_preparable
from sagemaker_local.errors import InvalidRequestException, ResourceNotFoundException
from sagemaker_local.records.work_group import PRIMARY, NamedQuery, PreparedStatement
from sagemaker_local.store.work_groups import NamedQueryStore, PreparedStatementStore, WorkGroupStore

_PAGE_SIZE = 50


def operations(
    groups: WorkGroupStore, prepared: PreparedStatementStore, named: NamedQueryStore
) -> Mapping[str, Handler]:
    """Handlers for prepared statements and named queries."""
    statements, queries = _Statements(groups, prepared), _NamedQueries(groups, named)
    return {
        "CreatePreparedStatement": statements.create,
        "GetPreparedStatement": statements.get,
        "BatchGetPreparedStatement": statements.get_all,
        "ListPreparedStatements": statements.list,
        "UpdatePreparedStatement": statements.update,
        "DeletePreparedStatement": statements.delete,
        "CreateNamedQuery": queries.create,
        "GetNamedQuery": queries.get,
        "BatchGetNamedQuery": queries.get_all,
        "ListNamedQueries": queries.list,
        "UpdateNamedQuery": queries.update,
        "DeleteNamedQuery": queries.delete,
    }


class _Statements:
    def __init__(self, groups: WorkGroupStore, statements: PreparedStatementStore) -> None:
        self._groups, self._statements = groups, statements
        self._listing: Listing[PreparedStatement] = Listing(
            member="PreparedStatements",
            summary=lambda statement: {"StatementName": statement.name, "LastModifiedTime": statement.modified},
            identity=lambda statement: statement.name,
            sort_keys={"Name": lambda statement: statement.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        self._groups.get(request["WorkGroup"])
        self._statements.add(_statement(request))
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "PreparedStatement": _shown(self._statements.get(request["WorkGroup"], request["StatementName"].lower()))
        }

    def get_all(self, request: dict[str, Any]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        for name in request["PreparedStatementNames"]:
            try:
                found.append(_shown(self._statements.get(request["WorkGroup"], name.lower())))
            except ResourceNotFoundException as error:
                missing.append(
                    {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": error.message}
                )
        return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        self._groups.get(request["WorkGroup"])
        return self._listing.answer(self._statements.all(request["WorkGroup"]), request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        before = self._statements.get(request["WorkGroup"], request["StatementName"].lower())
        after = _statement(request)
        self._statements.put(replace(after, description=after.description or before.description))
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._statements.delete(request["WorkGroup"], request["StatementName"].lower())
        return {}


class _NamedQueries:
    def __init__(self, groups: WorkGroupStore, queries: NamedQueryStore) -> None:
        self._groups, self._queries = groups, queries

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request.get("WorkGroup") or PRIMARY)
        kept = self._queries.add(
            NamedQuery(
                query_id=str(uuid.uuid4()),
                name=request["Name"],
                work_group=group.name,
                database=request["Database"],
                sql=request["QueryString"],
                description=request.get("Description"),
                token=request.get("ClientRequestToken"),
            )
        )
        return {"NamedQueryId": kept.query_id}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"NamedQuery": _shown_query(self._queries.get(request["NamedQueryId"]))}

    def get_all(self, request: dict[str, Any]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        for query_id in request["NamedQueryIds"]:
            try:
                found.append(_shown_query(self._queries.get(query_id)))
            except InvalidRequestException as error:
                missing.append({"NamedQueryId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message})
        return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request.get("WorkGroup") or PRIMARY)
        listing: Listing[NamedQuery] = Listing(
            member="NamedQueries",
            summary=lambda query: {"Id": query.query_id},
            identity=lambda query: query.query_id,
            sort_keys={"Name": lambda query: query.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )
        answer = listing.answer(self._queries.all(group.name), request)
        ids = [item["Id"] for item in answer.pop("NamedQueries")]
        return {**answer, "NamedQueryIds": ids or None}

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        before = self._queries.get(request["NamedQueryId"])
        description = request.get("Description", before.description)
        self._queries.update(replace(before, name=request["Name"], sql=request["QueryString"], description=description))
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._queries.delete(request["NamedQueryId"])
        return {}


def _statement(request: Mapping[str, Any]) -> PreparedStatement:
    try:
        check_preparable(request["QueryStatement"])
    except QueryError as error:
        raise InvalidRequestException(str(error).partition(": ")[2]) from error
    return PreparedStatement(
        name=request["StatementName"].lower(),
        work_group=request["WorkGroup"],
        sql=request["QueryStatement"],
        description=request.get("Description"),
        modified=datetime.now(UTC),
    )


def _shown(statement: PreparedStatement) -> dict[str, Any]:
    return {
        "StatementName": statement.name,
        "QueryStatement": statement.sql,
        "WorkGroupName": statement.work_group,
        "Description": statement.description,
        "LastModifiedTime": statement.modified,
    }


def _shown_query(query: NamedQuery) -> dict[str, Any]:
    return {
        "NamedQueryId": query.query_id,
        "Name": query.name,
        "Description": query.description,
        "Database": query.database,
        "QueryString": query.sql,
        "WorkGroup": query.work_group,
    }
