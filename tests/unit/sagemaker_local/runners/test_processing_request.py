from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.runners import processing_request


def _input(name: str = "raw", path: str = "/opt/ml/processing/input/raw", **members: Any) -> dict[str, Any]:
    source = {"S3Uri": "s3://b/raw/", "LocalPath": path, "S3DataType": "S3Prefix", **members}
    return {"InputName": name, "S3Input": source}


def _output(name: str = "out", path: str = "/opt/ml/processing/output", **members: Any) -> dict[str, Any]:
    target = {"S3Uri": "s3://b/out", "LocalPath": path, "S3UploadMode": "EndOfJob", **members}
    return {"OutputName": name, "S3Output": target}


def _request(**members: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "job",
        "RoleArn": "arn:aws:iam::000000000000:role/job",
        "AppSpecification": {"ImageUri": "r/sagemaker-xgboost:3.2-0", "ContainerEntrypoint": ["python3", "a.py"]},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"}},
        **members,
    }


def _outputs(*items: dict[str, Any]) -> dict[str, Any]:
    return {"ProcessingOutputConfig": {"Outputs": list(items)}}


def test_check_plain_request_passes() -> None:
    processing_request.check(_request(ProcessingInputs=[_input()], **_outputs(_output())))


def test_check_what_changes_nothing_here_passes() -> None:
    network = {"EnableNetworkIsolation": False, "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}

    processing_request.check(_request(NetworkConfig=network, Tags=[{"Key": "a", "Value": "b"}]))


def test_command_arguments_follow_the_entry_point() -> None:
    application = {"ImageUri": "i", "ContainerEntrypoint": ["python3", "a.py"], "ContainerArguments": ["--x", "1"]}

    assert processing_request.command_of(_request(AppSpecification=application)) == ["python3", "a.py", "--x", "1"]


_UNSUPPORTED: dict[str, tuple[dict[str, Any], str]] = {
    "entry point": (
        {"AppSpecification": {"ImageUri": "my/image:1", "ContainerArguments": ["x"]}},
        "'my/image:1' without",
    ),
    "instances": ({"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2}}}, "InstanceCount 2 is not supported"),
    "isolation": ({"NetworkConfig": {"EnableNetworkIsolation": True}}, "EnableNetworkIsolation is not supported"),
    "pipe": ({"ProcessingInputs": [_input(S3InputMode="Pipe")]}, "S3InputMode 'Pipe' of the input 'raw'"),
    "gzip": ({"ProcessingInputs": [_input(S3CompressionType="Gzip")]}, "S3CompressionType 'Gzip' of the input 'raw'"),
    "data type": ({"ProcessingInputs": [_input(S3DataType="Other")]}, "S3DataType 'Other' of the input 'raw'"),
    "dataset": (
        {"ProcessingInputs": [{"InputName": "q", "DatasetDefinition": {"LocalPath": "/x"}}]},
        "DatasetDefinition of the input 'q'",
    ),
    "managed input": ({"ProcessingInputs": [{**_input(), "AppManaged": True}]}, "AppManaged of the input 'raw'"),
    "managed output": (_outputs({**_output(), "AppManaged": True}), "AppManaged of the output 'out'"),
    "feature store": (
        _outputs({"OutputName": "f", "FeatureStoreOutput": {"FeatureGroupName": "g"}}),
        "FeatureStoreOutput of the output 'f'",
    ),
}


@pytest.mark.parametrize("case", _UNSUPPORTED)
def test_check_unsupported_is_refused_by_name(case: str) -> None:
    members, message = _UNSUPPORTED[case]

    with pytest.raises(UnsupportedFeature, match=message):
        processing_request.check(_request(**members))


_INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "local path": ({"ProcessingInputs": [_input(path="/data/x")]}, "LocalPath '/data/x' of the input 'raw'"),
    "escaping path": (_outputs(_output(path="/opt/ml/processing/../x")), "of the output 'out' is not below"),
    "root itself": (_outputs(_output(path="/opt/ml/processing/")), "is not below /opt/ml/processing"),
    "no source": ({"ProcessingInputs": [{"InputName": "a"}]}, "S3Input is missing in the input 'a'"),
    "not s3": ({"ProcessingInputs": [_input(S3Uri="/data")]}, "'/data' is not an S3 address"),
    "same name": (
        {"ProcessingInputs": [_input(), _input(path="/opt/ml/processing/b")]},
        "InputName 'raw' is used twice",
    ),
    "same path": ({"ProcessingInputs": [_input(), _input(name="b")]}, "input LocalPath .* is used twice"),
}


@pytest.mark.parametrize("case", _INVALID)
def test_check_invalid_is_refused_with_the_value(case: str) -> None:
    members, message = _INVALID[case]

    with pytest.raises(ValidationException, match=message):
        processing_request.check(_request(**members))


def test_max_runtime_left_out_is_a_day() -> None:
    assert processing_request.max_runtime_of(_request()) == 86_400
    assert processing_request.max_runtime_of(_request(StoppingCondition={"MaxRuntimeInSeconds": 7})) == 7
