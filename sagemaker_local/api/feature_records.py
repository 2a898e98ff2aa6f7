"""The runtime API of Feature Store: records, one by one and in batches."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.errors import ServiceError, ValidationException
from sagemaker_local.feature_store.records import Entry, FeatureRecords
from sagemaker_local.feature_store.requests import refuse_ttl

_LIST_PAGE_SIZE = 100
_GROUPS_MAX = 10
_IDENTIFIERS_MAX = 100
_MESSAGE_CHARACTERS = 2048


def operations(records: FeatureRecords) -> Mapping[str, Handler]:
    """Handlers for `sagemaker-featurestore-runtime`."""
    runtime = _Runtime(records)
    return {
        "PutRecord": runtime.put,
        "BatchWriteRecord": runtime.put_all,
        "GetRecord": runtime.get,
        "BatchGetRecord": runtime.get_all,
        "DeleteRecord": runtime.delete,
        "UpdateRecord": runtime.update,
        "ListRecords": runtime.list,
    }


class _Runtime:
    def __init__(self, records: FeatureRecords) -> None:
        self._records = records

    def put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        _refuse_ttl(request)
        self._records.put(_entry(request))
        return {}

    def put_all(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for given in (request, *request["Entries"]):
            _refuse_ttl(given)
        refusals = self._records.put_all([_entry(entry) for entry in request["Entries"]])
        errors = [
            {"Entry": entry, **_error(refusal)}
            for entry, refusal in zip(request["Entries"], refusals, strict=True)
            if refusal is not None
        ]
        return {"Errors": errors, "UnprocessedEntries": []}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        values = self._records.get(
            request["FeatureGroupName"], request["RecordIdentifierValueAsString"], request.get("FeatureNames")
        )
        # A record of which nothing is shown has no Record either: an empty list is none that the model allows.
        return {"Record": _shown(values) if values else None}

    def get_all(self, request: Mapping[str, Any]) -> dict[str, Any]:
        identifiers = request["Identifiers"]
        if len({identifier["FeatureGroupName"] for identifier in identifiers}) > _GROUPS_MAX:
            raise ValidationException(f"Identifiers name more than {_GROUPS_MAX} feature groups; ask in several calls.")
        if sum(len(asked["RecordIdentifiersValueAsString"]) for asked in identifiers) > _IDENTIFIERS_MAX:
            raise ValidationException(f"More than {_IDENTIFIERS_MAX} records are asked for; ask in several calls.")
        found: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for asked in identifiers:
            for identifier in asked["RecordIdentifiersValueAsString"]:
                place = {
                    "FeatureGroupName": asked["FeatureGroupName"],
                    "RecordIdentifierValueAsString": identifier,
                }
                try:
                    values = self._records.get(asked["FeatureGroupName"], identifier, asked.get("FeatureNames"))
                except ServiceError as error:
                    errors.append({**place, **_error(error)})
                    continue
                if values:
                    found.append({**place, "Record": _shown(values)})
        return {"Records": found, "Errors": errors, "UnprocessedIdentifiers": []}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._records.delete(
            request["FeatureGroupName"],
            request["RecordIdentifierValueAsString"],
            request["EventTime"],
            request.get("TargetStores"),
            hard=request.get("DeletionMode") == "HardDelete",
        )
        return {}

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        _refuse_ttl(request)
        self._records.update(
            request["FeatureGroupName"],
            request["RecordIdentifierValueAsString"],
            request["Features"],
            request.get("TargetStores"),
        )
        return {}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        limit = request.get("MaxResults", _LIST_PAGE_SIZE)
        found = self._records.identifiers(
            request["FeatureGroupName"],
            after=_read_token(request.get("NextToken")),
            limit=limit + 1,
            with_deleted=request.get("IncludeSoftDeletedRecords", False),
        )
        page = found[:limit]
        token = base64.urlsafe_b64encode(page[-1].encode()).decode() if len(found) > limit else None
        return {"RecordIdentifiers": page, "NextToken": token}


def _entry(request: Mapping[str, Any]) -> Entry:
    return Entry(request["FeatureGroupName"], request["Record"], request.get("TargetStores"))


def _refuse_ttl(request: Mapping[str, Any]) -> None:
    if request.get("TtlDuration") is not None:
        raise refuse_ttl()


def _shown(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def _error(error: ServiceError) -> dict[str, str]:
    code = "ValidationError" if isinstance(error, ValidationException) else error.code
    return {"ErrorCode": code, "ErrorMessage": error.message[:_MESSAGE_CHARACTERS]}


def _read_token(token: str | None) -> str:
    if token is None:
        return ""
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (ValueError, binascii.Error) as error:
        raise ValidationException(f"NextToken '{token}' is not valid; send it as ListRecords returned it.") from error
