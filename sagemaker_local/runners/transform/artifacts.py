"""Puts a model's script in place, as the container does before it serves."""

from __future__ import annotations

import shutil
from pathlib import Path

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.archive import unpack


def place_script(submitted: Path, code_folder: Path) -> None:
    """Copy the script's folder, or unpack its archive, to where the container imports it from.

    Raises:
        JobFailed: there is no such folder or archive, or it needs packages that are not installed.
    """
    if submitted == code_folder:
        pass
    elif submitted.is_dir():
        shutil.copytree(submitted, code_folder, dirs_exist_ok=True)
    elif submitted.is_file():
        unpack(submitted, code_folder, f"SAGEMAKER_SUBMIT_DIRECTORY {str(submitted)!r}")
    else:
        raise JobFailed(
            f"AlgorithmError: SAGEMAKER_SUBMIT_DIRECTORY is {str(submitted)!r}, which does not exist; "
            "pack the script into model.tar.gz below code/ and set it to /opt/ml/model/code."
        )
    if any((code_folder / name).is_file() for name in ("requirements.txt", "setup.py")):
        # Imported only when needed: it reads the installed packages' versions.
        from sagemaker_local.runners import source_code

        source_code.check_installation(code_folder)
