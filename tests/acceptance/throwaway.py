"""Clients as people install them: each set in a virtual environment of its own, made once for its versions."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import PROJECT

_FOLDER = PROJECT / ".venv-clients"
_PATIENCE_SECONDS = 300
_ATHENA_CLIENTS = (
    "awswrangler==3.17.1",
    "boto3==1.43.106",
    "botocore==1.43.106",
    "fsspec==2026.9.0",
    "numpy==2.1.0",
    "pandas==2.2.3",
    "pyarrow==22.0.0",
    "pyathena[sqlalchemy]==3.40.0",
    "sqlalchemy==2.1.9",
)
"""What people query Athena with from Python; one set, as they all stand on the same pandas and pyarrow."""


def install(name: str, *requirements: str) -> Path:
    """Install exactly these requirements unless an earlier run did.

    Returns:
        The folder of the environment's executables.
    """
    versions = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    home = _FOLDER / f"{name}-{versions}"
    _FOLDER.mkdir(exist_ok=True)
    with (_FOLDER / f"{name}.lock").open("a") as lock:
        # Several workers of pytest may want it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = home / "complete"
        if not stamp.exists():
            shutil.rmtree(home, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(home))
            pip = (str(home / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
            _run(*pip, "install", *requirements)
            stamp.touch()
    return home / "bin"


def athena_clients() -> Path:
    """Install awswrangler and PyAthena unless an earlier run did, and give their Python."""
    return install("athena", *_ATHENA_CLIENTS) / "python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
