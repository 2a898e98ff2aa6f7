from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.runners import training_request

_IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
_ALGORITHM = {"TrainingImage": _IMAGE, "TrainingInputMode": "File"}
_SCRIPT = {"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://b/sourcedir.tar.gz"}


def _channel(name: str = "train", **members: Any) -> dict[str, Any]:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/train"}}
    return {"ChannelName": name, "DataSource": source, **members}


def _source(**members: Any) -> dict[str, Any]:
    return _channel(DataSource={"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/train", **members}})


def _request(**members: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "job",
        "RoleArn": "arn:aws:iam::000000000000:role/job",
        "AlgorithmSpecification": _ALGORITHM,
        "HyperParameters": _SCRIPT,
        "InputDataConfig": [_channel()],
        "OutputDataConfig": {"S3OutputPath": "s3://b/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **members,
    }


def test_check_script_mode_passes() -> None:
    training_request.check(_request())


def test_check_script_mode_by_variables_passes() -> None:
    variables = {"SAGEMAKER_PROGRAM": "train.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/sourcedir.tar.gz"}

    training_request.check(_request(HyperParameters={}, Environment=variables))


def test_check_entry_point_makes_any_image_do() -> None:
    algorithm = {"TrainingImage": "my/image:1", "TrainingInputMode": "File", "ContainerEntrypoint": ["/bin/bash"]}

    training_request.check(_request(AlgorithmSpecification=algorithm, HyperParameters={}))


def test_check_what_changes_nothing_here_passes() -> None:
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "KeepAlivePeriodInSeconds": 600}

    training_request.check(_request(EnableManagedSpotTraining=True, ResourceConfig=resources, RetryStrategy={"a": 1}))


def test_output_lies_below_the_jobs_name() -> None:
    assert str(training_request.output_of(_request())) == "s3://b/models/job/output"


def test_channel_configuration_reads_as_inputdataconfig() -> None:
    channel = _channel(ContentType="text/csv", InputMode="FastFile")

    found = training_request.channels_of(_request(InputDataConfig=[channel]))[0]

    assert found.configuration == {
        "ContentType": "text/csv",
        "TrainingInputMode": "FastFile",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }


_UNSUPPORTED: dict[str, tuple[dict[str, Any], str]] = {
    "algorithm mode": ({"HyperParameters": {"num_round": "10"}}, "algorithm mode is not supported"),
    "algorithm": ({"AlgorithmSpecification": {**_ALGORITHM, "AlgorithmName": "mine"}}, "AlgorithmName 'mine'"),
    "image": ({"AlgorithmSpecification": {**_ALGORITHM, "TrainingImage": "r/pytorch:2"}}, "The image 'r/pytorch:2'"),
    "instances": ({"ResourceConfig": {"InstanceCount": 3}}, "InstanceCount 3 is not supported"),
    "groups": ({"ResourceConfig": {"InstanceGroups": [{}]}}, "InstanceGroups is not supported"),
    "pipe": ({"InputDataConfig": [_channel(InputMode="Pipe")]}, "InputMode 'Pipe' of the channel 'train'"),
    "pipe by default": ({"AlgorithmSpecification": {**_ALGORITHM, "TrainingInputMode": "Pipe"}}, "InputMode 'Pipe'"),
    "gzip": ({"InputDataConfig": [_channel(CompressionType="Gzip")]}, "CompressionType 'Gzip'"),
    "record wrapper": ({"InputDataConfig": [_channel(RecordWrapperType="RecordIO")]}, "RecordWrapperType 'RecordIO'"),
    "shuffle": ({"InputDataConfig": [_channel(ShuffleConfig={"Seed": 1})]}, "ShuffleConfig of the channel 'train'"),
    "file system": (
        {"InputDataConfig": [_channel(DataSource={"FileSystemDataSource": {}})]},
        "is FileSystemDataSource",
    ),
    "augmented": ({"InputDataConfig": [_source(S3DataType="AugmentedManifestFile")]}, "'AugmentedManifestFile'"),
    "attributes": ({"InputDataConfig": [_source(AttributeNames=["a"])]}, "AttributeNames of the channel 'train'"),
    "checkpoints": ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/cp"}}, "LocalPath '/cp' of Checkpoint"),
    "rules": ({"DebugRuleConfigurations": [{}]}, "DebugRuleConfigurations is not supported"),
    "isolation": ({"EnableNetworkIsolation": True}, "EnableNetworkIsolation is not supported"),
    "remote debug": ({"RemoteDebugConfig": {"EnableRemoteDebug": True}}, "EnableRemoteDebug is not supported"),
}


@pytest.mark.parametrize("case", _UNSUPPORTED)
def test_check_unsupported_is_refused_by_name(case: str) -> None:
    members, message = _UNSUPPORTED[case]

    with pytest.raises(UnsupportedFeature, match=message):
        training_request.check(_request(**members))


_INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no image": ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "has no TrainingImage"),
    "same channel": ({"InputDataConfig": [_channel(), _channel()]}, "ChannelName 'train' is used twice"),
    "shell program": (
        {"HyperParameters": {**_SCRIPT, "sagemaker_program": "train.sh"}},
        "'train.sh' is not a Python file",
    ),
    "nested program": (
        {"HyperParameters": {**_SCRIPT, "sagemaker_program": "src/train.py"}},
        "'src/train.py' is not a",
    ),
    "submit": ({"HyperParameters": {**_SCRIPT, "sagemaker_submit_directory": "/home/x"}}, "'/home/x' is neither"),
    "output": ({"OutputDataConfig": {"S3OutputPath": "models"}}, "'models' is not an S3 address"),
}


@pytest.mark.parametrize("case", _INVALID)
def test_check_invalid_is_refused_with_the_value(case: str) -> None:
    members, message = _INVALID[case]

    with pytest.raises(ValidationException, match=message):
        training_request.check(_request(**members))
