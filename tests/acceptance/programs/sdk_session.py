"""The SDK's own pipeline session against the endpoint of the environment, with nothing replaced in the SDK."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

logging.basicConfig(level=logging.ERROR)
logging.getLogger("sagemaker.config").setLevel(logging.ERROR)
warnings.simplefilter("ignore")

import boto3  # noqa: E402  # the SDK sets up logging and warns while it is imported
from sagemaker.core.helper.session_helper import Session  # noqa: E402
from sagemaker.core.workflow.pipeline_context import PipelineSession  # noqa: E402

BUCKET = "sdk-bucket"
ROLE = "arn:aws:iam::000000000000:role/sdk-role"
IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
OWN_IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/trainer:1"
"""An image of one's own: AWS takes no metric definitions for its own images."""
JOBS = Path(__file__).parent / "jobs"

# Usage data would leave this machine.
_NO_TELEMETRY = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def pipeline_session(boto_session: Any = None) -> Any:
    """Make the session that collects steps."""
    return PipelineSession(
        boto_session=boto_session or boto3.Session(), default_bucket=BUCKET, sagemaker_config=_NO_TELEMETRY
    )


def direct_session() -> Any:
    """Make the session that runs a job at once."""
    return Session(boto_session=boto3.Session(), default_bucket=BUCKET, sagemaker_config=_NO_TELEMETRY)


def make_bucket() -> None:
    """Make the bucket and put three lines into it."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_object(Bucket=BUCKET, Key="raw/lines.txt", Body=b"a\nb\nc\n")


def make_role() -> None:
    """Make the role that jobs and functions run as: the SDK asks IAM whether it may before it uses it."""
    iam, name = boto3.client("iam"), ROLE.rpartition("/")[2]
    services = ["sagemaker.amazonaws.com", "lambda.amazonaws.com"]
    iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=_policy(Principal={"Service": services}, Action="sts:AssumeRole")
    )
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_policy(Action="*", Resource="*"))


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
