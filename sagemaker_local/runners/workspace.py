"""The working folder of one job."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from sagemaker_local.errors import ValidationException
from sagemaker_local.runners import leftovers

ML = PurePosixPath("/opt/ml")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder below the work path; its `ml` folder is what the job sees at /opt/ml. Removed when the context ends."""

    path: Path
    isolated: bool
    """Whether the job sees `ml` at /opt/ml; else paths in its arguments and environment are rewritten to `ml`."""

    @classmethod
    def create(cls, work_path: Path, job_name: str, *, isolated: bool) -> Workspace:
        """Make a fresh folder, of a short name: TMPDIR lies in it, and the paths of sockets have 107 bytes at most."""
        path = work_path / secrets.token_hex(5)
        workspace = cls(path, isolated)
        for folder in (workspace.ml, workspace.home, workspace.tmp):
            folder.mkdir(parents=True)
        (path / leftovers.JOB_NAME).write_text(job_name, encoding="utf-8")
        return workspace

    @property
    def ml(self) -> Path:
        """What the job sees at /opt/ml."""
        return self.path / "ml"

    @property
    def home(self) -> Path:
        """The job's HOME, and where it starts unless told otherwise."""
        return self.path / "home"

    @property
    def tmp(self) -> Path:
        """The job's TMPDIR."""
        return self.path / "tmp"

    def inside(self, container_path: str) -> Path:
        """Where a path of the container, /opt/ml or below, lies on this machine: `/opt/ml/model` is `<ml>/model`.

        Raises:
            ValidationException: the path is not below /opt/ml.
        """
        path = PurePosixPath(container_path)
        if path.parts[:3] != ML.parts or ".." in path.parts:
            raise ValidationException(
                f"{container_path!r} is not below /opt/ml; use a path like /opt/ml/processing/input."
            )
        return self.ml.joinpath(*path.parts[3:])

    def shown(self, container_path: str) -> str:
        """How the job itself must write that path: unchanged when isolated, else the real one."""
        return container_path if self.isolated else str(self.inside(container_path))

    def record(self, pid: int) -> None:
        """Note a process group of the job, so that `leftovers.clean` finds it should the endpoint be killed."""
        leftovers.record(self.path, pid)

    def remove(self) -> None:
        """End what the job left running, as the end of a container does, then remove the folder.

        Also what left the job's process group, and parts of the folder that the job made unreadable.
        """
        leftovers.kill(self.path)
        leftovers.remove(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
