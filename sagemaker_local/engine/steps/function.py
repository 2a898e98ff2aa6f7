"""Lambda steps: a function is invoked, and its declared outputs become properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sagemaker_local.engine.resolution import as_text, resolve
from sagemaker_local.engine.steps.outcome import Action, Attempt, StepOutcome
from sagemaker_local.errors import StepFailed
from sagemaker_local.ports import Functions
from sagemaker_local.records.execution import StepStatus

_VALUE_MAX = 1024


def function_action(functions: Functions) -> Action:
    """Make the action of Lambda steps; a stop waits until the function has ended."""

    def act(attempt: Attempt) -> StepOutcome:
        arn = resolve(attempt.step.function_arn, attempt.scope)
        if not functions.exists(arn):
            raise StepFailed(
                f"Failed to invoke lambda:InvokeFunction. Error Details: Function not found: {arn}. "
                "Deploy the function, then retry."
            )
        result = functions.invoke(arn, attempt.arguments)
        if result.error and attempt.stop.is_interruption:
            # The endpoint ends, and its functions with it.
            return StepOutcome(StepStatus.STOPPED, {"Lambda": {"Arn": arn, "OutputParameters": []}})
        if result.error:
            raise StepFailed(f"Lambda function {arn} failed: {result.error}")
        values = _outputs(attempt.step.outputs, result.payload)
        metadata = {
            "Arn": arn,
            "OutputParameters": [{"Name": name, "Value": as_text(value)} for name, value in values.items()],
        }
        # A function cannot be stopped, but nothing may follow it when the stop came while it ran.
        is_stopped = attempt.stop.is_set() and not attempt.stop.is_interruption
        status = StepStatus.STOPPED if is_stopped else StepStatus.SUCCEEDED
        return StepOutcome(status, {"Lambda": metadata}, {"OutputParameters": values})

    return act


def _outputs(declared: Mapping[str, str], payload: Any) -> dict[str, Any]:
    if declared and not isinstance(payload, Mapping):
        raise StepFailed(
            f"the Lambda function returned {_shown(payload)}, "
            f"not an object with the declared outputs {', '.join(declared)}."
        )
    return {name: _typed(name, type_name, payload) for name, type_name in declared.items()}


def _typed(name: str, type_name: str, payload: Mapping[str, Any]) -> Any:
    if name not in payload:
        raise StepFailed(
            f"the Lambda function did not return the declared output {name!r}; "
            f"it returned {', '.join(payload) or 'no keys'}."
        )
    try:
        value = _READERS[type_name](payload[name])
    except (TypeError, ValueError, KeyError, AttributeError):
        raise StepFailed(
            f"the Lambda function returned {_shown(payload[name])} as output {name!r}, "
            f"which is declared as {type_name}."
        ) from None
    if isinstance(value, str) and len(value) > _VALUE_MAX:
        raise StepFailed(
            f"the Lambda function returned {len(value)} characters as output {name!r}; {_VALUE_MAX} are allowed."
        )
    return value


def _read_text(value: Any) -> str:
    if value is None:
        raise ValueError(value)
    # As on SageMaker, what is nested reaches the pipeline as JSON text.
    return json.dumps(value) if isinstance(value, dict | list) else as_text(value)


def _read_integer(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != float(value):
        raise ValueError(value)
    return number


def _read_float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _read_truth(value: Any) -> bool:
    return value if isinstance(value, bool) else {"true": True, "false": False}[value.lower()]


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "String": _read_text,
    "Integer": _read_integer,
    "Float": _read_float,
    "Boolean": _read_truth,
}


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:200]
