"""S3 and Lambda of one account, as much as a deployment needs of them."""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


def client_error(code: str, message: str, operation: str) -> ClientError:
    """Make the error that boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class FakeStorage:
    """An S3 client over a dictionary: bucket -> key -> body."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    refuses: ClientError | None = None

    def head_bucket(self, *, Bucket: str) -> None:  # noqa: N803  # boto3's spelling
        if self.refuses is not None:
            raise self.refuses
        if Bucket not in self.buckets:
            raise client_error("404", "Not Found", "HeadBucket")

    def head_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  # boto3's spelling
        if Key not in self.buckets[Bucket]:
            raise client_error("404", "Not Found", "HeadObject")

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803  # boto3's spelling
        self.buckets[Bucket][Key] = Body
        self.puts.append(Key)


@dataclass
class FakeFunctions:
    """A Lambda client; a change is under way until it has been looked at once."""

    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refusals: deque[ClientError] = field(default_factory=deque)
    """Raised by the next creations, one each."""
    outcome: dict[str, str] = field(default_factory=lambda: {"State": "Active", "LastUpdateStatus": "Successful"})
    """What a change comes to."""

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  # boto3's spelling
        if FunctionName not in self.functions:
            raise client_error("ResourceNotFoundException", "Function not found", "GetFunctionConfiguration")
        seen = dict(self.functions[FunctionName])
        self.functions[FunctionName].update(self.outcome)
        return seen

    def create_function(self, *, FunctionName: str, Code: dict[str, bytes], **members: Any) -> None:  # noqa: N803
        self.calls.append("create_function")
        if self.refusals:
            raise self.refusals.popleft()
        self.functions[FunctionName] = {**members, "CodeSha256": _sha256(Code["ZipFile"]), "State": "Pending"}

    def update_function_code(self, *, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803  # boto3's spelling
        self._change(FunctionName, "update_function_code", {"CodeSha256": _sha256(ZipFile)})

    def update_function_configuration(self, *, FunctionName: str, **members: Any) -> None:  # noqa: N803
        self._change(FunctionName, "update_function_configuration", members)

    def _change(self, name: str, call: str, members: dict[str, Any]) -> None:
        function = self.functions[name]
        if function.get("LastUpdateStatus") == "InProgress":
            raise client_error("ResourceConflictException", "An update is in progress", call)
        self.calls.append(call)
        function.update(members, LastUpdateStatus="InProgress")


def _sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
