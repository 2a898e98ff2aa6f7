from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.api.dispatch import Api, Handler
from sagemaker_local.errors import EntityNotFoundException, ResourceNotFound

VALID = b'{"PipelineName": "churn"}'


def api_with(handler: Handler, log_path: Path | None = None) -> Api:
    return Api(
        {
            "sagemaker": {"DescribePipeline": handler},
            "athena": {"GetWorkGroup": handler},
            "glue": {"GetDatabase": handler},
        },
        log_path,
    )


def call(api: Api, operation: str = "DescribePipeline", body: bytes = VALID, service: str = "sagemaker") -> Any:
    status, answer = api.handle(service, operation, body)
    return status, json.loads(answer)


def refuse_to_run(request: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"called with {request}")


def test_handle_valid_request_gives_the_handlers_response() -> None:
    api = api_with(lambda request: {"PipelineName": request["PipelineName"], "PipelineDescription": None})

    assert call(api) == (200, {"PipelineName": "churn"})


def test_handle_member_that_is_null_never_reaches_the_handler() -> None:
    api = api_with(lambda request: {"PipelineDescription": str(sorted(request))})

    answer = call(api, body=b'{"PipelineName": "churn", "PipelineVersionId": null}')

    assert answer == (200, {"PipelineDescription": "['PipelineName']"})


def test_handle_ill_shaped_request_is_refused_before_the_handler() -> None:
    status, answer = call(api_with(refuse_to_run), body=b'{"PipelineName": ""}')

    assert status == 400
    assert answer["__type"] == "ValidationException"
    assert "at 'pipelineName'" in answer["message"]


def test_handle_malformed_json_is_a_serialization_exception() -> None:
    status, answer = call(api_with(refuse_to_run), body=b"{")

    assert (status, answer["__type"]) == (400, "SerializationException")


def test_handle_athena_request_that_misses_a_constraint_gets_athenas_code() -> None:
    status, answer = call(api_with(refuse_to_run), "GetWorkGroup", b'{"WorkGroup": "a b"}', "athena")

    assert (status, answer["__type"]) == (400, "InvalidRequestException")


def test_handle_athena_request_with_a_wrong_type_stays_unreadable() -> None:
    status, answer = call(api_with(refuse_to_run), "GetWorkGroup", b'{"WorkGroup": 1}', "athena")

    assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("service", "operation", "body", "error"),
    [
        ("sagemaker", "DescribePipeline", VALID, ResourceNotFound("Pipeline 'churn' does not exist.")),
        ("glue", "GetDatabase", b'{"Name": "d"}', EntityNotFoundException("Database d not found.")),
    ],
)
def test_handle_refusal_of_the_handler_becomes_its_code_and_text(
    service: str, operation: str, body: bytes, error: ResourceNotFound | EntityNotFoundException
) -> None:
    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        raise error

    assert call(api_with(refuse), operation, body, service) == (400, {"__type": error.code, "message": str(error)})


def test_handle_bug_of_a_handler_names_the_log_and_logs_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(request: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("surprise")

    with caplog.at_level(logging.ERROR):
        status, answer = call(api_with(break_down, Path("state/endpoint.log")))

    assert (status, answer["__type"]) == (500, "InternalFailure")
    assert "'state/endpoint.log' has the traceback" in answer["message"]
    assert "surprise" in caplog.text


def test_handle_response_that_is_no_json_is_an_internal_failure(caplog: pytest.LogCaptureFixture) -> None:
    status, answer = call(api_with(lambda _: {"PipelineName": object()}))

    assert (status, answer["__type"]) == (500, "InternalFailure")
    assert "DescribePipeline failed" in caplog.text


@pytest.mark.parametrize(
    ("service", "operation", "words"),
    [
        (
            "sagemaker",
            "CreateEndpoint",
            "CreateEndpoint of sagemaker is not supported by the local endpoint; docs/fidel",
        ),
        ("sagemaker", "MakeCoffee", "There is no operation 'MakeCoffee' of 'sagemaker'"),
        ("kettle", "Boil", "There is no operation 'Boil' of 'kettle'"),
    ],
)
def test_handle_operation_without_handler_is_refused_by_name(service: str, operation: str, words: str) -> None:
    status, answer = call(api_with(refuse_to_run), operation, b"{}", service)

    assert (status, answer["__type"]) == (400, "UnknownOperationException")
    assert words in answer["message"]
