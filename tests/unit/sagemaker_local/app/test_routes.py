"""Requests go to the service that they name."""

from __future__ import annotations

import pytest

from sagemaker_local.app.routes import Route, route


def _signed(service: bytes) -> bytes:
    return b"AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/" + service + b"/aws4_request, SignedHeaders=host"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"SageMaker.CreatePipeline", Route("sagemaker", "CreatePipeline")),
        (b"AmazonAthena.StartQueryExecution", Route("athena", "StartQueryExecution")),
        (b"AWSGlue.GetTable", Route("glue", "GetTable")),
    ],
)
def test_target_of_an_own_service_is_routed_to_it(target: bytes, expected: Route) -> None:
    assert route("/", {b"x-amz-target": target}) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"x-amz-target": b"Logs_20140328.PutLogEvents"},
        {b"x-amz-target": b"SageMakerish.Something"},
        {b"authorization": _signed(b"s3")},
    ],
)
def test_request_of_another_service_is_left_to_ministack(headers: dict[bytes, bytes]) -> None:
    assert route("/bucket/sagemaker/key", headers) is None


def test_signed_path_of_an_own_service_is_answered_by_nobody() -> None:
    found = route("/endpoints/live/invocations", {b"authorization": _signed(b"sagemaker")})

    assert found == Route(None, "/endpoints/live/invocations")


def test_unknown_target_of_an_own_service_is_named() -> None:
    headers = {b"authorization": _signed(b"sagemaker"), b"x-amz-target": b"SageMakerNext.Invent"}

    assert route("/", headers) == Route(None, "Invent")


def test_signed_address_of_the_feature_store_runtime_is_routed_to_it() -> None:
    path, query = b"/FeatureGroup/customers", b"RecordIdentifierValueAsString=a"

    found = route(path.decode(), {b"authorization": _signed(b"sagemaker")}, "GET", path, query)

    members = {"FeatureGroupName": "customers", "RecordIdentifierValueAsString": "a"}
    assert found == Route("sagemaker-featurestore-runtime", "GetRecord", members)
    assert found.is_rest


def test_object_in_a_bucket_named_as_an_address_is_left_to_ministack() -> None:
    headers = {b"authorization": _signed(b"s3")}

    assert route("/FeatureGroup/customers", headers, "PUT", b"/FeatureGroup/customers") is None
