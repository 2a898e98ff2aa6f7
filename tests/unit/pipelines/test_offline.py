"""The quiet world for the SDK leaves no trace in the process."""

import logging
import os

import boto3
import pytest

from pipelines.offline import offline, online


def test_offline_hides_the_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")

    with offline("eu-west-1"):
        seen = dict(os.environ)

    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"} & seen.keys()
    assert (seen["AWS_DEFAULT_REGION"], seen["SAGEMAKER_VALIDATE_ROLE"]) == ("eu-west-1", "false")


def test_offline_puts_environment_session_and_loggers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    environment, handlers = dict(os.environ), list(logging.getLogger().handlers)

    with offline("eu-west-1"):
        boto3.setup_default_session()

    assert dict(os.environ) == environment
    assert boto3.DEFAULT_SESSION is None
    assert logging.getLogger().handlers == handlers


def test_offline_puts_everything_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    environment = dict(os.environ)

    with pytest.raises(RuntimeError, match="in the middle"), offline("eu-west-1"):
        raise RuntimeError("in the middle")

    assert dict(os.environ) == environment


def test_online_keeps_the_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")

    with online():
        seen = dict(os.environ)

    assert (seen["AWS_PROFILE"], seen["SAGEMAKER_VALIDATE_ROLE"]) == ("production", "false")
    assert "SAGEMAKER_VALIDATE_ROLE" not in os.environ
