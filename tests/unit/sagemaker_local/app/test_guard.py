"""Who is served, and who is not."""

from __future__ import annotations

import pytest

from sagemaker_local.app.guard import refusal

_LOCAL = {b"host": b"127.0.0.1:4599"}


@pytest.mark.parametrize(
    "host", [b"127.0.0.1:4599", b"localhost", b"LOCALHOST:80", b"[::1]:4599", b"my-bucket.localhost:4599"]
)
def test_request_for_this_machine_is_served(host: bytes) -> None:
    assert refusal("/bucket/key", {b"host": host}) is None


@pytest.mark.parametrize(
    "host",
    [b"", b"evil.org", b"127.0.0.1.evil.org", b"localhost.evil.org:4599", b"127.0.0.1:4599@evil.org", b"0.0.0.0"],
)
def test_request_for_another_host_is_refused(host: bytes) -> None:
    refused = refusal("/", {b"host": host})

    assert refused is not None
    assert refused[0] == 403
    assert f"'{host.decode()}'" in refused[1]


@pytest.mark.parametrize(
    "header",
    [
        (b"origin", b"https://evil.org"),
        (b"origin", b"null"),
        (b"origin", b"http://127.0.0.1:4599"),
        (b"sec-fetch-site", b"cross-site"),
        (b"sec-fetch-site", b"same-origin"),
    ],
)
def test_request_of_a_web_page_is_refused(header: tuple[bytes, bytes]) -> None:
    refused = refusal("/bucket/key", {**_LOCAL, header[0]: header[1]})

    assert refused is not None
    assert refused[0] == 403


def test_link_that_a_person_opens_in_a_browser_is_served() -> None:
    assert refusal("/bucket/key", {**_LOCAL, b"sec-fetch-site": b"none"}) is None


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "//_ministack/reset",
        "/_ministack",
        "/_ministack/config",
        "/_ministack/rds/iam-auth",
        "/_localstack/init",
        "/_aws/ses",
        "/_ministack/health/../reset",
    ],
)
def test_control_of_ministack_is_refused(path: str) -> None:
    refused = refusal(path, _LOCAL)

    assert refused is not None
    assert refused[0] == 404


@pytest.mark.parametrize(
    "path", ["/_ministack/health", "/_localstack/health", "/_ministack/cfn-response/1", "/_ministack/lambda-code/f"]
)
def test_control_that_services_need_is_served(path: str) -> None:
    assert refusal(path, _LOCAL) is None
