"""GetObject reads what was asked for, in ranges and in streams."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker_local.conftest import Served

_HUGE = 64 << 30


def _grow(served: Served, bucket: str, key: str, size: int) -> None:
    """Make an object larger than memory: a sparse file, and a record that says so."""
    path = served.aws.objects.local_path(bucket, key)
    os.truncate(path, size)
    record = served.aws.objects._s3._buckets._data["000000000000", bucket]["objects"][key]
    record["size"] = size


def test_ranged_read_of_a_huge_object_reads_only_the_range(served: Served, bucket: str) -> None:
    served.aws.objects.put(bucket, "huge", b"0123456789")
    _grow(served, bucket, "huge", _HUGE)

    answer = served.client("s3").get_object(Bucket=bucket, Key="huge", Range="bytes=2-5")

    assert answer["Body"].read() == b"2345"
    assert answer["ContentRange"] == f"bytes 2-5/{_HUGE}"


def test_whole_read_of_a_huge_object_begins_at_once_and_ends_with_the_client(served: Served, bucket: str) -> None:
    served.aws.objects.put(bucket, "huge", b"0123456789")
    _grow(served, bucket, "huge", _HUGE)
    s3 = served.client("s3")

    body = s3.get_object(Bucket=bucket, Key="huge")["Body"]
    begin = body.read(10)
    body.close()

    assert begin == b"0123456789"
    assert s3.head_object(Bucket=bucket, Key="huge")["ContentLength"] == _HUGE


@pytest.mark.parametrize("size", [0, 1, (1 << 20), (1 << 20) + 1, 3_500_000])
def test_whole_read_gives_every_byte(served: Served, bucket: str, size: int) -> None:
    content = os.urandom(size)
    s3 = served.client("s3")
    s3.put_object(Bucket=bucket, Key="object", Body=content)

    answer = s3.get_object(Bucket=bucket, Key="object")

    assert answer["Body"].read() == content
    assert answer["ContentLength"] == size


@pytest.mark.parametrize(("wanted", "expected"), [("bytes=-3", b"789"), ("bytes=4-", b"456789"), ("bytes=0-0", b"0")])
def test_ranged_read_understands_every_form(served: Served, bucket: str, wanted: str, expected: bytes) -> None:
    served.aws.objects.put(bucket, "digits", b"0123456789")

    answer = served.client("s3").get_object(Bucket=bucket, Key="digits", Range=wanted)

    assert answer["Body"].read() == expected


def test_ranged_read_beyond_the_end_is_refused(served: Served, bucket: str) -> None:
    served.aws.objects.put(bucket, "digits", b"0123456789")

    with pytest.raises(ClientError, match="InvalidRange"):
        served.client("s3").get_object(Bucket=bucket, Key="digits", Range="bytes=10-20")


def test_ranged_read_of_a_version_honours_the_range(served: Served, bucket: str) -> None:
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=bucket, Key="digits", Body=b"abc")

    answer = s3.get_object(Bucket=bucket, Key="digits", VersionId=first, Range="bytes=3-4")

    assert answer["Body"].read() == b"34"


def test_versions_of_a_bucket_keep_no_body_in_memory(served: Served, bucket: str) -> None:
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")["VersionId"]
    last = s3.put_object(Bucket=bucket, Key="digits", Body=b"abc")["VersionId"]

    versions = served.aws.objects._s3._object_versions._data["000000000000", (bucket, "digits")]

    assert [version["data"] for version in versions] == [None, None]
    assert s3.get_object(Bucket=bucket, Key="digits", VersionId=first)["Body"].read() == b"0123456789"
    assert s3.get_object(Bucket=bucket, Key="digits", VersionId=last)["Body"].read() == b"abc"


def test_read_of_a_missing_file_fails_instead_of_giving_an_empty_body(served: Served, bucket: str) -> None:
    served.aws.objects.put(bucket, "lost", b"content")
    served.aws.objects.local_path(bucket, "lost").unlink()

    with pytest.raises(ClientError, match="lost"):
        served.client("s3").get_object(Bucket=bucket, Key="lost")


def test_copy_gives_the_whole_body(served: Served, bucket: str) -> None:
    content = os.urandom(2_000_000)
    served.aws.objects.put(bucket, "from", content)

    served.client("s3").copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})

    assert served.aws.objects.read(bucket, "to") == content


def test_read_while_functions_keep_every_thread_of_the_loop_busy(served: Served, bucket: str) -> None:
    """A function that reads an object must get it, however many functions wait for theirs."""
    body = os.urandom(3 << 20)
    served.client("s3").put_object(Bucket=bucket, Key="large", Body=body)
    may_end, loop = threading.Event(), served.aws.app.__globals__["_MAIN_LOOP"]

    async def keep_busy() -> None:
        for _ in range(200):
            asyncio.get_running_loop().run_in_executor(None, may_end.wait)

    asyncio.run_coroutine_threadsafe(keep_busy(), loop).result(10)
    try:
        served.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
        found = served.client("s3").get_object(Bucket=bucket, Key="large")["Body"].read()
    finally:
        may_end.set()

    assert found == body
