"""Transform: Batch Transform scores every file of the batch."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.sdk import Join, Transformer, TransformStep
from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.policies import job_retries

NAME = "Transform"
_PARQUET, _CSV = "application/x-parquet", "text/csv"
_WITHOUT_ID, _ID_AND_SCORES = "$[1:]", "$[0,-2,-1]"
"""JSONPaths of a CSV row: what the model gets, and what is kept of the row with the model's answer behind it."""


class _Transformer(Transformer):  # type: ignore[misc]  # the SDK publishes no types
    """A transformer whose instance count may be a parameter, as the service allows and the SDK's shape does not."""

    def _get_transform_request(self, *, resource_config: dict[str, Any], **more: Any) -> dict[str, Any]:
        literal = {**resource_config, "instance_count": 1}
        request: dict[str, Any] = super()._get_transform_request(resource_config=literal, **more)
        resources = request["TransformResources"].model_copy(
            update={"instance_count": resource_config["instance_count"]}
        )
        return {**request, "TransformResources": resources}


def transform(context: StepContext, batch: Batch, created: Any) -> Any:
    """Build the step that scores Parquet files, after the steps that cut the batch and create the model."""
    # A Parquet file is one record: cut anywhere else, it is no Parquet file any more.
    return _step(
        context,
        batch,
        _transformer(context, created, _PARQUET, max_payload=context.config.transform.max_payload_mb),
        "Parquet in, Parquet out, one request for each file",
        content_type=_PARQUET,
        split_type="None",
    )


def transform_csv(context: StepContext, batch: Batch, created: Any) -> Any:
    """Build the step that scores CSV files line by line, as many to a request as fit; ids never reach the model."""
    return _step(
        context,
        batch,
        _transformer(
            context,
            created,
            _CSV,
            max_payload=context.config.upload_payload_mb,
            strategy="MultiRecord",
            assemble_with="Line",
        ),
        "CSV in, id and scores out, many lines to a request",
        content_type=_CSV,
        split_type="Line",
        input_filter=_WITHOUT_ID,
        join_source="Input",
        output_filter=_ID_AND_SCORES,
    )


def _transformer(context: StepContext, created: Any, accept: str, **more: Any) -> _Transformer:
    return _Transformer(
        model_name=created.properties.ModelName,
        instance_type=context.parameters.transform_instance_type,
        instance_count=context.parameters.transform_instance_count,
        accept=accept,
        output_path=layout.predictions(context.config),
        max_concurrent_transforms=context.config.transform.max_concurrent_transforms,
        base_transform_job_name="transform",
        sagemaker_session=context.session,
        **more,
    )


def _step(context: StepContext, batch: Batch, transformer: _Transformer, how: str, **request: Any) -> Any:
    # Never cached: neither is what it scores.
    settings = context.config.transform
    return TransformStep(
        name=NAME,
        display_name="Score the batch",
        description=f"Score the customers with Batch Transform: {how}.",
        step_args=transformer.transform(
            # With the slash, outputs are named relative to the batch itself, which Publish pairs them by.
            data=Join(on="", values=[batch.rows, "/"]),
            model_client_config={
                "InvocationsTimeoutInSeconds": settings.invocation_timeout_seconds,
                "InvocationsMaxRetries": settings.invocation_retries,
            },
            **request,
        ),
        retry_policies=job_retries(context.config),
    )
