"""A person's pipeline with stock SDK classes: upserted twice, started, waited for, listed, stopped and deleted."""

from __future__ import annotations

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.processing import FrameworkProcessor, ScriptProcessor
from sagemaker.core.shapes import (
    MetricDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import (
    CacheConfig,
    ConditionStep,
    FailStep,
    LambdaOutput,
    LambdaStep,
    ParallelismConfiguration,
    Pipeline,
    ProcessingStep,
    TrainingStep,
)
from sagemaker.train.model_trainer import ModelTrainer

from tests.acceptance.programs import sdk_session as own
from tests.acceptance.programs.report import print_report

NAME = "sdk-tour"
_OUTPUT = "/opt/ml/processing/output"
_INPUT = "/opt/ml/processing/input"

session = own.pipeline_session()
label = ParameterString("Label", default_value="nobody")
minimum = ParameterFloat("Minimum", default_value=1.0)
rounds = ParameterInteger("Rounds", default_value=2)
state: dict[str, Any] = {}


def count_step() -> Any:
    """A local script in a ScriptProcessor, cached, with a property file."""
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
            local_path=f"{_INPUT}/raw",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )
    return ProcessingStep(
        name="Count",
        step_args=processor.run(
            code=str(own.JOBS / "count.py"), inputs=[raw], outputs=[_output("report")], arguments=["--label", label]
        ),
        property_files=[PropertyFile(name="Report", output_name="report", path="count.json")],
        cache_config=CacheConfig(enable_caching=True, expire_after="P1D"),
    )


def package_step(count: Any) -> Any:
    """A folder of code in a FrameworkProcessor: the SDK's runproc.sh unpacks it."""
    processor = FrameworkProcessor(
        image_uri=own.IMAGE,
        command=["python3"],
        role=own.ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )
    return ProcessingStep(
        name="Package",
        step_args=processor.run(
            code="main.py",
            source_dir=str(own.JOBS / "package"),
            outputs=[_output("greeting")],
            arguments=[f"{_OUTPUT}/greeting", label],
        ),
        depends_on=[count],
    )


def train_step() -> Any:
    """A ModelTrainer with local code: the SDK's own driver starts it with /bin/bash."""
    trainer = ModelTrainer(
        training_image=own.OWN_IMAGE,
        role=own.ROLE,
        sagemaker_session=session,
        base_job_name="tour",
        source_code=SourceCode(source_dir=str(own.JOBS / "trainer"), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{own.BUCKET}/models"),
        input_data_config=[InputData(channel_name="train", data_source=f"s3://{own.BUCKET}/raw/")],
        hyperparameters={"rounds": rounds.to_string()},
    ).with_metric_definitions([MetricDefinition(name="validation:auc", regex=r"validation-auc:([0-9\.]+)")])
    return TrainingStep(name="Train", step_args=trainer.train())


def gate_step(count: Any) -> Any:
    """Enough lines call a function; too few fail the execution."""
    lines = JsonGet(step_name=count.name, property_file="Report", json_path="lines.value")
    function = Lambda(
        function_name="sdk-answer",
        execution_role_arn=own.ROLE,
        script=str(own.JOBS / "answer.py"),
        handler="answer.handler",
        runtime="python3.12",
        session=session,
    )
    answer = LambdaStep(
        name="Answer",
        lambda_func=function,
        inputs={"Number": lines},
        outputs=[LambdaOutput(output_name="Doubled"), LambdaOutput(output_name="Text")],
    )
    refuse = FailStep(
        name="TooFew", error_message=Join(on=" ", values=["only", lines, "lines, not", minimum.to_string()])
    )
    return ConditionStep(
        name="Gate",
        conditions=[ConditionGreaterThanOrEqualTo(left=lines, right=minimum)],
        if_steps=[answer],
        else_steps=[refuse],
    )


def _output(name: str) -> Any:
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri="", local_path=f"{_OUTPUT}/{name}", s3_upload_mode="EndOfJob"),
    )


def tour() -> Any:
    """The pipeline of all these steps."""
    count = count_step()
    steps = [count, package_step(count), train_step(), gate_step(count)]
    return Pipeline(name=NAME, parameters=[label, minimum, rounds], steps=steps, sagemaker_session=session)


def upsert() -> dict[str, Any]:
    """Create, then update: the SDK finds out which by the error of the first call."""
    own.make_bucket()
    own.make_role()
    state["pipeline"] = tour()
    tags = [{"Key": "team", "Value": "churn"}]
    first = state["pipeline"].upsert(role_arn=own.ROLE, description="first", tags=tags)
    second = state["pipeline"].upsert(role_arn=own.ROLE, description="second", tags=tags)
    described = state["pipeline"].describe()
    versions = state["pipeline"].list_pipeline_versions()["PipelineVersionSummaries"]
    tagged = boto3.client("sagemaker").list_tags(ResourceArn=first["PipelineArn"])["Tags"]
    return {
        "first": first["PipelineArn"],
        "second": second["PipelineArn"],
        "description": described["PipelineDescription"],
        "versions": len(versions),
        "tags": {tag["Key"]: tag["Value"] for tag in tagged},
    }


def first_run() -> dict[str, Any]:
    """Start with parameters and a limit of parallel steps, wait, list."""
    execution = state["pipeline"].start(
        parameters={"Label": "ada", "Rounds": 3}, parallelism_config=ParallelismConfiguration(1)
    )
    execution.wait(delay=1, max_attempts=120)
    state["first"] = execution
    return {**_seen(execution), "parameters": execution.list_parameters()["PipelineParameters"]}


def second_run() -> dict[str, Any]:
    """Start again with what the first one was given: the cached step is not run again."""
    parameters = state["pipeline"].build_parameters_from_execution(state["first"].arn, {"Rounds": 1})
    execution = state["pipeline"].start(parameters=parameters)
    execution.wait(delay=1, max_attempts=120)
    return {"source": state["first"].arn, **_seen(execution)}


def refused_run() -> dict[str, Any]:
    """Ask for more lines than there are: the FailStep ends it, and the SDK's wait raises."""
    execution = state["pipeline"].start(parameters={"Label": "ada", "Minimum": 4.5, "Rounds": 1})
    try:
        execution.wait(delay=1, max_attempts=120)
    except WaiterError as error:
        return {"raised": str(error), **_seen(execution)}
    return {"raised": "", **_seen(execution)}


def stopped_run() -> dict[str, Any]:
    """Stop an execution whose script would go on for long."""
    processor = ScriptProcessor(
        image_uri=own.IMAGE,
        command=["python3", "-c", "import time; print('sleeping', flush=True); time.sleep(300)"],
        role=own.ROLE,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )
    sleeper = ProcessingStep(name="Sleep", step_args=processor.run(code=str(own.JOBS / "count.py")))
    pipeline = Pipeline(name="sdk-sleeper", steps=[sleeper], sagemaker_session=session)
    pipeline.create(role_arn=own.ROLE)
    execution = pipeline.start()
    _until(lambda: bool(execution.list_steps()))
    execution.stop()
    _until(lambda: execution.describe()["PipelineExecutionStatus"] == "Stopped")
    return _seen(execution)


def large() -> dict[str, Any]:
    """A definition of 100 KiB and more goes through S3."""
    steps = [
        ConditionStep(
            name=f"Step{number}",
            description="x" * 2000,
            conditions=[ConditionGreaterThanOrEqualTo(left=minimum, right=0.5)],
            if_steps=[],
            else_steps=[],
        )
        for number in range(60)
    ]
    pipeline = Pipeline(name="sdk-large", parameters=[minimum], steps=steps, sagemaker_session=session)
    pipeline.upsert(role_arn=own.ROLE)
    pipeline.upsert(role_arn=own.ROLE)
    execution = pipeline.start()
    execution.wait(delay=1, max_attempts=60)
    keys = [
        entry["Key"]
        for entry in boto3.client("s3").list_objects_v2(Bucket=own.BUCKET, Prefix="sdk-large").get("Contents", [])
    ]
    return {
        "sent": len(pipeline.definition()),
        "stored": pipeline.describe()["PipelineDefinition"] == pipeline.definition(),
        "keys": keys,
        "status": execution.describe()["PipelineExecutionStatus"],
    }


def delete() -> dict[str, Any]:
    """Delete, then ask for it."""
    state["pipeline"].delete()
    try:
        state["pipeline"].describe()
    except ClientError as error:
        return {"code": error.response["Error"]["Code"]}
    return {"code": ""}


def _seen(execution: Any) -> dict[str, Any]:
    described = execution.describe()
    return {
        "status": described["PipelineExecutionStatus"],
        "reason": described.get("FailureReason", ""),
        "steps": {step["StepName"]: step for step in execution.list_steps()},
    }


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)


if __name__ == "__main__":
    print_report(
        {
            "upsert": upsert,
            "first": first_run,
            "second": second_run,
            "refused": refused_run,
            "stopped": stopped_run,
            "large": large,
            "delete": delete,
        }
    )
