"""The launcher as another user than the one that runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sagemaker_local.runners.isolation import LAUNCHER

_PYTHON = "/usr/bin/python3"
_NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0 or not Path(_PYTHON).exists(), reason="only root can become another user")
def test_launcher_unprivileged_user_keeps_its_id_and_gets_opt_ml(tmp_path_factory: pytest.TempPathFactory) -> None:
    # Pytest's own folders admit root only.
    folder = Path("/tmp") / f"launcher-{os.getpid()}"  # noqa: S108 - a place that nobody may enter
    (folder / "ml").mkdir(parents=True)
    shutil.copy(LAUNCHER, folder / "launcher.py")
    for path in (folder, folder / "ml"):
        os.chown(path, _NOBODY, _NOBODY)
    reader, writer = os.pipe()
    command = [_PYTHON, "-I", "-S", str(folder / "launcher.py"), str(writer), str(os.getpid()), str(folder / "ml"), "/"]

    done = subprocess.run(
        [*command, "sh", "-c", "id -u; id -g; echo made > /opt/ml/file; grep CapEff /proc/self/status"],
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=[],
        pass_fds=(writer,),
        capture_output=True,
        text=True,
        check=False,
    )

    os.close(writer)
    error = os.read(reader, 1000).decode()
    os.close(reader)
    made = (folder / "ml" / "file").read_text() if (folder / "ml" / "file").exists() else ""
    shutil.rmtree(folder)
    if "unshare" in error or "mount" in error:
        pytest.skip(f"this kernel gives ordinary users no namespaces: {error}")
    assert done.stdout.split() == [str(_NOBODY), str(_NOBODY), "CapEff:", "0" * 16], done.stderr + error
    assert made == "made\n"
