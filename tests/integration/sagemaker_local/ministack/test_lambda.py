"""Lambda functions see their own environment and credentials, and their errors keep their names."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from sagemaker_local.errors import ResourceNotFound, ValidationException
from tests.integration.sagemaker_local.conftest import Served

# MiniStack forgets the pipes of a worker that it killed.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in.*FileIO:pytest.PytestUnraisableExceptionWarning")

_CODE = """
import os
import boto3

class NoApprovedModel(Exception):
    pass

def fail():
    raise NoApprovedModel("approve one first")

def handler(event, context):
    print("asked:", sorted(event))
    if event.get("fail"):
        fail()
    if event.get("exit"):
        os._exit(1)
    return {
        "environment": dict(os.environ),
        "identity": boto3.client("sts").get_caller_identity()["Arn"] if event.get("identity") else None,
    }
"""
_NAME = "probe"
_ARN = f"arn:aws:lambda:eu-west-1:000000000000:function:{_NAME}"


@pytest.fixture(scope="module", autouse=True)
def function(served: Served) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("probe.py", _CODE)
    served.client("lambda").create_function(
        FunctionName=_NAME,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/service-role/probe-role",
        Handler="probe.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"GREETING": "hello", "AWS_SECRET_ACCESS_KEY": "of the function"}},
        Timeout=20,
    )


def test_worker_has_its_variables_and_none_of_the_endpoint(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOTHER_SECRET", "of the user")
    functions = served.client("lambda")
    functions.update_function_configuration(FunctionName=_NAME, Description="a new worker")

    answer = json.loads(functions.invoke(FunctionName=_NAME, Payload=b"{}")["Payload"].read())

    seen = answer["environment"]
    assert seen["GREETING"] == "hello"
    assert seen["AWS_REGION"] == "eu-west-1"
    assert seen["AWS_ENDPOINT_URL"] == served.settings.url
    assert seen["AWS_CONFIG_FILE"] == "/dev/null"
    assert seen.keys().isdisjoint({"ANOTHER_SECRET", "STATE_DIR", "S3_DATA_DIR", "DOCKER_HOST", "PYTEST_CURRENT_TEST"})


def test_worker_is_its_role_for_every_client(served: Served) -> None:
    result = served.aws.functions.invoke(_ARN, {"identity": True})

    assert result.payload["identity"] == "arn:aws:sts::000000000000:assumed-role/probe-role/probe"


def test_raised_error_keeps_its_type_and_its_place(served: Served) -> None:
    answer = served.client("lambda").invoke(FunctionName=_NAME, Payload=b'{"fail": true}')

    failure = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert failure["errorType"] == "NoApprovedModel"
    assert failure["errorMessage"] == "approve one first"
    assert [line.strip().split("\n")[0].rpartition(" in ")[2] for line in failure["stackTrace"]] == ["handler", "fail"]


def test_invoke_in_process_gives_the_payload(served: Served) -> None:
    result = served.aws.functions.invoke(_ARN, {})

    assert result.error is None
    assert result.payload["environment"]["GREETING"] == "hello"


def test_invoke_in_process_of_the_unqualified_latest_version(served: Served) -> None:
    result = served.aws.functions.invoke(f"{_ARN}:$LATEST", {})

    assert result.error is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [({"fail": True}, "NoApprovedModel: approve one first"), ({"exit": True}, "Worker process died")],
)
def test_invoke_in_process_names_the_error(served: Served, event: dict[str, bool], expected: str) -> None:
    result = served.aws.functions.invoke(_ARN, event)

    assert expected in (result.error or "")


def test_missing_function_is_named(served: Served) -> None:
    arn = _ARN.replace(_NAME, "missing")

    assert not served.aws.functions.exists(arn)
    assert served.aws.functions.exists(_ARN)
    with pytest.raises(ResourceNotFound, match="function:missing"):
        served.aws.functions.invoke(arn, {})


def test_malformed_arn_is_refused(served: Served) -> None:
    with pytest.raises(ValidationException, match="'probe' is not the ARN of a Lambda function"):
        served.aws.functions.exists("probe")


def test_printed_lines_are_in_the_function_log_group(served: Served) -> None:
    served.aws.functions.invoke(_ARN, {"colour": "green"})

    events = served.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{_NAME}")["events"]
    assert any("asked: ['colour']" in event["message"] for event in events)
