"""MiniStack, patched and served in this process: once, because it keeps its state in its modules."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sagemaker_local.app.asgi import Gateway
from sagemaker_local.app.server import run
from sagemaker_local.cli.client import health
from sagemaker_local.ministack.service import LocalAws
from sagemaker_local.settings import HOST, Settings
from tests.fakes.endpoint import EchoApi

_NO_RETRIES = Config(retries={"total_max_attempts": 1})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that answers, with everything behind it."""

    aws: LocalAws
    gateway: Gateway
    settings: Settings

    def client(self, service: str) -> Any:
        return client(service, self.settings.url)


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=_NO_RETRIES,
    )


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    before = dict(os.environ)
    settings = Settings(root=tmp_path_factory.mktemp("endpoint"), port=free_port(), region="eu-west-1")
    aws = LocalAws.start(settings)
    gateway = Gateway(EchoApi(), aws, settings)
    thread = threading.Thread(target=run, args=(gateway, settings), daemon=True)
    thread.start()
    while health(settings.port) is None:
        assert thread.is_alive()
        time.sleep(0.02)
    yield Served(aws, gateway, settings)
    gateway.request_shutdown()
    thread.join()
    aws.close()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def bucket(served: Served, request: pytest.FixtureRequest) -> str:
    """A fresh, empty bucket."""
    name = f"b-{abs(hash(request.node.nodeid)):020d}"
    served.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name
