"""Lambda functions, created or brought up to date: code and configuration (the SDK updates code only)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from pipelines.built import LambdaFunction
from pipelines.deployment.refusals import code_of
from pipelines.errors import FunctionNotReady

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.25
_ROLE_ATTEMPTS = 6
"""A role that was just made is not known to Lambda for some seconds."""


class Change(StrEnum):
    """What deploying a function came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def deploy_function(client: Any, function: LambdaFunction, *, sleep: Callable[[float], None] = time.sleep) -> Change:
    """Create the function, or update what differs, and wait until it can be called.

    Args:
        client: a Lambda client.
        function: as it shall be.
        sleep: waits that many seconds.

    Raises:
        FunctionNotReady: Lambda could not activate it, or not in two minutes.
    """
    try:
        current = client.get_function_configuration(FunctionName=function.name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        _create(client, function, sleep)
        return Change.CREATED
    return _update(client, function, current, sleep)


def _create(client: Any, function: LambdaFunction, sleep: Callable[[float], None]) -> None:
    for attempt in range(_ROLE_ATTEMPTS):
        try:
            client.create_function(
                FunctionName=function.name, Code={"ZipFile": function.archive}, **_configuration(function)
            )
            break
        except ClientError as error:
            is_last = attempt + 1 == _ROLE_ATTEMPTS
            if is_last or "cannot be assumed by Lambda" not in str(error):
                raise
            sleep(2.0**attempt)
    _wait_until_ready(client, function.name, sleep)


def _update(client: Any, function: LambdaFunction, current: dict[str, Any], sleep: Callable[[float], None]) -> Change:
    change = Change.UNCHANGED
    if current.get("CodeSha256") != _sha256(function.archive):
        # An update is refused while the one before it is under way.
        _wait_until_ready(client, function.name, sleep)
        client.update_function_code(FunctionName=function.name, ZipFile=function.archive)
        change = Change.UPDATED
    wanted = _configuration(function)
    # A function without variables is described without the member.
    if any(current.get(member, {"Variables": {}}) != value for member, value in wanted.items()):
        _wait_until_ready(client, function.name, sleep)
        client.update_function_configuration(FunctionName=function.name, **wanted)
        change = Change.UPDATED
    _wait_until_ready(client, function.name, sleep)
    return change


def _configuration(function: LambdaFunction) -> dict[str, Any]:
    return {
        "Runtime": function.runtime,
        "Role": function.role_arn,
        "Handler": function.handler,
        "Description": function.description,
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mb,
        "Environment": {"Variables": dict(function.environment)},
    }


def _wait_until_ready(client: Any, name: str, sleep: Callable[[float], None]) -> None:
    for _ in range(int(_READY_SECONDS / _POLL_SECONDS)):
        found = client.get_function_configuration(FunctionName=name)
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if state == "Active" and update == "Successful":
            return
        if state == "Failed" or update == "Failed":
            reason = found.get("LastUpdateStatusReason") or found.get("StateReason") or "no reason given"
            raise FunctionNotReady(
                f"The Lambda function {name!r} is not usable: {reason}. Correct the section `functions` of the "
                "configuration and deploy again."
            )
        sleep(_POLL_SECONDS)
    raise FunctionNotReady(
        f"The Lambda function {name!r} was not ready after {_READY_SECONDS:.0f} seconds; look at it with "
        f"`aws lambda get-function --function-name {name}` and deploy again."
    )


def _sha256(archive: bytes) -> str:
    return base64.b64encode(hashlib.sha256(archive).digest()).decode()
