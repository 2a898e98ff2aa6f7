"""Steps that call a Lambda function of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.functions import FunctionCode
from pipelines.sdk import Lambda, LambdaOutput, LambdaStep
from pipelines.steps.context import StepContext


def function_step(
    context: StepContext,
    name: str,
    code: FunctionCode,
    *,
    display_name: str,
    description: str,
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    depends_on: Sequence[Any] = (),
) -> Any:
    """Build a step that calls a function with `inputs`; its outputs are texts.

    Args:
        context: the build; it keeps the function.
        name: of the step.
        code: of the function, which several steps may share.
        display_name: in Studio.
        description: in Studio.
        inputs: the function's event.
        outputs: keys of what the function returns.
        depends_on: edges that no input makes.
    """
    # By ARN only: given code, the SDK would deploy the function while the definition is being built.
    function = Lambda(function_arn=context.functions.add(code), session=context.session)
    return LambdaStep(
        name=name,
        display_name=display_name,
        description=description,
        lambda_func=function,
        inputs=dict(inputs),
        outputs=[LambdaOutput(output_name=output) for output in outputs],
        depends_on=list(depends_on) or None,
    )


def output_of(step: Any, name: str) -> Any:
    """Refer to an output of the step.

    By the step's properties: the SDK resolves a LambdaOutput object by its name alone, whichever step has one like it.
    """
    return step.properties.Outputs[name]
