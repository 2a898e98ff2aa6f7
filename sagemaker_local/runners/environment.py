"""What every runner works with, and the environment variables that every job starts with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.ports import Credentials, LogWriter, ObjectStore
from sagemaker_local.runners import isolation
from sagemaker_local.runners.workspace import Workspace
from sagemaker_local.settings import PROCESS_MARK

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_REGION_VARIABLES = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})


@dataclass(frozen=True, slots=True)
class RunnerEnvironment:
    """The surroundings of all runners of one endpoint."""

    work_path: Path
    objects: ObjectStore
    logs: LogWriter
    credentials: Credentials
    region: str
    cores: int = 1
    isolate: bool = True
    """Give each job its own /opt/ml, where the kernel allows it."""
    stop_grace_seconds: float = 120.0
    """How long a job may go on after SIGTERM, as on AWS."""

    def workspace(self, job_name: str) -> Workspace:
        """Make the working folder of a job; use it as a context manager."""
        return Workspace.create(self.work_path, job_name, isolated=self.isolate and isolation.is_available())

    def variables(
        self, workspace: Workspace, *, role_arn: str, job_name: str, requested: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Build a job's environment from nothing: the basics, then what the request wants, then the role's credentials.

        The credentials come last, so that no request leads a job to a real account; only the region may be another.
        """
        wanted = dict(requested or {})
        role = self.credentials.environment(role_arn, job_name)
        fixed = {name: value for name, value in role.items() if name not in _REGION_VARIABLES or name not in wanted}
        return {
            **_basics(workspace),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            **wanted,
            **fixed,
            PROCESS_MARK: str(workspace.path),
        }


def _basics(workspace: Workspace) -> dict[str, str]:
    return {
        # The endpoint's own Python comes first: `python3` in an entry point has the container's libraries.
        "PATH": f"{Path(sys.executable).parent}:{_SYSTEM_PATH}",
        "HOME": str(workspace.home),
        "TMPDIR": str(workspace.tmp),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Without credentials a client must not look for those of the machine.
        "AWS_EC2_METADATA_DISABLED": "true",
    }
