"""The SDK's sessions: one for building, which cannot reach AWS, and one for deploying."""

from __future__ import annotations

from typing import Any, NoReturn

import boto3

from pipelines.errors import ImpureBuild
from pipelines.sdk import PipelineSession, SessionSettings

_NO_TELEMETRY = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}
"""Not empty on purpose: an empty one makes the SDK read the machine's configuration files."""


class _FixedBucket:
    """Names the bucket without asking AWS; the SDK's own method lists buckets, and makes one that is missing."""

    _default_bucket_name_override: str

    def default_bucket(self) -> str:
        return self._default_bucket_name_override


class OfflineSession(_FixedBucket, PipelineSession):  # type: ignore[misc]  # the SDK publishes no types
    """A pipeline session whose every request to AWS is refused before it leaves the process."""

    def __init__(self, *, region: str, bucket: str, prefix: str) -> None:
        boto_session = boto3.Session(
            region_name=region,
            aws_access_key_id="offline",
            aws_secret_access_key="offline",  # noqa: S106  # opens nothing
        )
        boto_session.events.register("before-send", _refuse_request)
        super().__init__(
            boto_session=boto_session,
            default_bucket=bucket,
            default_bucket_prefix=prefix,
            settings=SessionSettings(),  # the SDK's default is one object for all sessions, and it writes into it
            sagemaker_config=_NO_TELEMETRY,
        )

    def upload_data(self, path: str, *_args: Any, **_more: Any) -> NoReturn:
        """Refuse: code goes through `pipelines.code`, which names it by its content."""
        raise ImpureBuild(f"The SDK wanted to upload {path!r} while building; give it an S3 address instead.")

    def upload_string_as_file_body(self, body: str, bucket: str, key: str, *_args: Any, **_more: Any) -> NoReturn:
        """Refuse: code goes through `pipelines.code`, which names it by its content."""
        raise ImpureBuild(
            f"The SDK wanted to upload {len(body)} characters to 's3://{bucket}/{key}' while building; "
            "give it an S3 address instead."
        )


class OnlineSession(_FixedBucket, PipelineSession):  # type: ignore[misc]  # the SDK publishes no types
    """A session that deploys through the caller's boto3 session: its endpoint, its credentials."""

    def __init__(self, boto_session: boto3.Session, *, bucket: str, prefix: str) -> None:
        super().__init__(
            boto_session=boto_session,
            default_bucket=bucket,
            default_bucket_prefix=prefix,
            settings=SessionSettings(),
            sagemaker_config=_NO_TELEMETRY,
        )


def _refuse_request(request: Any, **_more: Any) -> NoReturn:
    raise ImpureBuild(f"The SDK wanted to call {request.url!r} while building; a definition is built without AWS.")
