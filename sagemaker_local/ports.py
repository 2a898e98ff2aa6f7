"""What jobs, pipelines and queries need of the other AWS services, without saying who answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One S3 object as a listing shows it; `size` in bytes."""

    key: str
    size: int
    etag: str
    modified: datetime


class ObjectStore(Protocol):
    """S3, for code in the endpoint's own process; thread-safe."""

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket exists."""

    def list(self, bucket: str, prefix: str = "") -> list[ObjectInfo]:
        """All current objects whose key starts with `prefix`, in UTF-8 order of the key.

        Raises:
            NoSuchBucket: by name.
        """

    def read(self, bucket: str, key: str) -> bytes:
        """The whole body.

        Raises:
            NoSuchBucket, NoSuchKey: by name.
        """

    def local_path(self, bucket: str, key: str) -> Path:
        """The plain file that holds the body: open, link or copy it; never write to it.

        Replacing an object replaces the file (rename), so an open or linked body stays whole.

        Raises:
            NoSuchBucket, NoSuchKey: by name.
        """

    def put(self, bucket: str, key: str, body: bytes, content_type: str | None = None) -> None:
        """Store `body`; it is durable when this returns."""

    def put_file(self, bucket: str, key: str, path: Path, content_type: str | None = None) -> None:
        """Store the file's content without holding it in memory; durable when this returns."""

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects; a missing one is no error."""


class LogWriter(Protocol):
    """CloudWatch Logs, for writing; thread-safe."""

    def write(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
        """Append (epoch milliseconds, text) lines; group and stream are made when missing."""


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """What a synchronous Lambda invocation gave back."""

    payload: Any
    error: str | None = None
    """Set when the function failed: errorType and errorMessage."""


class Functions(Protocol):
    """AWS Lambda, for invoking; thread-safe."""

    def exists(self, function_arn: str) -> bool:
        """Whether the function is deployed."""

    def invoke(self, function_arn: str, payload: Mapping[str, Any]) -> FunctionResult:
        """Invoke synchronously (RequestResponse) and wait for the end."""


class Credentials(Protocol):
    """STS, for the roles that jobs run with; thread-safe."""

    def environment(self, role_arn: str, session_name: str) -> Mapping[str, str]:
        """Environment variables for a job: the role's own keys, region, endpoint; nothing of the user's."""
