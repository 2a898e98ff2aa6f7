"""The one place where the endpoint's settings come from: argument over environment over default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 4599
DEFAULT_REGION = "us-west-2"
DEFAULT_ACCOUNT_ID = "000000000000"
HOST = "127.0.0.1"

PROCESS_MARK = "SAGEMAKER_LOCAL_JOB_FOLDER"
"""Environment variable of every process that runs a user's code, inherited by its children: the folder it works in."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one endpoint is started with; frozen for its life."""

    root: Path
    """State folder: everything the endpoint keeps, and nothing else, lies below it."""
    port: int = DEFAULT_PORT
    region: str = DEFAULT_REGION
    account_id: str = DEFAULT_ACCOUNT_ID
    cores: int = 1
    """How many model workers a transform job may start, and how many jobs may run at once times two."""
    isolate_jobs: bool = True
    """Mount each job's folder at /opt/ml in a namespace of its own, where the kernel allows it."""

    @property
    def url(self) -> str:
        """The address that every client uses."""
        return f"http://{HOST}:{self.port}"

    @property
    def database_path(self) -> Path:
        """The SQLite file with pipelines, executions, jobs, models, catalog and queries."""
        return self.root / "state" / "sagemaker.sqlite3"

    @property
    def ministack_path(self) -> Path:
        """Where MiniStack keeps the state of the services that it answers."""
        return self.root / "state" / "ministack"

    @property
    def s3_path(self) -> Path:
        """Where MiniStack keeps the bodies of S3 objects, as plain files."""
        return self.root / "s3"

    @property
    def work_path(self) -> Path:
        """Where jobs have their working folders while they run."""
        return self.root / "work"

    @property
    def scratch_path(self) -> Path:
        """Where Lambda functions have their unpacked code while the endpoint runs."""
        return self.root / "tmp"

    @property
    def log_path(self) -> Path:
        """The endpoint's own log."""
        return self.root / "endpoint.log"

    @classmethod
    def resolve(
        cls,
        *,
        root: Path | None = None,
        port: int | None = None,
        region: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settle every setting: the argument, else SAGEMAKER_LOCAL_ROOT / _PORT / _REGION, else the default."""
        env = os.environ if environ is None else environ
        chosen_root = root or Path(env.get("SAGEMAKER_LOCAL_ROOT", ".sagemaker_local"))
        return cls(
            root=chosen_root.expanduser().resolve(),
            port=port if port is not None else int(env.get("SAGEMAKER_LOCAL_PORT", DEFAULT_PORT)),
            region=region or env.get("SAGEMAKER_LOCAL_REGION", DEFAULT_REGION),
            cores=os.cpu_count() or 1,
        )
