"""Steps and definitions as the SDK writes them, for tests of what a definition means."""

from __future__ import annotations

import json
from typing import Any

IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::000000000000:role/pipeline"
FUNCTION = "arn:aws:lambda:us-west-2:000000000000:function:latest"
Json = dict[str, Any]


def get(path: str) -> Json:
    return {"Get": path}


def join(*values: Any, on: str = "") -> Json:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def json_get(step: str, file: str, path: str) -> Json:
    return {"Std:JsonGet": {"PropertyFile": get(f"Steps.{step}.PropertyFiles.{file}"), "Path": path}}


def after(step: str, trigger: str) -> Json:
    """An entry of DependsOn that asks for an outcome other than success."""
    return {"Step": step, "Trigger": trigger}


def processing(name: str = "Prepare", *, arguments: Json | None = None, **keys: Any) -> Json:
    """A Processing step with one output named `data`."""
    uri = join("s3://bucket", get("Execution.PipelineExecutionId"), name, on="/")
    output = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/output/data", "S3UploadMode": "EndOfJob"}
    request = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "/opt/ml/processing/run.py"]},
        "RoleArn": ROLE,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "data", "S3Output": output}]},
        **(arguments or {}),
    }
    return {"Name": name, "Type": "Processing", "Arguments": request, **keys}


def report_file(name: str = "Report", output: str = "data") -> list[Json]:
    """Property files with one file."""
    return [{"PropertyFileName": name, "OutputName": output, "FilePath": "report.json"}]


def input_from(step: str, output: str = "data") -> Json:
    """Arguments that make a Processing step read another's output."""
    source = {
        "S3Uri": get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"),
        "LocalPath": "/opt/ml/processing/input/data",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"ProcessingInputs": [{"InputName": "data", "S3Input": source}]}


def training(name: str = "Train", *, arguments: Json | None = None, **keys: Any) -> Json:
    request = {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **(arguments or {}),
    }
    return {"Name": name, "Type": "Training", "Arguments": request, **keys}


def tuning(name: str = "Tune", *, arguments: Json | None = None, **keys: Any) -> Json:
    return {"Name": name, "Type": "Tuning", "Arguments": tuning_request(**(arguments or {})), **keys}


def tuning_request(**members: Any) -> Json:
    """A random search of six training jobs, two at a time, for the greatest validation:auc."""
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.9"}]},
        "RandomSeed": 1,
        **members.pop("config", {}),
    }
    definition = {**training()["Arguments"], "StaticHyperParameters": {"sagemaker_program": "train.py"}}
    return {
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": {**definition, **members.pop("definition", {})},
        **members,
    }


def model(name: str = "CreateModel", *, arguments: Json | None = None, **keys: Any) -> Json:
    request = {
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://bucket/models/model.tar.gz"},
        **(arguments or {}),
    }
    return {"Name": name, "Type": "Model", "Arguments": request, **keys}


def register(name: str = "Register", *, arguments: Json | None = None, **keys: Any) -> Json:
    request = {
        "ModelPackageGroupName": "Churn",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/models/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **(arguments or {}),
    }
    return {"Name": name, "Type": "RegisterModel", "Arguments": request, **keys}


def transform(name: str = "Transform", *, model_name: Any, arguments: Json | None = None, **keys: Any) -> Json:
    request = {
        "ModelName": model_name,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/batch/"}}},
        "TransformOutput": {"S3OutputPath": "s3://bucket/predictions"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        **(arguments or {}),
    }
    return {"Name": name, "Type": "Transform", "Arguments": request, **keys}


def function(name: str = "Latest", *, outputs: Json | None = None, **keys: Any) -> Json:
    """A Lambda step; `outputs` is name to type."""
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": FUNCTION,
        "Arguments": {},
        "OutputParameters": [{"OutputName": key, "OutputType": kind} for key, kind in (outputs or {}).items()],
        **keys,
    }


def fail(name: str = "Stop", message: Any = "no good", **keys: Any) -> Json:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}, **keys}


def equals(left: Any, right: Any) -> Json:
    return {"Type": "Equals", "LeftValue": left, "RightValue": right}


def condition(
    name: str = "Gate",
    *,
    conditions: list[Json] | None = None,
    then: list[Json] | None = None,
    otherwise: list[Json] | None = None,
    **keys: Any,
) -> Json:
    """A Condition step; true when no conditions are given."""
    branches = {"IfSteps": then or [], "ElseSteps": otherwise or []}
    arguments = {"Conditions": [equals(1, 1)] if conditions is None else conditions, **branches}
    return {"Name": name, "Type": "Condition", "Arguments": arguments, **keys}


def parameter(name: str, default: Any = None, kind: str = "String", **keys: Any) -> Json:
    return {"Name": name, "Type": kind, **({} if default is None else {"DefaultValue": default}), **keys}


def definition(*steps: Json, parameters: list[Json] | None = None, **keys: Any) -> str:
    document = {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": parameters or [],
        "PipelineExperimentConfig": None,
        "MlflowConfig": None,
        "Steps": list(steps),
        **keys,
    }
    return json.dumps(document)
