"""Transform: Batch Transform scores every file of the batch."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import Join, Transformer, TransformStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import job_retries
from pipelines.steps.processing import output_of

NAME = "Transform"
_PARQUET = "application/x-parquet"


class _Transformer(Transformer):  # type: ignore[misc]  # the SDK publishes no types
    """A transformer whose instance count may be a parameter, as the service allows and the SDK's shape does not."""

    def _get_transform_request(self, *, resource_config: dict[str, Any], **more: Any) -> dict[str, Any]:
        literal = {**resource_config, "instance_count": 1}
        request: dict[str, Any] = super()._get_transform_request(resource_config=literal, **more)
        resources = request["TransformResources"].model_copy(
            update={"instance_count": resource_config["instance_count"]}
        )
        return {**request, "TransformResources": resources}


def transform(context: StepContext, preprocessed: Any, created: Any) -> Any:
    """Build the step, after the steps that cut the batch and create the model; never cached."""
    settings = context.config.transform
    transformer = _Transformer(
        model_name=created.properties.ModelName,
        instance_type=context.parameters.transform_instance_type,
        instance_count=context.parameters.transform_instance_count,
        accept=_PARQUET,
        output_path=layout.predictions(context.config),
        max_payload=settings.max_payload_mb,
        max_concurrent_transforms=settings.max_concurrent_transforms,
        base_transform_job_name="transform",
        sagemaker_session=context.session,
    )
    return TransformStep(
        name=NAME,
        display_name="Score the batch",
        description="Score the customers with Batch Transform: Parquet in, Parquet out, one request for each file.",
        step_args=transformer.transform(
            # With the slash, outputs are named relative to the batch itself, which Publish pairs them by.
            data=Join(on="", values=[output_of(preprocessed, "batch"), "/"]),
            content_type=_PARQUET,
            # A Parquet file is one record: cut anywhere else, it is no Parquet file any more.
            split_type="None",
            model_client_config={
                "InvocationsTimeoutInSeconds": settings.invocation_timeout_seconds,
                "InvocationsMaxRetries": settings.invocation_retries,
            },
        ),
        retry_policies=job_retries(context.config),
    )
