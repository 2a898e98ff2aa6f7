"""The last stage of a build: steps become a definition that watches its own failures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.built import BuiltPipeline
from pipelines.references import step_nodes
from pipelines.sdk import ConditionStep, Pipeline
from pipelines.steps.context import StepContext
from pipelines.steps.notify_failure import notify_failures


def assemble(context: StepContext, name: str, description: str, steps: Sequence[Any]) -> BuiltPipeline:
    """Make the pipeline of `steps`, with a NotifyFailure for each, and the parameters that they use."""
    watched = [step for step in _all(steps) if not isinstance(step, ConditionStep)]
    pipeline = Pipeline(
        name=name,
        parameters=context.parameters.all(),
        steps=[*steps, *notify_failures(context, watched)],
        sagemaker_session=context.session,
        pipeline_experiment_config=None,
    )
    document = json.loads(pipeline.definition())
    used = {reference.parameter for node in step_nodes(document["Steps"]) for reference in node.references}
    # What a pipeline has depends on the configuration: bounds, sources, instances of a step's own.
    pipeline.parameters = [parameter for parameter in pipeline.parameters if parameter.name in used]
    document["Parameters"] = [parameter for parameter in document["Parameters"] if parameter["Name"] in used]
    return BuiltPipeline(
        name=name,
        description=description,
        config=context.config,
        role_arn=context.role,
        sagemaker=pipeline,
        text=json.dumps(document),
        artifacts=context.artifacts.collected(),
        functions=context.functions.collected(),
    )


def _all(steps: Sequence[Any]) -> Iterator[Any]:
    """Give every step, those of a condition's branches after it."""
    for step in steps:
        yield step
        if isinstance(step, ConditionStep):
            yield from _all([*step.if_steps, *step.else_steps])
