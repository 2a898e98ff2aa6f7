"""A model registry that answers real boto3 clients in the same process, with fakes of what lies around it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from lambdas.get_latest_approved_model import find

from cli.context import Context
from cli.main import build_parser
from tests.fakes import control_plane
from tests.fakes.glue import FakeGlue
from tests.fakes.in_process_aws import client_of
from tests.unit.cli.fakes import context_with

GROUP = "churn-models"
METRIC = "binary_classification_metrics.auc.value"
BUCKET = "models"
CALLER = "arn:aws:sts::123456789012:assumed-role/Approvers/anna@example.com"


class FakeObjects:
    """S3 with whole objects; `refused` answers a key with an error code."""

    class exceptions:  # noqa: N801  # the name that boto3 clients have
        ClientError = ClientError

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refused: dict[str, str] = {}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        code = self.refused.get(Key) or ("" if self._has(Bucket, Key) else "404")
        if code:
            raise ClientError({"Error": {"Code": code, "Message": code}}, "HeadObject")
        return {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        code = self.refused.get(Key) or ("" if self._has(Bucket, Key) else "NoSuchKey")
        if code:
            raise ClientError({"Error": {"Code": code, "Message": code}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def _has(self, bucket: str, key: str) -> bool:
        return bucket == BUCKET and key in self.objects


class FakeSts:
    """Knows one caller."""

    def __init__(self, arn: str = CALLER) -> None:
        self.arn = arn

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn}


class ModelRegistry:
    """The group of a configuration, a context of the command line over it, and what that prints."""

    def __init__(self, folder: Path, status: str = "Approved") -> None:
        self.plane = control_plane.build(folder)
        self.sagemaker = client_of(self.plane.api)
        self.s3, self.glue, self.sts = FakeObjects(), FakeGlue(), FakeSts()
        self.context: Context
        self.context, self._printed = context_with(sagemaker=self.sagemaker, s3=self.s3, glue=self.glue, sts=self.sts)
        self.context.is_local = False
        self.context.__dict__["config"] = SimpleNamespace(
            model_package_group=GROUP,
            model_approval_status=status,
            gate=SimpleNamespace(metric=METRIC),
            athena_database="scores",
            athena_output_table="daily",
        )

    def add(self, status: str = "Approved", metadata: dict[str, str] | None = None, **report: Any) -> int:
        """Register a version with its artifact, and with an evaluation when there is a report."""
        if not self.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
            self.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        number = len(self.packages()) + 1
        self.s3.objects[self.artifact(number)] = b"model"
        container = {
            "Image": "sagemaker-xgboost:3.2-0-cpu-py3",
            "ModelDataUrl": f"s3://{BUCKET}/{self.artifact(number)}",
        }
        more: dict[str, Any] = {"CustomerMetadataProperties": metadata} if metadata else {}
        if report:
            key = f"{number}/evaluation.json"
            self.s3.objects[key] = json.dumps(report).encode()
            statistics = {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{key}"}
            more["ModelMetrics"] = {"ModelQuality": {"Statistics": statistics}}
        self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            **more,
        )
        return number

    @staticmethod
    def artifact(number: int) -> str:
        """The key of a version's artifact."""
        return f"{number}/model.tar.gz"

    @staticmethod
    def arn(number: int) -> str:
        """The ARN of a version."""
        return f"arn:aws:sagemaker:us-west-2:000000000000:model-package/{GROUP}/{number}"

    def packages(self) -> list[dict[str, Any]]:
        """The versions as AWS lists them."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=GROUP)
        return [summary for page in pages for summary in page["ModelPackageSummaryList"]]

    def describe(self, number: int) -> dict[str, Any]:
        """A version as AWS describes it."""
        described: dict[str, Any] = self.sagemaker.describe_model_package(ModelPackageName=self.arn(number))
        return described

    def tags(self) -> dict[str, str]:
        """The tags of the group."""
        arn = self.sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupArn"]
        return {tag["Key"]: tag["Value"] for tag in self.sagemaker.list_tags(ResourceArn=arn)["Tags"]}

    def pin(self, value: str) -> None:
        """Set the tag by other means than the command."""
        arn = self.sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)["ModelPackageGroupArn"]
        self.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "PinnedModelPackageVersion", "Value": value}])

    def printed(self) -> str:
        """What was printed since the last look."""
        text = self._printed.getvalue()
        self._printed.seek(0)
        self._printed.truncate()
        return text

    def close(self) -> None:
        """Close the store."""
        self.plane.close()


def say(registry: ModelRegistry, words: str, note: str | None = None) -> str:
    """Type a command and give what it prints."""
    options = build_parser().parse_args([*words.split(), *([] if note is None else ["--note", note])])
    options.run(registry.context, options)
    return registry.printed()


def found_by_the_function(registry: ModelRegistry) -> str:
    """Give the number of the version that the Lambda chooses, or the name of its error."""
    event = {"ModelPackageGroupName": GROUP, "ModelApprovalStatus": "Approved"}
    try:
        return find(registry.sagemaker, registry.s3, event)["ModelPackageVersion"]
    except Exception as error:  # noqa: BLE001  # whatever the reason, nothing scores
        return type(error).__name__
