"""S3 in memory, for the calls that a publish and an evaluation make."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fakes.glue import error


class FakeS3:
    """Objects by bucket and key; listings come in pages of two."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.puts_allowed: int | None = None
        """After so many, a put is refused."""
        self.buckets_gone: set[str] = set()

    def put_object(self, *, Bucket: str, Key: str, Body: IO[bytes]) -> None:  # noqa: N803  # boto3's own spelling
        if self.puts_allowed is not None:
            if self.puts_allowed == 0:
                raise error("AccessDenied", "PutObject")
            self.puts_allowed -= 1
        self.objects[Bucket, Key] = Body.read()

    def download_file(self, bucket: str, key: str, path: str) -> None:

        if bucket in self.buckets_gone:
            raise error("NoSuchBucket", "HeadObject")
        if (bucket, key) not in self.objects:
            raise error("404", "HeadObject")
        Path(path).write_bytes(self.objects[bucket, key])

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  # boto3's own spelling
        self.objects.pop((Bucket, Key), None)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803  # boto3's own spelling
        if Bucket in self.buckets_gone:
            raise error("NoSuchBucket", "ListObjectsV2")
        found = [
            {"Key": key, "Size": len(body)}
            for (bucket, key), body in sorted(self.objects.items())
            if bucket == Bucket and key.startswith(Prefix)
        ]
        for start in range(0, len(found), 2):
            yield {"Contents": found[start : start + 2]}

    def read_table(self, uri: str) -> pa.Table:
        """The rows below a location, as Athena would read them."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        bodies = [
            body for (name, key), body in sorted(self.objects.items()) if name == bucket and key.startswith(prefix)
        ]
        return pa.concat_tables([pq.read_table(io.BytesIO(body)) for body in bodies])
