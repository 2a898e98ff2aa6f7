"""The SDK without a pipeline: jobs run at once with their logs, and sagemaker-core's resources."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from typing import Any

import boto3
from sagemaker.core.processing import ScriptProcessor, logs_for_processing_job
from sagemaker.core.resources import (
    Model,
    ModelPackage,
    ModelPackageGroup,
    Pipeline,
    PipelineExecution,
    ProcessingJob,
    TrainingJob,
    TransformJob,
)
from sagemaker.core.shapes import (
    ContainerDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode, StoppingCondition
from sagemaker.train.model_trainer import ModelTrainer

from tests.acceptance.programs import sdk_session as own
from tests.acceptance.programs.report import print_report

_SCORER = """
def model_fn(folder):
    return open(folder + "/word.txt").read()
def input_fn(body, content_type):
    return body if isinstance(body, str) else bytes(body).decode()
def predict_fn(text, word):
    return "".join(f"{line},{word}\\n" for line in text.splitlines())
def output_fn(text, accept):
    return text
"""
_GROUP = "sdk-group"
_JOB = "sdk-processing"
_MODEL = "scorer/model.tar.gz"
_ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


def processing() -> dict[str, Any]:
    """Run a script as a job, wait for it and show its log, as in a notebook."""
    own.make_bucket()
    own.make_role()
    processor = ScriptProcessor(
        image_uri=own.IMAGE,
        command=["python3"],
        role=own.ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=own.direct_session(),
    )
    raw = ProcessingS3Input(
        s3_uri=f"s3://{own.BUCKET}/raw/",
        local_path="/opt/ml/processing/input/raw",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
    )
    report = ProcessingS3Output(
        s3_uri=f"s3://{own.BUCKET}/report",
        local_path="/opt/ml/processing/output/report",
        s3_upload_mode="EndOfJob",
    )
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        processor.run(
            code=str(own.JOBS / "count.py"),
            inputs=[ProcessingInput(input_name="raw", s3_input=raw)],
            outputs=[ProcessingOutput(output_name="report", s3_output=report)],
            arguments=["--label", "direct"],
            job_name=_JOB,
            wait=False,
        )
        # What `run` does with wait=True, logs=True; it would ask every ten seconds.
        logs_for_processing_job(processor.sagemaker_session, _JOB, wait=True, poll=0.5)
    job = ProcessingJob.get(_JOB)
    written = boto3.client("s3").get_object(Bucket=own.BUCKET, Key="report/count.json")["Body"].read()
    return {
        "shown": shown.getvalue(),
        "status": job.processing_job_status,
        "arn": job.processing_job_arn,
        "output": json.loads(written),
        "names": [entry.processing_job_name for entry in ProcessingJob.get_all(name_contains=_JOB)],
    }


def training() -> dict[str, Any]:
    """Train with a ModelTrainer, without a pipeline."""
    trainer = ModelTrainer(
        training_image=own.IMAGE,
        role=own.ROLE,
        sagemaker_session=own.direct_session(),
        base_job_name="direct",
        source_code=SourceCode(source_dir=str(own.JOBS / "trainer"), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{own.BUCKET}/models"),
        input_data_config=[InputData(channel_name="train", data_source=f"s3://{own.BUCKET}/raw/")],
        hyperparameters={"rounds": 2},
    )
    trainer.train(wait=False)
    name = trainer._latest_training_job.training_job_name  # the SDK offers no other way to it
    boto3.client("sagemaker").get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    job = TrainingJob.get(name)
    return {
        "status": job.training_job_status,
        "secondary": job.secondary_status,
        "artifact": job.model_artifacts.s3_model_artifacts,
        "model": _member(job.model_artifacts.s3_model_artifacts, "model.json"),
        "failure": repr(job.failure_reason),
    }


def registry() -> dict[str, Any]:
    """Register a version, approve it, and read it back through each resource's own reading."""
    archive = _archive({"word.txt": "ok", "code/inference.py": _SCORER})
    boto3.client("s3").put_object(Bucket=own.BUCKET, Key=_MODEL, Body=archive)
    group = ModelPackageGroup.create(model_package_group_name=_GROUP, model_package_group_description="of the SDK")
    # ModelPackage.create takes the model card's class for the specification (3.27): boto3 says it right.
    for _ in range(2):
        boto3.client("sagemaker").create_model_package(
            ModelPackageGroupName=_GROUP,
            InferenceSpecification={
                "Containers": [
                    {"Image": own.IMAGE, "ModelDataUrl": f"s3://{own.BUCKET}/{_MODEL}", "Environment": _ENVIRONMENT}
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
                "SupportedTransformInstanceTypes": ["ml.m5.large"],
            },
            ModelApprovalStatus="PendingManualApproval",
        )
    versions = list(ModelPackage.get_all(model_package_group_name=_GROUP, sort_order="Descending"))
    newest = ModelPackage.get(versions[0].model_package_arn)
    # The SDK (3.27) reads again by the name, which is the group's, after its own update.
    boto3.client("sagemaker").update_model_package(
        ModelPackageArn=newest.model_package_arn, ModelApprovalStatus="Approved"
    )
    return {
        "group": group.model_package_group_arn,
        "versions": [entry.model_package_version for entry in versions],
        "approval": ModelPackage.get(newest.model_package_arn).model_approval_status,
        "approved": [
            entry.model_package_version
            for entry in ModelPackage.get_all(model_package_group_name=_GROUP, model_approval_status="Approved")
        ],
    }


def transform() -> dict[str, Any]:
    """Make a model of the approved version and transform a file with it."""
    package = next(iter(ModelPackage.get_all(model_package_group_name=_GROUP, model_approval_status="Approved")))
    Model.create(
        model_name="sdk-model",
        execution_role_arn=own.ROLE,
        primary_container=ContainerDefinition(model_package_name=package.model_package_arn),
    )
    job = TransformJob.create(
        transform_job_name="sdk-transform",
        model_name="sdk-model",
        transform_input=TransformInput(
            data_source=TransformDataSource(
                s3_data_source=TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=f"s3://{own.BUCKET}/raw/")
            ),
            content_type="text/csv",
        ),
        transform_output=TransformOutput(s3_output_path=f"s3://{own.BUCKET}/scored", accept="text/csv"),
        transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
    )
    job.wait(poll=1, timeout=120)
    body = boto3.client("s3").get_object(Bucket=own.BUCKET, Key="scored/lines.txt.out")["Body"].read()
    return {"status": job.transform_job_status, "output": body.decode()}


def pipelines() -> dict[str, Any]:
    """A pipeline and its execution as resources."""
    definition = {
        "Version": "2020-12-01",
        "Steps": [{"Name": "No", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}],
    }
    pipeline = Pipeline.create(
        pipeline_name="sdk-core",
        pipeline_display_name="Core",
        client_request_token="a" * 32,
        role_arn=own.ROLE,
        pipeline_definition=json.dumps(definition),
    )
    arn = boto3.client("sagemaker").start_pipeline_execution(PipelineName="sdk-core")["PipelineExecutionArn"]
    execution = PipelineExecution.get(arn)
    execution.wait_for_status("Failed", poll=1, timeout=30)
    return {
        "display": Pipeline.get("sdk-core").pipeline_display_name,
        "status": execution.pipeline_execution_status,
        "names": [entry.pipeline_name for entry in Pipeline.get_all(pipeline_name_prefix="sdk")],
        "arn": pipeline.pipeline_arn,
    }


def missing() -> dict[str, Any]:
    """What a resource says of a job that is not there."""
    try:
        ProcessingJob.get("nobody")
    except Exception as error:  # noqa: BLE001  # the test looks at it
        return {"error": f"{type(error).__name__}: {error}"}
    return {"error": ""}


def _archive(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _member(uri: str, name: str) -> Any:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        found = archive.extractfile(name)
        return json.loads(found.read()) if found else None


if __name__ == "__main__":
    print_report(
        {
            "processing": processing,
            "training": training,
            "registry": registry,
            "transform": transform,
            "pipelines": pipelines,
            "missing": missing,
        }
    )
