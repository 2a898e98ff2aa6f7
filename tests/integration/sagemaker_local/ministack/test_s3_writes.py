"""A write that cannot be kept is refused, and leaves what was there."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagemaker_local.errors import InternalFailure
from sagemaker_local.ministack import s3_files
from tests.integration.sagemaker_local.conftest import Served


def _fill_disk(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """From now on there is no space for files whose name ends so."""
    write = s3_files._write

    def write_if_there_is_space(path: Path, data: bytes) -> None:
        if path.name.endswith(suffix):
            path.write_bytes(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, data)

    monkeypatch.setattr(s3_files, "_write", write_if_there_is_space)


def _files(served: Served, bucket: str) -> list[str]:
    return sorted(path.name for path in (served.settings.s3_path / "000000000000" / bucket).rglob("*"))


@pytest.mark.parametrize("suffix", ["object.tmp", "object.meta.json.tmp"])
def test_put_without_space_is_refused_and_not_listed(
    served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    _fill_disk(monkeypatch, suffix)

    with pytest.raises(ClientError, match=r"InternalError.*No space left"):
        served.client("s3").put_object(Bucket=bucket, Key="object", Body=b"content")

    assert served.aws.objects.list(bucket) == []
    assert _files(served, bucket) == []


@pytest.mark.parametrize("suffix", ["object.tmp", "object.meta.json.tmp"])
def test_overwrite_without_space_keeps_the_old_object(
    served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    s3 = served.client("s3")
    s3.put_object(Bucket=bucket, Key="object", Body=b"old content")
    _fill_disk(monkeypatch, suffix)

    with pytest.raises(ClientError, match="The object is unchanged"):
        s3.put_object(Bucket=bucket, Key="object", Body=b"new")

    assert s3.get_object(Bucket=bucket, Key="object")["Body"].read() == b"old content"
    assert _files(served, bucket) == ["object", "object.meta.json"]


def test_multipart_upload_without_space_is_refused(
    served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = served.client("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="object")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="object", UploadId=upload, PartNumber=1, Body=b"content")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    _fill_disk(monkeypatch, "object.tmp")

    with pytest.raises(ClientError, match="No space left"):
        s3.complete_multipart_upload(Bucket=bucket, Key="object", UploadId=upload, MultipartUpload=parts)

    assert served.aws.objects.list(bucket) == []


def test_versioned_overwrite_without_space_keeps_the_old_version_the_latest(
    served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="object", Body=b"old")["VersionId"]
    _fill_disk(monkeypatch, "object.tmp")

    with pytest.raises(ClientError, match="The object is unchanged"):
        s3.put_object(Bucket=bucket, Key="object", Body=b"new")

    versions: list[dict[str, Any]] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(version["VersionId"], version["IsLatest"]) for version in versions] == [(old, True)]


def test_versioned_overwrite_is_refused_when_the_old_version_cannot_be_kept(
    served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="object", Body=b"old")

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(served.aws.objects._s3, "_atomic_write", no_space)

    with pytest.raises(ClientError, match="cannot keep the replaced version"):
        s3.put_object(Bucket=bucket, Key="object", Body=b"new")

    assert s3.get_object(Bucket=bucket, Key="object")["Body"].read() == b"old"


def test_put_in_process_without_space_raises(served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill_disk(monkeypatch, "object.meta.json.tmp")

    with pytest.raises(InternalFailure, match="No space left"):
        served.aws.objects.put(bucket, "object", b"content")

    assert served.aws.objects.list(bucket) == []


def test_refused_put_notifies_nobody(served: Served, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName=f"{bucket}-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Id": "all"}]}
    s3 = served.client("s3")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
    )
    with monkeypatch.context() as full:
        _fill_disk(full, "object.tmp")
        with pytest.raises(ClientError, match="No space left"):
            s3.put_object(Bucket=bucket, Key="object", Body=b"content")

    s3.put_object(Bucket=bucket, Key="stored", Body=b"content")

    keys: list[str] = []
    deadline = time.monotonic() + 5
    while "stored" not in keys and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            keys += [record["s3"]["object"]["key"] for record in json.loads(message["Body"]).get("Records", [])]
    assert keys == ["stored"]
