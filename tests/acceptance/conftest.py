"""A started endpoint, its clients, and the doors run as a person runs them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from sagemaker_local.cli.endpoint import RunningEndpoint, ensure_up
from sagemaker_local.settings import Settings
from tests.acceptance.execution import BUCKET, as_parquet, small_customers

FROM_S3 = ("--config", "configs/pipeline_config.yaml", "--config", "tests/acceptance/s3_input.yaml")
"""Options of a door: Preprocess reads the files of InputDataUri itself, so that a test decides what they hold."""
PROJECT = Path(__file__).parents[2]


def free_port() -> int:
    """Ask the kernel for a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint of a test's own, with everything that talks to it."""

    running: RunningEndpoint
    root: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What a client process needs, and nothing of this process."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "SAGEMAKER_LOCAL_ROOT": str(self.root),
            "SAGEMAKER_LOCAL_PORT": str(self.port),
            **self.running.environment(),
        }

    def client(self, service: str) -> Any:
        """A plain boto3 client, pointed at the endpoint by its settings only; made once."""
        environment = self.running.environment()
        keys = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        return _client(service, self.running.url, self.running.region, *keys)

    def door(self, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run `python <arguments>` at the top of the project, as a person would with --local."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


@cache
def _client(service: str, url: str, region: str, key: str, secret: str) -> Any:
    # Making one takes up to 0.3 s: tests that poll would spend their time on it.
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
    return session.client(service, endpoint_url=url)


def start(root: Path, port: int | None = None) -> Endpoint:
    """Start an endpoint on `root`."""
    chosen = port or free_port()
    return Endpoint(ensure_up(Settings.resolve(root=root, port=chosen)), root, chosen)


def stop(endpoint: Endpoint) -> None:
    """Stop it; its state stays."""
    subprocess.run(
        [sys.executable, "-m", "sagemaker_local", "down", "--root", str(endpoint.root)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One endpoint for all tests that do not disturb it."""
    started = start(tmp_path_factory.mktemp("endpoint"))
    try:
        yield started
    finally:
        stop(started)


@pytest.fixture
def own_endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """An endpoint for one test that stops, kills or fills it."""
    started = start(tmp_path / "endpoint")
    try:
        yield started
    finally:
        stop(started)


@pytest.fixture(scope="session")
def deployed(endpoint: Endpoint) -> Endpoint:
    """The shared endpoint with the end-to-end pipeline and a few customers to run it on."""
    deploy(endpoint)
    return endpoint


def deploy(endpoint: Endpoint) -> None:
    """Upsert the end-to-end pipeline and upload the customers that `execution.SMALL` is about."""
    done = endpoint.door("pipeline.py", "upsert", "end-to-end", "--local", *FROM_S3)
    assert done.returncode == 0, done.stderr
    key = "mlops/churn/data/input/customers.parquet"
    endpoint.client("s3").put_object(Bucket=BUCKET, Key=key, Body=as_parquet(small_customers()))
