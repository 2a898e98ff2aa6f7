"""Small Create requests as boto3 takes them, and the archive of a model that answers with one word."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

ROLE = "arn:aws:iam::000000000000:role/acceptance"
IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
NOTHING = ("python3", "-c", "print('nothing to do')")
_SCORER = """
def model_fn(folder):
    return open(folder + "/word.txt").read()
def input_fn(body, content_type):
    return bytes(body).decode() if not isinstance(body, str) else body
def predict_fn(text, word):
    return "".join(f"{line},{word}\\n" for line in text.splitlines())
def output_fn(text, accept):
    return text
"""
_LIMIT = {"MaxRuntimeInSeconds": 120}


def definition(*steps: Mapping[str, Any]) -> str:
    """A pipeline definition of these steps; without any, of one that fails."""
    fail = {"Name": "No", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": list(steps) or [fail]})


def processing(name: str | None, command: Sequence[str] = NOTHING, **more: Any) -> dict[str, Any]:
    """A processing job that runs a command; without a name, the arguments of a step."""
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return {
        **({"ProcessingJobName": name} if name else {}),
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": list(command)},
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": _LIMIT,
        "RoleArn": ROLE,
        **more,
    }


def training(name: str, bucket: str, command: Sequence[str]) -> dict[str, Any]:
    """A training job that runs a command."""
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": list(command),
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "StoppingCondition": _LIMIT,
        "RoleArn": ROLE,
    }


def transform(name: str, model: str, bucket: str, folder: str) -> dict[str, Any]:
    """A transform job over the CSV objects of a folder, into `<folder>-scored`."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{folder}/"}
    return {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        "TransformOutput": {"S3OutputPath": f"s3://{bucket}/{folder}-scored", "Accept": "text/csv"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }


def container(model_data_uri: str) -> dict[str, Any]:
    """A container in script mode for the archive of `scorer`."""
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    return {"Image": IMAGE, "ModelDataUrl": model_data_uri, "Environment": environment}


def specification(model_data_uri: str) -> dict[str, Any]:
    """The InferenceSpecification of a model package with that container."""
    return {
        "Containers": [container(model_data_uri)],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
    }


def scorer(word: str) -> bytes:
    """A model.tar.gz whose model appends a word to each line."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in {"word.txt": word, "code/inference.py": _SCORER}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
