"""Start an execution, with an idempotency token and the commit of this checkout."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from cli.context import Context
from cli.parameters import as_request, git_commit

GIT_COMMIT = "GitCommit"


def start_execution(
    context: Context, pipeline: str, parameters: Mapping[str, str], display_name: str | None = None
) -> str:
    """Start an execution of a pipeline of the catalog and give its ARN."""
    from pipelines import catalog

    values = {GIT_COMMIT: git_commit(), **parameters}
    response = context.client("sagemaker").start_pipeline_execution(
        PipelineName=catalog.entry(pipeline).sagemaker_name(context.config),
        PipelineParameters=as_request(values),
        ClientRequestToken=uuid.uuid4().hex,
        **({} if display_name is None else {"PipelineExecutionDisplayName": display_name}),
    )
    arn: str = response["PipelineExecutionArn"]
    return arn
