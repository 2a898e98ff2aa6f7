"""What a processing job wrote: where its outputs lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.context import Context
from cli.executions import history, job_logs


def address_of(context: Context, step: Mapping[str, Any], output: str) -> str:
    """The S3 address of an output of a step's job, without a slash at its end."""
    client = context.client("sagemaker")
    while "ProcessingJob" not in step.get("Metadata", {}):
        # Taken from the cache: the job is that of the execution it was taken from.
        source = step["CacheHitResult"]["SourcePipelineExecutionArn"]
        step = next(found for found in history.steps(client, source) if found["StepName"] == step["StepName"])
    name = job_logs.job_name(client, "ProcessingJob", step["Metadata"]["ProcessingJob"]["Arn"])
    job = client.describe_processing_job(ProcessingJobName=name)
    outputs = {entry["OutputName"]: entry["S3Output"]["S3Uri"] for entry in job["ProcessingOutputConfig"]["Outputs"]}
    uri: str = outputs[output]
    return uri.rstrip("/")
