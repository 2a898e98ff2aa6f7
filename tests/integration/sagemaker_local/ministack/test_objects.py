"""The ObjectStore port over MiniStack: what code in the endpoint writes, a client sees at once, and the other way."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sagemaker_local.errors import NoSuchBucket, NoSuchKey
from tests.integration.sagemaker_local.conftest import Served

_REPOSITORY = Path(__file__).parents[4]


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_put_is_visible_to_a_client_at_once(served: Served, bucket: str) -> None:
    content = b"1,2\n"

    served.aws.objects.put(bucket, "folder/data.csv", content)

    answer = served.client("s3").get_object(Bucket=bucket, Key="folder/data.csv")

    assert answer["Body"].read() == content
    assert answer["ContentType"] == "text/csv"
    assert answer["ETag"].strip('"') == _md5(content)


def test_put_file_stores_a_copy_with_its_md5(served: Served, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content := os.urandom(3_000_000))

    served.aws.objects.put_file(bucket, "model.tar.gz", source, "application/gzip")
    source.write_bytes(b"changed afterwards")

    answer = served.client("s3").get_object(Bucket=bucket, Key="model.tar.gz")
    assert answer["Body"].read() == content
    assert answer["ETag"].strip('"') == _md5(content)
    assert answer["ContentType"] == "application/gzip"


def test_put_file_of_a_missing_file_leaves_nothing(served: Served, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        served.aws.objects.put_file(bucket, "object", tmp_path / "missing")

    assert served.aws.objects.list(bucket) == []
    assert list((served.settings.root / "s3-staging").iterdir()) == []


def test_put_into_a_versioned_bucket_makes_versions(served: Served, bucket: str, tmp_path: Path) -> None:
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    (tmp_path / "new").write_bytes(b"new")

    served.aws.objects.put(bucket, "object", b"old")
    served.aws.objects.put_file(bucket, "object", tmp_path / "new")

    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    bodies = [
        s3.get_object(Bucket=bucket, Key="object", VersionId=version["VersionId"])["Body"].read()
        for version in versions
    ]
    assert bodies == [b"new", b"old"]


def test_list_gives_keys_in_order_with_size_and_time(served: Served, bucket: str) -> None:
    before = datetime.now(UTC)
    s3 = served.client("s3")
    for key in ("b/2", "a", "b/1", "b", "ö"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    found = served.aws.objects.list(bucket, "b")

    assert [(info.key, info.size) for info in found] == [("b", 1), ("b/1", 3), ("b/2", 3)]
    assert all(abs((info.modified - before).total_seconds()) < 10 for info in found)
    assert found[0].etag == _md5(b"b")


def test_read_gives_what_a_client_put(served: Served, bucket: str) -> None:
    served.client("s3").put_object(Bucket=bucket, Key="x.meta.json", Body=b"awkward name")

    assert served.aws.objects.read(bucket, "x.meta.json") == b"awkward name"
    assert served.aws.objects.local_path(bucket, "x.meta.json").read_bytes() == b"awkward name"


def test_open_body_stays_whole_when_it_is_replaced(served: Served, bucket: str) -> None:
    served.aws.objects.put(bucket, "object", b"old")

    with served.aws.objects.local_path(bucket, "object").open("rb") as body:
        served.aws.objects.put(bucket, "object", b"new")
        assert body.read() == b"old"

    assert served.aws.objects.read(bucket, "object") == b"new"


def test_delete_removes_objects_and_ignores_missing_ones(served: Served, bucket: str) -> None:
    for key in ("a", "b"):
        served.aws.objects.put(bucket, key, b"")

    served.aws.objects.delete(bucket, ["a", "missing"])

    assert [info.key for info in served.aws.objects.list(bucket)] == ["b"]
    assert "Contents" not in served.client("s3").list_objects_v2(Bucket=bucket, Prefix="a")


def test_missing_bucket_and_object_are_named(served: Served, bucket: str) -> None:
    with pytest.raises(NoSuchBucket, match="'nowhere'"):
        served.aws.objects.list("nowhere")
    with pytest.raises(NoSuchBucket, match="'nowhere'"):
        served.aws.objects.put("nowhere", "key", b"")
    with pytest.raises(NoSuchKey, match=f"s3://{bucket}/missing"):
        served.aws.objects.read(bucket, "missing")
    assert served.aws.objects.has_bucket(bucket)
    assert not served.aws.objects.has_bucket("nowhere")


def test_put_notifies_a_queue_as_a_put_of_a_client_does(served: Served, bucket: str) -> None:
    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName=f"{bucket}-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Id": "all"}]}
    served.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
    )

    served.aws.objects.put(bucket, "arrived", b"12345")

    keys: list[str] = []
    deadline = time.monotonic() + 5
    while "arrived" not in keys and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            keys += [record["s3"]["object"]["key"] for record in json.loads(message["Body"]).get("Records", [])]
    assert keys == ["arrived"]


_MEASURE = """
import resource, sys
from pathlib import Path
from sagemaker_local.ministack.service import LocalAws
from sagemaker_local.settings import Settings
root, large = Path(sys.argv[1]), Path(sys.argv[2])
objects = LocalAws.start(Settings(root=root)).objects
objects._s3._buckets._data["000000000000", "bucket"] = {"objects": {}, "created": "", "region": "us-west-2"}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
objects.put_file("bucket", "large", large)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(objects.list("bucket")[0].size, after - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is Linux's")
def test_put_file_of_200_mb_needs_little_memory(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(200 << 20)

    ended = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path / "root"), str(large)],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    size, grown_kib = map(int, ended.stdout.split())
    assert size == 200 << 20
    assert grown_kib < 20 << 10
