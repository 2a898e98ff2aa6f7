from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cli import s3_objects
from cli.context import Context
from tests.fakes.model_registry import BUCKET, FakeObjects
from tests.unit.cli.fakes import context_with

ADDRESS = f"s3://{BUCKET}/a/file.json"


def context(body: bytes | None = b"{}", refusal: str | None = None) -> Context:
    s3 = FakeObjects()
    if body is not None:
        s3.objects["a/file.json"] = body
    if refusal is not None:
        s3.refused["a/file.json"] = refusal
    found, _ = context_with(s3=s3)
    return found


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://bucket/a/file.json", ("bucket", "a/file.json")),
        ("s3://bucket/what?/#1/ü.csv", ("bucket", "what?/#1/ü.csv")),
        ("s3://bucket/folder/", ("bucket", "folder/")),
        ("s3://bucket", ("bucket", "")),
    ],
)
def test_address_is_a_bucket_and_a_key(address: str, place: tuple[str, str]) -> None:
    assert s3_objects.split(address) == place


def test_object_that_is_there_is_read() -> None:
    assert s3_objects.read(context(), ADDRESS) == b"{}"
    assert s3_objects.read_if_any(context(), ADDRESS) == b"{}"
    assert s3_objects.is_there(context(), ADDRESS) is True


def test_object_that_is_gone_is_none() -> None:
    assert s3_objects.read_if_any(context(body=None), ADDRESS) is None
    assert s3_objects.is_there(context(body=None), ADDRESS) is False


@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_who_may_not_look_knows_nothing(code: str) -> None:
    assert s3_objects.read_if_any(context(refusal=code), ADDRESS) is None
    assert s3_objects.is_there(context(refusal=code), ADDRESS) is None


def test_other_errors_are_told() -> None:
    with pytest.raises(ClientError, match="SlowDown"):
        s3_objects.read_if_any(context(refusal="SlowDown"), ADDRESS)
    with pytest.raises(ClientError, match="SlowDown"):
        s3_objects.is_there(context(refusal="SlowDown"), ADDRESS)
