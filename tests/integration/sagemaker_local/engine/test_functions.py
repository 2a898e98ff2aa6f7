"""Lambda steps."""

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.records.execution import ExecutionStatus, Step, StepStatus
from tests.fakes.engine import Engine
from tests.fakes.step_definitions import FUNCTION, definition, function, get, parameter


def _run(engine: Engine, result: Any, outputs: dict[str, str]) -> Step:
    engine.functions.handlers[FUNCTION] = lambda _: result
    return engine.steps(engine.run(definition(function(outputs=outputs))))["Latest"]


def test_function_gets_the_resolved_arguments_as_its_payload(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda _: {}
    arguments = {
        "group": "churn",
        "count": get("Parameters.Count"),
        "nested": {"id": get("Execution.PipelineExecutionId")},
    }

    execution = engine.run(definition(function(Arguments=arguments), parameters=[parameter("Count", 3, "Integer")]))

    payload = {"group": "churn", "count": 3, "nested": {"id": execution.execution_id}}
    assert engine.functions.payloads == [(FUNCTION, payload)]


def test_outputs_are_typed_as_declared_and_listed_as_texts(engine: Engine) -> None:
    result = {"code": 200, "ratio": 1, "ok": "True", "body": {"a": [1]}, "count": 3.0, "unused": None}

    step = _run(
        engine, result, {"code": "String", "ratio": "Float", "ok": "Boolean", "body": "String", "count": "Integer"}
    )

    values = {"code": "200", "ratio": 1.0, "ok": True, "body": '{"a": [1]}', "count": 3}
    assert step.properties == {"OutputParameters": values}
    assert step.metadata["Lambda"]["Arn"] == FUNCTION
    assert step.metadata["Lambda"]["OutputParameters"] == [
        {"Name": "code", "Value": "200"},
        {"Name": "ratio", "Value": "1.0"},
        {"Name": "ok", "Value": "true"},
        {"Name": "body", "Value": '{"a": [1]}'},
        {"Name": "count", "Value": "3"},
    ]


def test_function_without_declared_outputs_may_return_anything(engine: Engine) -> None:
    assert _run(engine, "done", {}).status is StepStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("result", "outputs", "reason"),
    [
        ({"Arm": 1}, {"Arn": "String"}, "did not return the declared output 'Arn'; it returned Arm."),
        ({}, {"Arn": "String"}, "it returned no keys."),
        (None, {"Arn": "String"}, "the Lambda function returned null, not an object with the declared outputs Arn."),
        ({"n": "many"}, {"n": "Integer"}, "returned \"many\" as output 'n', which is declared as Integer."),
        ({"n": 1.5}, {"n": "Integer"}, "which is declared as Integer."),
        ({"n": True}, {"n": "Integer"}, "which is declared as Integer."),
        ({"n": True}, {"n": "Float"}, "which is declared as Float."),
        ({"n": [1]}, {"n": "Float"}, "which is declared as Float."),
        ({"b": 1}, {"b": "Boolean"}, "which is declared as Boolean."),
        ({"s": None}, {"s": "String"}, "returned null as output 's', which is declared as String."),
        ({"s": "x" * 1025}, {"s": "String"}, "returned 1025 characters as output 's'; 1024 are allowed."),
    ],
)
def test_output_that_is_not_as_declared_fails_the_step(
    engine: Engine, result: Any, outputs: dict[str, str], reason: str
) -> None:
    step = _run(engine, result, outputs)

    assert step.status is StepStatus.FAILED
    assert (step.failure_reason or "").startswith("ClientError: the Lambda function")
    assert (step.failure_reason or "").endswith(reason)


def test_function_error_fails_the_step_with_its_type_and_message(engine: Engine) -> None:
    def handler(event: dict[str, Any]) -> None:
        raise LookupError("no approved model in churn")

    engine.functions.handlers[FUNCTION] = handler

    execution = engine.run(definition(function()))

    assert execution.status is ExecutionStatus.FAILED
    assert engine.steps(execution)["Latest"].failure_reason == (
        f"ClientError: Lambda function {FUNCTION} failed: LookupError: no approved model in churn"
    )


def test_function_that_is_not_deployed_fails_the_step_and_is_not_tried_again(engine: Engine) -> None:
    execution = engine.run(definition(function()))

    step = engine.steps(execution)["Latest"]
    assert f"Function not found: {FUNCTION}" in (step.failure_reason or "")
    assert step.attempt_count == 1


def test_output_is_an_argument_of_a_later_function(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda event: {"n": event.get("n", 1) * 2}
    second = function("Again", Arguments={"n": get("Steps.Latest.OutputParameters['n']")}, outputs={"n": "Integer"})

    execution = engine.run(definition(function(outputs={"n": "Integer"}), second))

    assert engine.steps(execution)["Again"].properties == {"OutputParameters": {"n": 4}}
