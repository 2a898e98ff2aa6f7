"""Processing jobs that run one script of ours: where code, inputs and outputs lie in the container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pipelines.code import read_scripts
from pipelines.sdk import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output, Processor
from pipelines.steps.context import StepContext

INPUT = PurePosixPath("/opt/ml/processing/input")
OUTPUT = PurePosixPath("/opt/ml/processing/output")
SCHEMA_FILE = "schema.json"
SCHEMA_PATH = str(INPUT / "schema" / SCHEMA_FILE)


def job_arguments(
    context: StepContext,
    *,
    scripts: Sequence[str],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    arguments: Sequence[Any],
    instance_type: Any = None,
    max_runtime_seconds: int | None = None,
) -> Any:
    """Describe a job of one instance that runs the first of `scripts`.

    Args:
        context: the build.
        scripts: the script to run and the files that it imports.
        inputs: names and S3 addresses; each lies in a folder of its name below INPUT.
        outputs: names and S3 addresses; each is taken from a folder of its name below OUTPUT.
        arguments: of the script; literals are text.
        instance_type: another one than the parameter ProcessingInstanceType.
        max_runtime_seconds: another limit than the configuration's for processing.
    """
    config = context.config
    processor = Processor(
        image_uri=context.image_uri,
        role=context.role,
        entrypoint=["python3", str(INPUT / "code" / scripts[0])],
        instance_type=instance_type or context.parameters.processing_instance_type,
        instance_count=1,
        volume_size_in_gb=config.processing.volume_gb,
        max_runtime_in_seconds=max_runtime_seconds or config.processing.max_runtime_seconds,
        sagemaker_session=context.session,
    )
    code = context.artifacts.add_folder(read_scripts(scripts))
    return processor.run(
        inputs=[_input(name, address) for name, address in {**inputs, "code": code}.items()],
        outputs=[_output(name, address) for name, address in outputs.items()],
        arguments=list(arguments),
    )


def schema_address(context: StepContext) -> str:
    """Keep the description of the columns as a document; return its address."""
    document = json.dumps(context.config.dataset.as_schema(), indent=2, ensure_ascii=False) + "\n"
    return context.artifacts.add_file(SCHEMA_FILE, document.encode())


def output_of(step: Any, name: str) -> Any:
    """Refer to the address of a processing step's output, which also makes the edge to that step."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _input(name: str, address: Any) -> Any:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=address, local_path=str(INPUT / name), s3_data_type="S3Prefix", s3_input_mode="File"
        ),
    )


def _output(name: str, address: Any) -> Any:
    # A fresh object each time: the SDK writes into it, and two steps that share one would share the address.
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=address, local_path=str(OUTPUT / name), s3_upload_mode="EndOfJob"),
    )
