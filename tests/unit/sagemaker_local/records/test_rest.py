"""Addresses of the Feature Store runtime, as botocore's model writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagemaker_local.records.rest import document, find_operation

RUNTIME = "sagemaker-featurestore-runtime"
ARN = "arn:aws:sagemaker:us-west-2:000000000000:feature-group/customers"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("PUT", "/FeatureGroup/customers", "", ("PutRecord", {"FeatureGroupName": "customers"})),
        ("POST", "/BatchWriteRecord", "", ("BatchWriteRecord", {})),
        ("POST", "/BatchGetRecord", "", ("BatchGetRecord", {})),
        ("POST", "/FeatureGroup/customers/ListRecords", "", ("ListRecords", {"FeatureGroupName": "customers"})),
        ("POST", "/FeatureGroup/customers/Record", "", ("UpdateRecord", {"FeatureGroupName": "customers"})),
        (
            "GET",
            "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aus-west-2%3A000000000000%3Afeature-group%2Fcustomers",
            "RecordIdentifierValueAsString=a%26b&FeatureName=x&FeatureName=y",
            (
                "GetRecord",
                {"FeatureGroupName": ARN, "RecordIdentifierValueAsString": "a&b", "FeatureNames": ["x", "y"]},
            ),
        ),
        (
            "DELETE",
            "/FeatureGroup/customers",
            "RecordIdentifierValueAsString=&EventTime=1.5&TargetStores=OnlineStore&DeletionMode=HardDelete",
            (
                "DeleteRecord",
                {
                    "FeatureGroupName": "customers",
                    "RecordIdentifierValueAsString": "",
                    "EventTime": "1.5",
                    "TargetStores": ["OnlineStore"],
                    "DeletionMode": "HardDelete",
                },
            ),
        ),
    ],
)
def test_address_names_its_operation_and_members(
    method: str, path: str, query: str, expected: tuple[str, dict[str, Any]]
) -> None:
    assert find_operation(RUNTIME, method, path, query) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/endpoints/live/invocations"),
        ("PATCH", "/FeatureGroup/customers"),
        ("PUT", "/FeatureGroup/"),
        ("PUT", "/FeatureGroup/a/b"),
        ("PUT", "/x/FeatureGroup/a"),
    ],
)
def test_other_addresses_name_none(method: str, path: str) -> None:
    assert find_operation(RUNTIME, method, path, "") is None


def test_members_of_the_address_join_those_of_the_body() -> None:
    merged = document(b'{"Record": [], "FeatureGroupName": "other"}', {"FeatureGroupName": "customers"})

    assert json.loads(merged) == {"Record": [], "FeatureGroupName": "customers"}


def test_address_alone_makes_a_document() -> None:
    assert json.loads(document(b"", {"FeatureGroupName": "customers"})) == {"FeatureGroupName": "customers"}


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_body_that_is_no_json_object_stays_for_the_api_to_refuse(body: bytes) -> None:
    assert document(body, {"FeatureGroupName": "customers"}) == body
