"""Athena's operations on work groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import Listing
from sagemaker_local.errors import InvalidRequestException, ValidationException
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.records.work_group import WorkGroup
from sagemaker_local.store.work_groups import WorkGroupStore

ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_PAGE_SIZE = 50
_KEPT = (
    "ResultConfiguration",
    "EnforceWorkGroupConfiguration",
    "PublishCloudWatchMetricsEnabled",
    "BytesScannedCutoffPerQuery",
    "RequesterPaysEnabled",
    "EngineVersion",
)
_NEW = {
    "ResultConfiguration": {},
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": True,
    "RequesterPaysEnabled": False,
}
_UPDATES = ("ResultConfigurationUpdates", "RemoveBytesScannedCutoffPerQuery", *_KEPT[1:])
_RESULT_UPDATES = ("OutputLocation", "RemoveOutputLocation", "RemoveEncryptionConfiguration", "RemoveAclConfiguration")


def operations(groups: WorkGroupStore) -> Mapping[str, Handler]:
    """Handlers for work groups."""
    handlers = _WorkGroups(groups)
    return {
        "CreateWorkGroup": handlers.create,
        "GetWorkGroup": handlers.get,
        "ListWorkGroups": handlers.list,
        "UpdateWorkGroup": handlers.update,
        "DeleteWorkGroup": handlers.delete,
    }


class _WorkGroups:
    def __init__(self, groups: WorkGroupStore) -> None:
        self._groups = groups
        self._listing: Listing[WorkGroup] = Listing(
            member="WorkGroups",
            summary=_summary,
            identity=lambda group: group.name,
            sort_keys={"Name": lambda group: group.name},
            sort_by="Name",
            page_size=_PAGE_SIZE,
        )

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("Tags"):
            raise InvalidRequestException(
                "Tags of a WorkGroup are not supported by the local endpoint; leave them out."
            )
        given = request.get("Configuration") or {}
        _refuse_others(given, _KEPT, "Configuration")
        _check_result(given.get("ResultConfiguration") or {})
        configuration = {**_NEW, **given}
        self._groups.add(
            WorkGroup(request["Name"], "ENABLED", request.get("Description") or "", configuration, datetime.now(UTC))
        )
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request["WorkGroup"])
        shown = {
            "ResultConfiguration": {},
            "PublishCloudWatchMetricsEnabled": False,
            "RequesterPaysEnabled": False,
            **group.configuration,
            "EngineVersion": ENGINE,
        }
        return {
            "WorkGroup": {
                "Name": group.name,
                "State": group.state,
                "Description": group.description,
                "CreationTime": group.created,
                "Configuration": shown,
            }
        }

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._listing.answer(self._groups.all(), request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._groups.get(request["WorkGroup"])
        configuration = _updated(group.configuration, request.get("ConfigurationUpdates") or {})
        description = request.get("Description")
        self._groups.update(
            replace(
                group,
                state=request.get("State") or group.state,
                description=group.description if description is None else description,
                configuration=configuration,
            )
        )
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        self._groups.delete(request["WorkGroup"], is_recursive=bool(request.get("RecursiveDeleteOption")))
        return {}


def _updated(before: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_others(updates, _UPDATES, "ConfigurationUpdates")
    results = updates.get("ResultConfigurationUpdates") or {}
    _refuse_others(results, _RESULT_UPDATES, "ResultConfigurationUpdates")
    _check_result(results)
    configuration = {**before, **{name: updates[name] for name in _KEPT if name in updates}}
    if updates.get("RemoveBytesScannedCutoffPerQuery"):
        configuration.pop("BytesScannedCutoffPerQuery", None)
    result = dict(configuration.get("ResultConfiguration") or {})
    if results.get("RemoveOutputLocation"):
        result.pop("OutputLocation", None)
    if "OutputLocation" in results:
        result["OutputLocation"] = results["OutputLocation"]
    return {**configuration, "ResultConfiguration": result}


def _check_result(result: Mapping[str, Any]) -> None:
    option = (result.get("EncryptionConfiguration") or {}).get("EncryptionOption", "SSE_S3")
    if option != "SSE_S3":
        raise InvalidRequestException(f"EncryptionOption {option} is not supported by the local endpoint; use SSE_S3.")
    if result.get("AclConfiguration"):
        raise InvalidRequestException("AclConfiguration is not supported by the local endpoint; leave it out.")
    if result.get("OutputLocation"):
        try:
            S3Uri.parse(result["OutputLocation"])
        except ValidationException as error:
            raise InvalidRequestException(f"outputLocation is not a valid S3 path: {error}") from error


def _refuse_others(given: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    for name, value in given.items():
        if name not in known and value not in (None, False):
            raise InvalidRequestException(f"{what}.{name} is not supported by the local endpoint; leave it out.")


def _summary(group: WorkGroup) -> dict[str, Any]:
    return {
        "Name": group.name,
        "State": group.state,
        "Description": group.description,
        "CreationTime": group.created,
        "EngineVersion": ENGINE,
    }
