"""The AWS CLI in a shell whose settings lead to an endpoint."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance import throwaway
from tests.acceptance.conftest import PROJECT, Endpoint

VERSION = "1.46.2"
_USERS_OWN = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "a-token-of-a-real-account",
    "AWS_ENDPOINT_URL_S3": "https://s3.us-west-2.amazonaws.com",
}
"""What a person's shell may have set, and what `python -m sagemaker_local env` must take away."""


def install() -> Path:
    """Install the CLI unless an earlier run did, and give the path of `aws`."""
    return throwaway.install("awscli", f"awscli=={VERSION}") / "aws"


def shell_environment(endpoint: Endpoint) -> dict[str, str]:
    """What a shell has after `eval "$(python -m sagemaker_local env)"`."""
    python = shlex.quote(sys.executable)
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    script = f'eval "$({python} -m sagemaker_local env)" && {python} -c "{show}"'
    before = {name: value for name, value in endpoint.environment.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=PROJECT,
        env={**before, **_USERS_OWN},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    environment: dict[str, str] = json.loads(done.stdout)
    return environment


@dataclass(frozen=True)
class AwsCli:
    """`aws` in a shell whose settings lead to an endpoint."""

    executable: Path
    environment: Mapping[str, str]
    folder: Path

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run `aws <command>`, split as a shell would."""
        return subprocess.run(
            [str(self.executable), *shlex.split(command)],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def text(self, command: str) -> str:
        """Run a command that must succeed and give what it prints."""
        done = self.run(command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, command: str) -> Any:
        """Run a command that must succeed and read the JSON that it prints."""
        return json.loads(self.text(command))
