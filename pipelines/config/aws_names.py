"""Names and addresses of AWS as checked strings: buckets, S3 locations, ARNs, instance types.

Each type is a string that pydantic refuses, with the allowed form, when it does not match the pattern of the AWS API.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Strict

ACCOUNT_PLACEHOLDER = "ACCOUNT_ID"
"""Stands in ARNs of examples where the number of an account belongs."""

_ACCOUNT = rf"(\d{{12}}|{ACCOUNT_PLACEHOLDER})"
_BUCKET = r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_DASHED = r"[a-zA-Z0-9](-*[a-zA-Z0-9])"


def _matching(pattern: str, allowed: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise ValueError(f"allowed: {allowed}")
        return value

    return check


Region = Annotated[str, AfterValidator(_matching(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as us-west-2"))]
BucketName = Annotated[
    str, AfterValidator(_matching(_BUCKET, "a bucket name: 3 to 63 of a-z, 0-9, '.' and '-', no s3:// before it"))
]
KeyPrefix = Annotated[
    str,
    AfterValidator(
        _matching(
            r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*",
            "a key prefix such as team/project, without a slash at either end",
        )
    ),
]
S3Uri = Annotated[str, AfterValidator(_matching(rf"s3://{_BUCKET}(/.*)?", "an S3 address such as s3://bucket/folder/"))]
RoleArn = Annotated[
    str,
    AfterValidator(
        _matching(
            rf"arn:aws[a-z-]*:iam::{_ACCOUNT}:role/[\w+=,.@/-]+",
            f"a role ARN such as arn:aws:iam::123456789012:role/Name ({ACCOUNT_PLACEHOLDER} may stand for the account)",
        )
    ),
]
TopicArn = Annotated[
    str,
    AfterValidator(
        _matching(
            rf"arn:aws[a-z-]*:sns:[a-z0-9-]+:{_ACCOUNT}:[A-Za-z0-9_-]{{1,256}}(\.fifo)?",
            "a topic ARN such as arn:aws:sns:us-west-2:123456789012:name",
        )
    ),
]
InstanceType = Annotated[
    str, AfterValidator(_matching(r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an instance type such as ml.m5.xlarge"))
]
PipelineName = Annotated[
    str, AfterValidator(_matching(rf"{_DASHED}{{0,255}}", "letters and digits with '-' between them, at most 256"))
]
ProjectName = Annotated[
    str,
    AfterValidator(
        # The longest name made of it is the Lambda function's, and AWS allows 64 characters there.
        _matching(rf"(?=.{{1,38}}$){_DASHED}*", "letters and digits with '-' between them, at most 38")
    ),
]
ModelPackageGroupName = Annotated[
    str, AfterValidator(_matching(rf"{_DASHED}{{0,62}}", "letters and digits with '-' between them, at most 63"))
]
FeatureGroupName = Annotated[
    str,
    AfterValidator(
        _matching(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}", "letters and digits with '-' or '_' between them, at most 64")
    ),
]
TableName = Annotated[
    str, AfterValidator(_matching(r"[a-z0-9_]{1,255}", "a name of a-z, 0-9 and '_', as the Glue Data Catalog has it"))
]
EmailAddress = Annotated[
    str, AfterValidator(_matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address such as team@example.com"))
]
MediaType = Annotated[
    str, AfterValidator(_matching(r"[a-z]+/[a-z0-9.+-]+", "a media type such as application/x-parquet"))
]
ImageUri = Annotated[
    str,
    AfterValidator(_matching(r"\S{1,255}", "an image address such as <account>.dkr.ecr.<region>.amazonaws.com/x:1")),
]
Duration = Annotated[
    str,
    AfterValidator(
        _matching(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", "an ISO 8601 duration such as P30D or PT12H")
    ),
]

Several = Strict(strict=False)
"""Lets a YAML list fill a tuple; its items stay strict."""
