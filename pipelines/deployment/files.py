"""Files that a definition refers to, uploaded once: their addresses change when their content does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipelines.config import PipelineConfig
from pipelines.deployment.refusals import code_of
from pipelines.errors import NoSuchBucket

_MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})


@dataclass(frozen=True, slots=True)
class Uploads:
    """How many files were uploaded, and how many were there already."""

    new: int
    present: int


def require_bucket(storage: Any, config: PipelineConfig) -> None:
    """Make sure that the bucket exists.

    Raises:
        NoSuchBucket: with the command that makes one.
    """
    try:
        storage.head_bucket(Bucket=config.bucket)
    except ClientError as error:
        if code_of(error) not in _MISSING:
            raise
        raise NoSuchBucket(
            f"The bucket {config.bucket!r} does not exist; the key `bucket` must name one of yours in {config.region}. "
            f"Make it with `aws s3 mb s3://{config.bucket} --region {config.region}`, or name another one."
        ) from error


def upload_missing(storage: Any, artifacts: Mapping[str, bytes]) -> Uploads:
    """Upload the files that are not there yet.

    Args:
        storage: an S3 client.
        artifacts: S3 address -> content; an address belongs to one content for ever.
    """
    new = 0
    for address, body in artifacts.items():
        bucket, _, key = address.removeprefix("s3://").partition("/")
        if not _is_there(storage, bucket, key):
            storage.put_object(Bucket=bucket, Key=key, Body=body)
            new += 1
    return Uploads(new=new, present=len(artifacts) - new)


def _is_there(storage: Any, bucket: str, key: str) -> bool:
    try:
        storage.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) not in _MISSING:
            raise
        return False
    return True
