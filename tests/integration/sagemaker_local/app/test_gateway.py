"""The gateway over HTTP: what is answered, by whom, and what is refused."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagemaker_local.app.control import HEALTH_PATH, SHUTDOWN_PATH
from tests.integration.sagemaker_local.conftest import Served


def _ask(served: Served, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", served.settings.port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, names, response.read().decode()
    finally:
        connection.close()


def test_health_says_who_this_is(served: Served) -> None:
    status, _, body = _ask(served, "GET", HEALTH_PATH)

    found = json.loads(body)
    assert status == 200
    assert found["pid"] == os.getpid()
    assert found["root"] == str(served.settings.root)
    assert (found["region"], found["account"]) == ("eu-west-1", "000000000000")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sagemaker", "list_pipelines", {"MaxResults": 5}),
        ("athena", "list_work_groups", {"MaxResults": 5}),
        ("glue", "get_databases", {"MaxResults": 5}),
    ],
)
def test_own_service_is_answered_by_the_api(
    served: Served, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    heard: list[tuple[str, str, Any]] = []
    client = served.client(service)
    client.meta.events.register("before-parse", lambda response_dict, **_: heard.append(_heard(response_dict)))

    answer = getattr(client, operation)(**arguments)

    assert heard == [(service, "".join(map(str.capitalize, operation.split("_"))), arguments)]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert answer["ResponseMetadata"]["RequestId"]


def _heard(response: dict[str, Any]) -> tuple[str, str, Any]:
    echoed = json.loads(response["body"])
    return echoed["service"], echoed["operation"], echoed["body"]


def test_failing_handler_is_an_internal_failure(served: Served) -> None:
    status, _, body = _ask(served, "POST", "/", X_Amz_Target="SageMaker.Explode")

    assert status == 500
    assert json.loads(body)["__type"] == "InternalFailure"


def test_too_large_request_is_refused(served: Served) -> None:
    status, _, body = _ask(served, "POST", "/", X_Amz_Target="SageMaker.CreatePipeline", Content_Length=str(17 << 20))

    assert status == 413
    assert "Put large data into S3" in body


def test_endpoint_invocation_is_refused_by_name(served: Served) -> None:
    with pytest.raises(ClientError, match=r"UnknownOperationException.*Real-time endpoints exist on AWS only"):
        served.client("sagemaker-runtime").invoke_endpoint(EndpointName="live", Body=b"1,2")


def test_page_of_another_origin_is_refused(served: Served) -> None:
    status, headers, body = _ask(served, "PUT", "/stolen", Origin="https://example.org")

    assert status == 403
    assert "does not serve web pages" in body
    assert not any(name.startswith("access-control-") for name in headers)


def test_preflight_of_a_browser_is_refused(served: Served) -> None:
    status, headers, _ = _ask(
        served, "OPTIONS", "/", Origin="https://example.org", Access_Control_Request_Method="POST"
    )

    assert status == 403
    assert not any(name.startswith("access-control-") for name in headers)


def test_request_through_a_foreign_host_name_is_refused(served: Served) -> None:
    status, _, body = _ask(served, "GET", "/", Host=f"rebound.example.org:{served.settings.port}")

    assert status == 403
    assert "does not serve the host 'rebound.example.org" in body


def test_no_answer_invites_a_browser(served: Served) -> None:
    status, headers, _ = _ask(served, "GET", "/?Action=ListTopics")

    assert status < 500
    assert not any(name.startswith("access-control-") for name in headers)


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "//_ministack/reset", "/%5Fministack/reset", "/_ministack/config"]
)
def test_controls_of_ministack_are_not_served(served: Served, bucket: str, path: str) -> None:
    status, _, body = _ask(served, "POST", path)

    assert status == 404
    assert "python -m sagemaker_local reset" in body
    assert served.aws.objects.has_bucket(bucket)


def test_signals_of_cloudformation_resources_are_served(served: Served) -> None:
    status, _, _ = _ask(served, "PUT", "/_ministack/cfn-response/unknown")

    assert status != 403
    assert "not served" not in _ask(served, "PUT", "/_ministack/cfn-response/unknown")[2]


@pytest.mark.parametrize("token", [None, "guessed"])
def test_shutdown_without_the_token_is_refused(served: Served, token: str | None) -> None:
    headers = {} if token is None else {"x_sagemaker_local_token": token}

    status, _, body = _ask(served, "POST", SHUTDOWN_PATH, **headers)

    assert status == 403
    assert "sagemaker_local down" in body
    assert _ask(served, "GET", HEALTH_PATH)[0] == 200


def test_token_is_readable_by_its_user_only(served: Served) -> None:
    assert (served.settings.root / "endpoint.token").stat().st_mode & 0o777 == 0o600
