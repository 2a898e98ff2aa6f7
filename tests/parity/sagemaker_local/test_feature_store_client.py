"""What boto3 sends for Feature Store, and what it makes of our answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from sagemaker_local.app.routes import route
from sagemaker_local.records import rest, shapes
from tests.fakes.feature_store import NAME, RUNTIME, FeaturePlane, record
from tests.fakes.in_process_aws import client_of
from tests.fakes.records import PLACE

ARN = PLACE.arn(f"feature-group/{NAME}")
RECORD = record("a/b c&d=é", calls="1")
FEATURES = [{"FeatureName": "calls", "ValueAsString": "2"}]
ID = {"FeatureGroupName": ARN, "RecordIdentifierValueAsString": "a/b c&d=é"}
CALLS: dict[str, dict[str, Any]] = {
    "PutRecord": {"FeatureGroupName": ARN, "Record": RECORD, "TargetStores": ["OnlineStore", "OfflineStore"]},
    "GetRecord": {**ID, "FeatureNames": ["id", "calls"], "ExpirationTimeResponse": "Enabled"},
    "DeleteRecord": {**ID, "EventTime": "2026-02-01T00:00:00.000Z", "TargetStores": ["OnlineStore", "OfflineStore"]},
    "UpdateRecord": {**ID, "Features": FEATURES},
    "ListRecords": {"FeatureGroupName": NAME, "MaxResults": 5, "IncludeSoftDeletedRecords": True},
    "BatchWriteRecord": {"Entries": [{"FeatureGroupName": NAME, "Record": RECORD}]},
    "BatchGetRecord": {"Identifiers": [{"FeatureGroupName": ARN, "RecordIdentifiersValueAsString": ["a"]}]},
}


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[FeaturePlane]:
    built = FeaturePlane(tmp_path)
    built.create(OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "Standard_V2"})
    yield built
    built.close()


class Wire:
    """A real client whose requests are read as the gateway reads them."""

    def __init__(self, plane: FeaturePlane) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self._plane = plane
        session = boto3.session.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="us-west-2")
        once = Config(retries={"total_max_attempts": 1})
        self.client = session.client(RUNTIME, endpoint_url="http://127.0.0.1:9", config=once)
        self.client.meta.events.register(f"before-send.{RUNTIME}", self._send)

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        address = urlsplit(request.url)
        authorization = request.headers["Authorization"]
        signed = authorization if isinstance(authorization, bytes) else authorization.encode()
        path, query = address.path.encode(), address.query.encode()
        found = route(address.path, {b"authorization": signed}, request.method, path, query)
        assert found is not None
        assert found.service == RUNTIME
        body = rest.document(request.body or b"", found.members)
        self.seen.append((found.operation, body))
        status, answer = self._plane.api.handle(RUNTIME, found.operation, body)
        response = AWSResponse(request.url, status, {"Content-Type": "application/json"}, None)
        response._content = answer
        return response


def method(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def test_every_operation_of_the_runtime_is_tried_here() -> None:
    assert set(CALLS) == set(shapes.operations(RUNTIME))


@pytest.mark.parametrize("operation", CALLS)
def test_request_of_boto3_arrives_as_it_was_meant(plane: FeaturePlane, operation: str) -> None:
    plane.run("PutRecord", FeatureGroupName=NAME, Record=RECORD)
    wire = Wire(plane)

    answer = getattr(wire.client, method(operation))(**CALLS[operation])

    ((seen, body),) = wire.seen
    assert seen == operation
    assert json.loads(body) == CALLS[operation]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_missing_group_is_the_error_class_of_the_client(plane: FeaturePlane) -> None:
    client = Wire(plane).client

    with pytest.raises(client.exceptions.ResourceNotFound, match="FeatureGroup with name 'none' does not") as caught:
        client.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="a")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_bad_record_is_the_error_class_of_the_client(plane: FeaturePlane) -> None:
    client = Wire(plane).client

    with pytest.raises(client.exceptions.ValidationError, match="The record has no value for 'id'"):
        client.put_record(FeatureGroupName=NAME, Record=RECORD[1:])


def test_value_that_is_too_long_for_its_shape_is_a_validation_error(plane: FeaturePlane) -> None:
    client = Wire(plane).client

    with pytest.raises(client.exceptions.ValidationError, match="1 validation error detected"):
        client.put_record(FeatureGroupName=NAME, Record=record(plan="x" * 358_401))


def test_absent_record_has_no_record_key(plane: FeaturePlane) -> None:
    answer = Wire(plane).client.get_record(FeatureGroupName=NAME, RecordIdentifierValueAsString="none")

    assert answer.keys() == {"ResponseMetadata"}


def test_times_of_a_group_arrive_with_a_zone(plane: FeaturePlane) -> None:
    described = client_of(plane.api).describe_feature_group(FeatureGroupName=NAME)

    assert described["CreationTime"].tzinfo is not None
    assert described["FeatureGroupStatus"] == "Created"
