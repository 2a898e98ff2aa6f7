from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


def door(*arguments: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Run a door as a person would, without any AWS setting."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("script", ["pipeline.py", "execute_pipeline.py"])
def test_help_answers_without_importing_the_sdk(script: str) -> None:
    begin = time.monotonic()
    done = door("-X", "importtime", script, "--help")

    assert done.returncode == 0
    assert "--local" in done.stdout
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & {"boto3", "sagemaker", "ministack", "pandas", "pydantic", "duckdb"}
    assert time.monotonic() - begin < 30


def test_definition_without_network_and_aws_settings_is_printed() -> None:
    done = door("pipeline.py", "definition", "end-to-end")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('{"Version": "2020-12-01"')


def test_an_unknown_pipeline_is_refused_with_the_known_ones() -> None:
    done = door("pipeline.py", "definition", "end-to-edn")

    assert done.returncode == 1
    assert done.stderr == (
        "error: There is no pipeline 'end-to-edn'; allowed: feature-ingestion, training, batch-inference, "
        "upload-inference, evaluation, end-to-end. Did you mean 'end-to-end'?\n"
    )


def test_an_unknown_configuration_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("project_nam: x\n")

    done = door(
        "pipeline.py", "definition", "end-to-end", "--config", "configs/pipeline_config.yaml", "--config", str(config)
    )

    assert done.returncode == 1
    assert "project_nam" in done.stderr
    assert "project_name" in done.stderr
    assert str(config) in done.stderr


def test_without_credentials_the_error_points_to_local() -> None:
    done = door("pipeline.py", "executions", "end-to-end")

    assert done.returncode == 1
    assert "no AWS credentials were found. Add --local" in done.stderr
