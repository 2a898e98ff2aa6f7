"""The endpoint's own time for a job, and twenty independent no-op steps, beside the same processes started bare."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

# Started as a file, Python looks beside the file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from sagemaker_local.cli.endpoint import ensure_up
from sagemaker_local.settings import Settings

JOBS = 15
STEPS = 20
BUCKET = "benchmark"
IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::000000000000:role/benchmark"
NO_OP = "print('nothing to do')\n"


def free_port() -> int:
    """Ask the kernel for a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def job_request() -> dict[str, Any]:
    """A processing job with one input and one output, as every step of the project has."""
    return {
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/no_op.py"],
        },
        "RoleArn": ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "ProcessingInputs": [
            {
                "InputName": "code",
                "S3Input": {
                    "S3Uri": f"s3://{BUCKET}/code/",
                    "LocalPath": "/opt/ml/processing/input/code",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/out",
                        "LocalPath": "/opt/ml/processing/output/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    }


def bare_seconds(script: Path) -> float:
    """How long the script's process takes when nothing manages it."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def job_seconds(client: Any, name: str) -> float:
    """From CreateProcessingJob to the end that DescribeProcessingJob shows."""
    client.create_processing_job(ProcessingJobName=name, **job_request())
    while True:
        job = client.describe_processing_job(ProcessingJobName=name)
        if job["ProcessingJobStatus"] == "Completed":
            return float((job["ProcessingEndTime"] - job["CreationTime"]).total_seconds())
        if job["ProcessingJobStatus"] != "InProgress":
            raise SystemExit(f"{name}: {job['ProcessingJobStatus']} {job.get('FailureReason')}")
        time.sleep(0.02)


def execution_seconds(client: Any) -> float:
    """One execution of STEPS independent steps, from StartPipelineExecution to Succeeded."""
    definition = {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [],
        "Steps": [{"Name": f"NoOp{i:02d}", "Type": "Processing", "Arguments": job_request()} for i in range(STEPS)],
    }
    client.create_pipeline(PipelineName="no-ops", PipelineDefinition=json.dumps(definition), RoleArn=ROLE)
    begin = time.perf_counter()
    arn = client.start_pipeline_execution(PipelineName="no-ops")["PipelineExecutionArn"]
    while True:
        state = client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        if state == "Succeeded":
            return time.perf_counter() - begin
        if state != "Executing":
            raise SystemExit(f"the execution ended as {state}")
        time.sleep(0.05)


def measure(session: Any, script: Path) -> None:
    """Print both figures and the ratio."""
    s3, client = session.client("s3"), session.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": session.region_name})
    s3.put_object(Bucket=BUCKET, Key="code/no_op.py", Body=NO_OP.encode())
    job_seconds(client, "warm-up")
    overheads = [job_seconds(client, f"job-{number}") - bare_seconds(script) for number in range(JOBS)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        begin = time.perf_counter()
        list(pool.map(bare_seconds, [script] * STEPS))
        bare = time.perf_counter() - begin
    execution = execution_seconds(client)
    print(f"own time for a job, median of {JOBS}:   {statistics.median(overheads):7.3f} s   (at most 0.3 s)")
    print(f"own time for a job, slowest:        {max(overheads):7.3f} s")
    print(f"{STEPS} independent no-op steps:          {execution:7.3f} s   (at most 12 s)")
    print(f"{STEPS} bare processes, {os.cpu_count()} at a time:     {bare:7.3f} s   (baseline)")
    print("ratio of the execution's time to the baseline's, lower is better")
    print(f"ratio: {execution / bare:.2f}")


def main() -> None:
    """Start an endpoint of its own, measure, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "endpoint"
        script = Path(folder) / "no_op.py"
        script.write_text(NO_OP)
        endpoint = ensure_up(Settings.resolve(root=root, port=free_port()))
        try:
            os.environ.update(endpoint.environment())
            measure(boto3.Session(region_name=endpoint.region), script)
        finally:
            subprocess.run(
                [sys.executable, "-m", "sagemaker_local", "down", "--root", str(root)],
                check=True,
                stdout=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    main()
