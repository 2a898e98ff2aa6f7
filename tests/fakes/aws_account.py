"""An AWS account behind real boto3 clients: requests are answered before they are sent."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse

_TAKEN = "Pipeline names must be unique within an AWS account and region. Pipeline with name (x) already exists."


@dataclass
class FakeAccount:
    """S3, Lambda and SageMaker pipelines, as much as a deployment asks of them; `calls` has every operation."""

    buckets: set[str]
    region: str = "us-west-2"
    objects: set[str] = field(default_factory=set)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def session(self) -> boto3.Session:
        """Make a session that talks to this account."""
        session = boto3.Session(region_name=self.region, aws_access_key_id="k", aws_secret_access_key="s")
        session.events.register("before-call", self._answer)
        return session

    def _answer(self, model: Any, params: dict[str, Any], **_more: Any) -> tuple[AWSResponse, dict[str, Any]]:
        self.calls.append(model.name)
        service = model.service_model.service_name
        answer = {"s3": self._s3, "lambda": self._lambda, "sagemaker": self._sagemaker}[service](model.name, params)
        status = 400 if "Error" in answer else 200
        return AWSResponse("", status, {}, None), answer

    def _s3(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        address = urlsplit(params["url"])
        bucket, key = address.netloc.partition(".s3")[0], address.path.removeprefix("/")
        if operation == "PutObject":
            self.objects.add(key)
            return {}
        there = bucket in self.buckets if operation == "HeadBucket" else key in self.objects
        return {} if there else _error("404", "Not Found")

    def _lambda(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if operation == "CreateFunction":
            request = json.loads(params["body"])
            code = hashlib.sha256(base64.b64decode(request.pop("Code")["ZipFile"])).digest()
            function = {**request, "CodeSha256": base64.b64encode(code).decode(), "State": "Active"}
            self.functions[request["FunctionName"]] = function
            return function
        name = params["url_path"].split("/")[3]
        return self.functions.get(name) or _error("ResourceNotFoundException", "Function not found")

    def _sagemaker(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        request = json.loads(params["body"])
        name = request["PipelineName"]
        if operation == "CreatePipeline" and name in self.pipelines:
            return _error("ValidationException", _TAKEN)
        self.pipelines[name] = request
        return {"PipelineArn": f"arn:aws:sagemaker:{self.region}:123456789012:pipeline/{name}"}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}
