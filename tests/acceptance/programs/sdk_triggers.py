"""Builds a pipeline with the SDK's run conditions and lets it fail: a failed job sends a mail."""

from __future__ import annotations

import time
from typing import Any

import boto3
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.mlops.workflow import (
    LambdaOutput,
    LambdaStep,
    Pipeline,
    ProcessingStep,
    StepDependency,
    TriggerCondition,
)

from tests.acceptance.programs import sdk_session as own
from tests.acceptance.programs.report import print_report

NAME = "sdk-triggers"

session = own.pipeline_session()


def work_step() -> Any:
    """A job that fails until its input is ready."""
    processor = ScriptProcessor(
        image_uri=own.IMAGE,
        command=["python3"],
        role=own.ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )
    raw = ProcessingInput(
        input_name="raw",
        s3_input=ProcessingS3Input(
            s3_uri=f"s3://{own.BUCKET}/raw/",
            local_path="/opt/ml/processing/input/raw",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )
    return ProcessingStep(name="Work", step_args=processor.run(code=str(own.JOBS / "needs_ready.py"), inputs=[raw]))


def mail_step(name: str, subject: str, topic: str, depends_on: list[Any]) -> Any:
    """A function that sends a mail."""
    function = Lambda(
        function_name="sdk-mailer",
        execution_role_arn=own.ROLE,
        script=str(own.JOBS / "mailer.py"),
        handler="mailer.handler",
        runtime="python3.12",
        session=session,
    )
    return LambdaStep(
        name=name,
        lambda_func=function,
        inputs={"TopicArn": topic, "Subject": subject, "Message": ExecutionVariables.PIPELINE_EXECUTION_ARN},
        outputs=[LambdaOutput(output_name="MessageId")],
        depends_on=depends_on,
    )


def failed() -> dict[str, Any]:
    """Start it, and wait for its end with describe: the SDK's own wait knows no CompletedWithFailures."""
    own.make_bucket()
    own.make_role()
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="sdk-alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    work = work_step()
    steps = [
        work,
        mail_step("Done", "done", topic, [work]),
        mail_step("NotifyFailure-Work", "Work failed", topic, [StepDependency(work, TriggerCondition.FAILED)]),
        mail_step("Always", "Work ended", topic, [StepDependency("Work", TriggerCondition.ANY)]),
        mail_step("Stopped", "Work was stopped", topic, [StepDependency(work, TriggerCondition.STOPPED)]),
    ]
    pipeline = Pipeline(name=NAME, steps=steps, sagemaker_session=session)
    pipeline.upsert(role_arn=own.ROLE)
    execution = pipeline.start()
    deadline = time.monotonic() + 60
    while execution.describe()["PipelineExecutionStatus"] == "Executing":
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
    described = execution.describe()
    return {
        "arn": execution.arn,
        "topic": topic,
        "status": described["PipelineExecutionStatus"],
        "reason": described.get("FailureReason"),
        "steps": {step["StepName"]: step for step in execution.list_steps()},
    }


if __name__ == "__main__":
    print_report({"failed": failed})
