"""`--local` where the environment leads to a real account: only this machine is reached, also from inside jobs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import conftest
from tests.acceptance.conftest import PROJECT, Endpoint
from tests.acceptance.execution import BUCKET, as_parquet, small_customers, small_options, until
from tests.acceptance.probe import ROLE, processing_request

_POISON = "FOREIGNACCOUNT"
_SITE = """
import pathlib, socket, sys

def note(name, text):
    with open(pathlib.Path({folder!r}, name), "a") as file:
        file.write(text + "\\n")

def guarded(original, host_of):
    def call(*arguments, **options):
        host = host_of(arguments)
        if host not in (None, "", "127.0.0.1", b"127.0.0.1", "localhost", "::1"):
            note("foreign", f"{{host}} by {{sys.orig_argv}}")
            raise OSError(f"{{host}} is not this machine")
        return original(*arguments, **options)
    return call

def peer(arguments):
    return arguments[1][0] if isinstance(arguments[1], tuple) else None

socket.socket.connect = guarded(socket.socket.connect, peer)
socket.socket.connect_ex = guarded(socket.socket.connect_ex, peer)
socket.getaddrinfo = guarded(socket.getaddrinfo, lambda arguments: arguments[0])
note("guarded", " ".join(sys.orig_argv))
"""
_PROBE = """
import json, os
import boto3

def look():
    return {
        "environ": dict(os.environ),
        "identity": boto3.client("sts").get_caller_identity()["Arn"],
        "buckets": [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]],
        "pipelines": len(boto3.client("sagemaker").list_pipelines()["PipelineSummaries"]),
    }
"""


@dataclass(frozen=True)
class Poisoned:
    """An endpoint that a door started in a poisoned environment, and what the guard of every process wrote down."""

    endpoint: Endpoint
    guard: Path
    done: subprocess.CompletedProcess[str]

    def noted(self, name: str) -> list[str]:
        path = self.guard / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poisoned]:
    """Run the whole pipeline with --local where everything else leads to another account."""
    folder = tmp_path_factory.mktemp("poisoned")
    guard = folder / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(_SITE.format(folder=str(guard)))
    root, port = folder / "root", conftest.free_port()
    environment = {
        **_poison(folder),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(guard),
        "SAGEMAKER_LOCAL_ROOT": str(root),
        "SAGEMAKER_LOCAL_PORT": str(port),
    }
    customers = folder / "customers.parquet"
    customers.write_bytes(as_parquet(small_customers()))
    uploaded = _door(environment, "pipeline.py", "upload", str(customers), "--local")
    try:
        assert uploaded.returncode == 0, uploaded.stderr
        done = _door(environment, "execute_pipeline.py", "end-to-end", "--local", *conftest.FROM_S3, *small_options())
        yield Poisoned(conftest.start(root, port), guard, done)
    finally:
        _door(environment, "-m", "sagemaker_local", "down")


def _door(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _poison(folder: Path) -> dict[str, str]:
    """Every way that boto3 and the SDK know to find another account, endpoint or proxy."""
    home = folder / "home"
    (home / ".aws").mkdir(parents=True)
    profile = f"aws_access_key_id = {_POISON}\naws_secret_access_key = {_POISON}\n"
    config = f"region = eu-central-1\nendpoint_url = https://{_POISON}.example\n"
    (home / ".aws/credentials").write_text(f"[default]\n{profile}\n[production]\n{profile}")
    (home / ".aws/config").write_text(f"[default]\n{config}\n[profile production]\n{config}")
    (folder / "token").write_text(_POISON)
    services = ("S3", "SAGEMAKER", "STS", "LAMBDA", "GLUE", "ATHENA", "IAM", "CLOUDWATCH_LOGS")
    return {
        "HOME": str(home),
        "AWS_CONFIG_FILE": str(home / ".aws/config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws/credentials"),
        "AWS_PROFILE": "production",
        "AWS_DEFAULT_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": _POISON,
        "AWS_SECRET_ACCESS_KEY": _POISON,
        "AWS_SESSION_TOKEN": _POISON,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ROLE_ARN": f"arn:aws:iam::123456789012:role/{_POISON}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials",
        "AWS_ENDPOINT_URL": f"https://{_POISON}.example",
        **{f"AWS_ENDPOINT_URL_{service}": f"https://{_POISON}.example" for service in services},
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_CA_BUNDLE": f"/{_POISON}.pem",
        "HTTP_PROXY": f"http://{_POISON}.example:3128",
        "HTTPS_PROXY": f"http://{_POISON}.example:3128",
        "http_proxy": f"http://{_POISON}.example:3128",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": f"s3://{_POISON.lower()}/config.yaml",
    }


def test_the_whole_pipeline_reaches_this_machine_only(poisoned: Poisoned) -> None:
    assert poisoned.done.returncode == 0, poisoned.done.stdout + poisoned.done.stderr
    assert _POISON not in poisoned.done.stdout + poisoned.done.stderr
    guarded = poisoned.noted("guarded")
    assert any("execute_pipeline.py" in line for line in guarded)
    assert any("sagemaker_local up" in line for line in guarded), "the endpoint's own process has the guard, too"
    assert poisoned.noted("foreign") == []


def test_the_guard_notes_what_leaves_this_machine(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SITE.format(folder=str(tmp_path)))
    call = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)"

    done = subprocess.run(
        [sys.executable, "-c", call], env={"PYTHONPATH": str(tmp_path)}, check=False, capture_output=True
    )

    assert b"192.0.2.1 is not this machine" in done.stderr
    assert "192.0.2.1" in (tmp_path / "foreign").read_text()


def test_a_job_has_its_roles_credentials_and_reaches_this_machine_only(poisoned: Poisoned) -> None:
    endpoint, name = poisoned.endpoint, f"probe-{uuid.uuid4().hex[:8]}"
    script = f"{_PROBE}\njson.dump(look(), open('/opt/ml/processing/output/seen.json', 'w'))\n"
    request = processing_request(endpoint, name, script)
    sagemaker = endpoint.client("sagemaker")
    sagemaker.create_processing_job(**request, ProcessingJobName=name, Environment={"PYTHONPATH": str(poisoned.guard)})

    def ended() -> Any:
        job = sagemaker.describe_processing_job(ProcessingJobName=name)
        return job["ProcessingJobStatus"] != "InProgress" and job

    assert until(ended, timeout=60)["ProcessingJobStatus"] == "Completed"
    body = endpoint.client("s3").get_object(Bucket=BUCKET, Key=f"tests/output/{name}/seen.json")["Body"].read()
    _check_seen(poisoned, json.loads(body))
    assert any("run.py" in line for line in poisoned.noted("guarded"))


def test_a_function_has_its_roles_credentials_and_reaches_this_machine_only(poisoned: Poisoned) -> None:
    functions, name = poisoned.endpoint.client("lambda"), f"probe-{uuid.uuid4().hex[:8]}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="probe.handler",
        Code={"ZipFile": _archive(f"{_PROBE}\ndef handler(event, context):\n    return look()\n")},
        Environment={"Variables": {"PYTHONPATH": str(poisoned.guard)}},
        Timeout=60,
    )

    answer = functions.invoke(FunctionName=name)

    text = answer["Payload"].read().decode()
    assert "FunctionError" not in answer, text
    _check_seen(poisoned, json.loads(text))


def _check_seen(poisoned: Poisoned, seen: dict[str, Any]) -> None:
    environ, endpoint = seen["environ"], poisoned.endpoint
    assert [name for name, value in environ.items() if _POISON in value or _POISON.lower() in value] == []
    assert environ["AWS_ENDPOINT_URL"] == endpoint.running.url
    assert {environ["AWS_REGION"], environ["AWS_DEFAULT_REGION"]} == {"us-west-2"}
    assert seen["identity"].startswith("arn:aws:sts::000000000000:assumed-role/ML-Role-Pipelines/"), seen["identity"]
    assert seen["buckets"] == [BUCKET]
    assert seen["pipelines"] == 1
    assert poisoned.noted("foreign") == []


def _archive(source: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("probe.py", source)
    return body.getvalue()
