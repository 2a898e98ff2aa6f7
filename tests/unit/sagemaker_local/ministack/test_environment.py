"""What the endpoint and its Lambda workers see of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.ministack.environment import is_of_the_user, of_a_lambda_worker, settings_of_ministack
from sagemaker_local.settings import PROCESS_MARK, Settings


@pytest.mark.parametrize(
    "name", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "AUTH", "LAMBDA_EXECUTOR", "DOCKER_HOST"]
)
def test_account_of_the_user_and_settings_for_another_ministack_are_taken_out(name: str) -> None:
    assert is_of_the_user(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "PYTHONPATH", "SAGEMAKER_LOCAL_ROOT", "AWSOME"])
def test_other_variables_stay(name: str) -> None:
    assert not is_of_the_user(name)


def test_ministack_listens_nowhere_itself_and_starts_no_containers() -> None:
    found = settings_of_ministack(Settings(root=Path("/somewhere"), port=1234, region="eu-west-1"))

    assert found["GATEWAY_PORT"] == "1234"
    assert found["MINISTACK_REGION"] == "eu-west-1"
    assert found["DOCKER_HOST"] == "unix:///nonexistent"
    assert (found["IOT_MTLS_ENABLED"], found["SFTP_ENABLED"]) == ("0", "0")
    assert found["TMPDIR"] == "/somewhere/tmp"
    assert all(is_of_the_user(name) for name in found)


def test_worker_keeps_what_it_was_given_and_loses_what_it_inherited() -> None:
    own = {
        "PATH": "/bin",
        "TMPDIR": "/state/tmp",
        "SECRET": "of the user",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "STATE_DIR": "/state",
    }
    given = {**own, "AWS_ENDPOINT_URL": "http://127.0.0.1:4599", "COLOUR": "green"}

    found = of_a_lambda_worker(given, own)

    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4599"
    assert (found["PATH"], found["COLOUR"]) == ("/bin", "green")
    assert found["AWS_CONFIG_FILE"] == "/dev/null"
    assert found[PROCESS_MARK] == "/state/tmp"
    assert found.keys().isdisjoint({"SECRET", "STATE_DIR"})
