"""Lambda functions are created or brought up to date, code and configuration."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from pipelines.built import LambdaFunction
from pipelines.deployment.functions import Change, deploy_function
from pipelines.errors import FunctionNotReady
from tests.fakes.aws import FakeFunctions, client_error

FUNCTION = LambdaFunction(
    name="find",
    handler="find.handler",
    role_arn="arn:aws:iam::123456789012:role/x",
    archive=b"zip",
    description="Finds",
    timeout_seconds=360,
    memory_mb=256,
)
UNKNOWN_ROLE = "The role defined for the function cannot be assumed by Lambda."


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client() -> FakeFunctions:
    return FakeFunctions()


def test_deploy_function_missing_creates_it_and_waits_until_active(client: FakeFunctions, slept: list[float]) -> None:
    change = deploy_function(client, FUNCTION, sleep=slept.append)

    assert change is Change.CREATED
    assert client.functions["find"]["State"] == "Active"
    assert client.functions["find"]["Timeout"] == 360
    assert len(slept) == 1


def test_deploy_function_again_calls_nothing_that_changes(client: FakeFunctions, slept: list[float]) -> None:
    deploy_function(client, FUNCTION, sleep=slept.append)

    change = deploy_function(client, FUNCTION, sleep=slept.append)

    assert change is Change.UNCHANGED
    assert client.calls == ["create_function"]


def test_deploy_function_new_code_updates_code_only(client: FakeFunctions, slept: list[float]) -> None:
    deploy_function(client, FUNCTION, sleep=slept.append)

    change = deploy_function(client, replace(FUNCTION, archive=b"other"), sleep=slept.append)

    assert change is Change.UPDATED
    assert client.calls == ["create_function", "update_function_code"]


@pytest.mark.parametrize(
    "changed",
    [
        {"timeout_seconds": 500},
        {"memory_mb": 512},
        {"handler": "other.handler"},
        {"role_arn": "arn:aws:iam::123456789012:role/y"},
        {"runtime": "python3.13"},
        {"description": "Finds more"},
    ],
)
def test_deploy_function_new_configuration_updates_it(
    client: FakeFunctions, slept: list[float], changed: dict[str, object]
) -> None:
    """The SDK's own helper never updates the configuration, and nobody notices."""
    deploy_function(client, FUNCTION, sleep=slept.append)

    change = deploy_function(client, replace(FUNCTION, **changed), sleep=slept.append)  # type: ignore[arg-type]  # any member

    assert change is Change.UPDATED
    assert client.calls == ["create_function", "update_function_configuration"]


def test_deploy_function_code_and_configuration_waits_between_both_updates(
    client: FakeFunctions, slept: list[float]
) -> None:
    deploy_function(client, FUNCTION, sleep=slept.append)

    deploy_function(client, replace(FUNCTION, archive=b"other", memory_mb=512), sleep=slept.append)

    assert client.calls[1:] == ["update_function_code", "update_function_configuration"]
    assert client.functions["find"]["LastUpdateStatus"] == "Successful"


def test_deploy_function_role_not_known_yet_tries_again(client: FakeFunctions, slept: list[float]) -> None:
    client.refusals.extend([client_error("InvalidParameterValueException", UNKNOWN_ROLE, "CreateFunction")] * 2)

    change = deploy_function(client, FUNCTION, sleep=slept.append)

    assert change is Change.CREATED
    assert slept[:2] == [1.0, 2.0]


def test_deploy_function_role_never_known_gives_up_with_awss_error(client: FakeFunctions, slept: list[float]) -> None:
    client.refusals.extend([client_error("InvalidParameterValueException", UNKNOWN_ROLE, "CreateFunction")] * 9)

    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        deploy_function(client, FUNCTION, sleep=slept.append)


def test_deploy_function_refused_otherwise_does_not_try_again(client: FakeFunctions, slept: list[float]) -> None:
    client.refusals.append(client_error("AccessDeniedException", "no", "CreateFunction"))

    with pytest.raises(ClientError, match="AccessDenied"):
        deploy_function(client, FUNCTION, sleep=slept.append)

    assert slept == []


def test_deploy_function_that_fails_says_why(client: FakeFunctions, slept: list[float]) -> None:
    client.outcome = {"State": "Failed", "StateReason": "The image is broken"}

    with pytest.raises(FunctionNotReady, match=r"'find' is not usable: The image is broken. Correct the section"):
        deploy_function(client, FUNCTION, sleep=slept.append)


def test_deploy_function_that_never_ends_gives_up_after_two_minutes(client: FakeFunctions, slept: list[float]) -> None:
    client.outcome = {"State": "Pending"}

    with pytest.raises(FunctionNotReady, match=r"was not ready after 120 seconds; look at it with `aws lambda"):
        deploy_function(client, FUNCTION, sleep=slept.append)

    assert sum(slept) == pytest.approx(120)
