"""What is refused before anything runs: definitions, configurations, a port in use."""

from __future__ import annotations

import socket
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.conftest import PROJECT, Endpoint
from tests.acceptance.probe import ROLE
from tests.fakes.step_definitions import Json, definition, get, input_from, processing


def _create(endpoint: Endpoint, text: str) -> str:
    """Try to create a pipeline, and give the refusal's message."""
    name = f"refused-{uuid.uuid4().hex[:8]}"
    sagemaker = endpoint.client("sagemaker")
    with pytest.raises(ClientError, match="ValidationException") as refused:
        sagemaker.create_pipeline(
            PipelineName=name, PipelineDefinition=text, RoleArn=ROLE, ClientRequestToken=uuid.uuid4().hex
        )
    with pytest.raises(ClientError, match=name):
        sagemaker.describe_pipeline(PipelineName=name)
    message: str = refused.value.response["Error"]["Message"]
    return message


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [processing("A", arguments=input_from("B")), processing("B", arguments=input_from("A"))],
            ["cycle", "A", "B"],
            id="cycle",
        ),
        pytest.param([processing("A", DependsOn=["Nobody"])], ["'A'", "'Nobody'"], id="unknown-dependency"),
        pytest.param(
            [processing("A", arguments=input_from("Nobody"))], ["'A'", "'Nobody'"], id="unknown-step-reference"
        ),
        pytest.param(
            [processing("A", arguments={"RoleArn": get("Parameters.Rolle")})],
            ["'A'", "Unknown parameter 'Rolle'"],
            id="unknown-parameter",
        ),
        pytest.param(
            [{"Name": "Cluster", "Type": "EMR", "Arguments": {}}], ["'EMR'", "Cluster", "Processing"], id="step-type"
        ),
        pytest.param([{"Name": "X", "Type": "Procesing", "Arguments": {}}], ["'Procesing'", "Processing"], id="typo"),
    ],
)
def test_a_wrong_definition_is_refused_at_creation_by_name(
    endpoint: Endpoint, steps: list[Json], expected: list[str]
) -> None:
    message = _create(endpoint, definition(*steps))

    assert [text for text in expected if text not in message] == [], message


def test_a_wrong_definition_does_not_replace_a_good_one(endpoint: Endpoint) -> None:
    sagemaker, good = endpoint.client("sagemaker"), definition(processing("A"))
    sagemaker.create_pipeline(
        PipelineName="kept", PipelineDefinition=good, RoleArn=ROLE, ClientRequestToken=uuid.uuid4().hex
    )

    with pytest.raises(ClientError, match="cycle"):
        sagemaker.update_pipeline(PipelineName="kept", PipelineDefinition=definition(processing("A", DependsOn=["A"])))

    assert sagemaker.describe_pipeline(PipelineName="kept")["PipelineDefinition"] == good


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gate:\n  treshold: 0.8\n", ["gate.treshold", "threshold"]),
        ("transform:\n  max_payload_mb: many\n", ["transform.max_payload_mb", "'many'"]),
    ],
)
def test_an_unknown_or_ill_typed_configuration_key_is_refused_before_the_endpoint_is_started(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    config, root = tmp_path / "mine.yaml", tmp_path / "root"
    config.write_text(text)

    done = _door("execute_pipeline.py", "end-to-end", "--local", *_configs(config), root=root)

    assert done.returncode == 1
    assert [part for part in [*expected, str(config)] if part not in done.stderr] == [], done.stderr
    assert not root.exists()


@pytest.mark.parametrize(
    "arguments", [("pipeline.py", "executions", "end-to-end", "--local"), ("-m", "sagemaker_local", "up")]
)
def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        done = _door(*arguments, root=tmp_path / "root", SAGEMAKER_LOCAL_PORT=port)

    assert done.returncode != 0
    assert port in done.stderr
    assert "SAGEMAKER_LOCAL_PORT" in done.stderr or "--port" in done.stderr
    assert "Traceback" not in done.stderr


def _configs(config: Path) -> list[str]:
    return ["--config", "configs/pipeline_config.yaml", "--config", str(config)]


def _door(*arguments: str, root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a door where no endpoint runs yet."""
    given: dict[str, Any] = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(root.parent),
        "SAGEMAKER_LOCAL_ROOT": str(root),
        **environment,
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, env=given, capture_output=True, text=True, check=False, timeout=60
    )
