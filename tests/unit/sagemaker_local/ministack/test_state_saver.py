"""Which requests are changes that must be saved."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.ministack.state_saver import is_change


def _is_change(service: str, method: str = "POST", path: str = "/", **given: Any) -> bool:
    headers = {"x-amz-target": given["target"]} if "target" in given else {}
    return is_change(service, method, path, headers, given.get("body", b""), given.get("query", {}))


@pytest.mark.parametrize(
    "target", ["Logs_20140328.CreateLogGroup", "DynamoDB_20120810.PutItem", "AmazonSSM.PutParameter"]
)
def test_writing_operation_is_a_change(target: str) -> None:
    assert _is_change("any", target=target)


@pytest.mark.parametrize(
    "target", ["Logs_20140328.DescribeLogGroups", "Logs_20140328.PutLogEvents", "AmazonSSM.GetParameter"]
)
def test_reading_operation_is_none(target: str) -> None:
    assert not _is_change("any", target=target)


def test_action_of_a_form_decides() -> None:
    assert _is_change("iam", body=b"Action=CreateRole&RoleName=r")
    assert _is_change("sns", body=b"Version=1&Action=Subscribe")
    assert not _is_change("iam", body=b"Action=GetRole&RoleName=r")
    assert not _is_change("sts", query={"Action": ["GetCallerIdentity"]})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/bucket", True),
        ("DELETE", "/bucket/", True),
        ("PUT", "/bucket/key", False),
        ("POST", "/bucket/key", False),
        ("GET", "/bucket", False),
    ],
)
def test_s3_requests_change_state_for_whole_buckets_only(method: str, path: str, expected: bool) -> None:
    assert _is_change("s3", method, path) is expected


def test_lambda_is_changed_by_deploying_but_not_by_invoking() -> None:
    assert _is_change("lambda", "POST", "/2015-03-31/functions")
    assert _is_change("lambda", "PUT", "/2015-03-31/functions/f/code")
    assert not _is_change("lambda", "POST", "/2015-03-31/functions/f/invocations")
    assert not _is_change("lambda", "GET", "/2015-03-31/functions/f")
