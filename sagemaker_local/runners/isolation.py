"""How a job sees its folder at /opt/ml: by a mount of its own where the kernel allows it, else by rewritten paths."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
_ML_PATH = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")
_MARKER = "sagemaker-local-probe"
_PROBE_SECONDS = 10


def launch_command(command: Sequence[str], *, ml_folder: Path | None, working_folder: str, status_fd: int) -> list[str]:
    """Wrap a command so that it starts in `working_folder`, with `ml_folder` (if any) at /opt/ml, and dies with us."""
    shown = "" if ml_folder is None else str(ml_folder)
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
    return [*launcher, str(status_fd), str(os.getpid()), shown, working_folder, *command]


@functools.cache
def is_available() -> bool:
    """Whether this machine lets a job have its own /opt/ml; tried once per process."""
    if not sys.platform.startswith("linux"):
        return False
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("wb") as status:
        (Path(folder) / _MARKER).touch()
        command = launch_command(
            ["test", "-f", f"/opt/ml/{_MARKER}"],
            ml_folder=Path(folder),
            working_folder="/",
            status_fd=status.fileno(),
        )
        try:
            done = subprocess.run(
                command, pass_fds=(status.fileno(),), capture_output=True, timeout=_PROBE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def rewrite(text: str, ml_folder: Path) -> str:
    """Replace the path /opt/ml by the job's folder wherever it stands in `text` as a path of its own.

    `--in=/opt/ml/input` becomes `--in=<folder>/input`; `s3://b/opt/ml/x` and `/opt/mlflow` stay.
    """
    return _ML_PATH.sub(lambda _: str(ml_folder), text)
