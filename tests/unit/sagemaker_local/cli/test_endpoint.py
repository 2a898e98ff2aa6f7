"""What a client of a running endpoint gets as its environment."""

from __future__ import annotations

from pathlib import Path

from sagemaker_local.cli.endpoint import RunningEndpoint

_ENDPOINT = RunningEndpoint("http://127.0.0.1:4599", "eu-west-1", "000000000000", Path("/root-folder"), 1)


def test_environment_leads_to_this_endpoint_only() -> None:
    environment = _ENDPOINT.environment()

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4599"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_every_way_to_a_real_account_is_removed() -> None:
    leading = {
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_USE_FIPS_ENDPOINT", "AWS_CA_BUNDLE",
    }  # fmt: skip
    environ = {**dict.fromkeys(leading, "x"), "AWS_PAGER": "less", "PATH": "/bin", "AWS_REGION": "us-east-1"}

    assert set(_ENDPOINT.removed_names(environ)) == leading
