"""The definition's way to SageMaker, through the SDK's own upsert."""

from __future__ import annotations

import boto3

from pipelines.built import BuiltPipeline
from pipelines.offline import online
from pipelines.sdk import Pipeline
from pipelines.session import OnlineSession


class _BuiltDefinition(Pipeline):  # type: ignore[misc]  # the SDK publishes no types
    """Sends the text that was built and checked; the SDK's upsert would compile all steps again, twice."""

    def __init__(self, built: BuiltPipeline, session: OnlineSession) -> None:
        super().__init__(name=built.name, sagemaker_session=session, pipeline_experiment_config=None)
        self._text = built.definition()

    def definition(self) -> str:
        return self._text


def upsert(built: BuiltPipeline, session: boto3.Session) -> str:
    """Create or update the pipeline; return its ARN."""
    config = built.config
    with online():
        pipeline = _BuiltDefinition(built, OnlineSession(session, bucket=config.bucket, prefix=config.prefix))
        response = pipeline.upsert(role_arn=built.role_arn, description=built.description)
    return str(response["PipelineArn"])
