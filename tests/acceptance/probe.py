"""Jobs with a script of a test's own, and the processes that belong to an endpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.acceptance.execution import BUCKET, HasClients
from tests.fakes.step_definitions import IMAGE

CODE_PATH = "/opt/ml/processing/input/code"
ROLE = "arn:aws:iam::000000000000:role/ML-Role-Pipelines"


def processing_request(endpoint: HasClients, name: str, script: str, max_runtime_seconds: int = 60) -> dict[str, Any]:
    """Upload a script and give the arguments of a processing job that runs it, without the job's name."""
    endpoint.client("s3").put_object(Bucket=BUCKET, Key=f"tests/code/{name}/run.py", Body=script.encode())
    source = {
        "S3Uri": f"s3://{BUCKET}/tests/code/{name}",
        "LocalPath": CODE_PATH,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    output = {
        "S3Uri": f"s3://{BUCKET}/tests/output/{name}",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    return {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", f"{CODE_PATH}/run.py"]},
        "ProcessingInputs": [{"InputName": "code", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "output", "S3Output": output}]},
        "StoppingCondition": {"MaxRuntimeInSeconds": max_runtime_seconds},
        "RoleArn": ROLE,
    }


def processes_with(text: str) -> dict[int, str]:
    """The processes of this machine that have a text in their environment or command, with their commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:  # it has ended, or it is somebody else's
            continue
        if text.encode() in command + environment:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found
