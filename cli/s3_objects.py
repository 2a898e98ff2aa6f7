"""Objects in S3 by their address: where they lie, what is in them, and whether they are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.context import Context

_GONE = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_FORBIDDEN = frozenset({"403", "AccessDenied", "Forbidden"})


def split(address: str) -> tuple[str, str]:
    """`s3://bucket/a/file.json` is ("bucket", "a/file.json"); a key may hold whatever a key may: `?` and `#`, too."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def read(context: Context, address: str) -> bytes:
    """The content of one object."""
    bucket, key = split(address)
    body: bytes = context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def read_if_any(context: Context, address: str) -> bytes | None:
    """The content of one object; None when it is gone, or when the caller may not read it."""
    client = context.client("s3")
    try:
        return read(context, address)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _GONE | _FORBIDDEN:
            return None
        raise


def is_there(context: Context, address: str) -> bool | None:
    """Whether there is such an object; None when the caller may not look."""
    bucket, key = split(address)
    client = context.client("s3")
    try:
        client.head_object(Bucket=bucket, Key=key)
    except client.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            return False
        if code in _FORBIDDEN:
            return None
        raise
    return True


def below(client: Any, address: str) -> Iterator[tuple[str, int]]:
    """Each key that begins with the address's, with its size in bytes; page by page, as they are asked for."""
    bucket, prefix = split(address)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield entry["Key"], entry["Size"]
