"""The Credentials port: a job is its role, and nobody else."""

from __future__ import annotations

import boto3
import pytest

from sagemaker_local.errors import ValidationException
from tests.integration.sagemaker_local.conftest import Served

_ROLE = "arn:aws:iam::000000000000:role/service-role/never-created"


def test_environment_has_the_role_session_and_this_endpoint(served: Served) -> None:
    environment = served.aws.credentials.environment(_ROLE, "train-1")

    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        environment["AWS_SESSION_TOKEN"],
        environment["AWS_REGION"],
    )
    identity = session.client("sts", endpoint_url=environment["AWS_ENDPOINT_URL"]).get_caller_identity()
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert identity["Arn"] == "arn:aws:sts::000000000000:assumed-role/never-created/train-1"
    assert identity["Account"] == "000000000000"


def test_environment_leads_to_no_file_and_no_metadata_service(served: Served) -> None:
    environment = served.aws.credentials.environment(_ROLE, "train-1")

    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_each_session_has_keys_of_its_own(served: Served) -> None:
    keys = {served.aws.credentials.environment(_ROLE, "train-1")["AWS_ACCESS_KEY_ID"] for _ in range(3)}

    assert len(keys) == 3


def test_role_name_without_arn_is_refused(served: Served) -> None:
    with pytest.raises(ValidationException, match="'my-role' is not the ARN of an IAM role"):
        served.aws.credentials.environment("my-role", "train-1")


def test_role_that_nobody_made_can_be_assumed(served: Served) -> None:
    assumed = served.client("sts").assume_role(RoleArn=_ROLE, RoleSessionName="someone")

    assert assumed["AssumedRoleUser"]["Arn"].endswith("assumed-role/never-created/someone")
