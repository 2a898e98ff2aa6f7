"""Puts a training script's code in place, and refuses code that would need an installation."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from sagemaker_local.errors import JobFailed, NoSuchBucket, NoSuchKey
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.archive import unpack
from sagemaker_local.runners.script_mode import CODE, Program
from sagemaker_local.runners.workspace import Workspace


def place_code(objects: ObjectStore, program: Program, workspace: Workspace) -> None:
    """Fill /opt/ml/code from the program's archive in S3, or from a folder or archive that a channel brought.

    Raises:
        JobFailed: no such archive, not an archive, no entry point in it, or it needs packages that are not installed.
    """
    code = workspace.inside(CODE)
    code.mkdir(parents=True, exist_ok=True)
    source = program.submit_directory
    if source.startswith("s3://"):
        _extract(_find_archive(objects, source), code, source)
    elif source.rstrip("/") != CODE:
        _take(workspace.inside(source), code, source)
    if not (code / program.entry_point).is_file():
        there = ", ".join(sorted(path.name for path in code.iterdir())) or "nothing"
        raise JobFailed(
            f"ClientError: the sagemaker_program {program.entry_point!r} is not at the top of {source}; there: {there}."
        )
    check_installation(code)


def _find_archive(objects: ObjectStore, uri: str) -> Path:
    location = S3Uri.parse(uri)
    try:
        return objects.local_path(location.bucket, location.key)
    except (NoSuchBucket, NoSuchKey) as error:
        message = f"the sagemaker_submit_directory {uri} cannot be read: {error}"
        raise JobFailed(f"ClientError: {message} Upload the code first (`upsert` does).") from error


def _take(source: Path, code: Path, name: str) -> None:
    if source.is_dir():
        shutil.copytree(source, code, dirs_exist_ok=True)
    elif source.is_file():
        _extract(source, code, name)
    else:
        raise JobFailed(f"ClientError: the sagemaker_submit_directory {name} does not exist in the container.")


def _extract(archive: Path, code: Path, name: str) -> None:
    try:
        unpack(archive, code, f"the sagemaker_submit_directory {name}")
    except JobFailed as error:
        raise JobFailed(f"{error}. Pack it as sourcedir.tar.gz with the script at the top.") from error


def check_installation(code: Path) -> None:
    """Refuse code that the container would run pip for: nothing is installed here, what is there already passes.

    Raises:
        JobFailed: naming what is missing.
    """
    if (code / "setup.py").is_file():
        raise JobFailed(
            "ClientError: setup.py in the code is not supported here, because nothing is installed for a job; "
            "put plain modules beside the script."
        )
    requirements = code / "requirements.txt"
    if requirements.is_file():
        missing = list(_missing(requirements))
        if missing:
            raise JobFailed(
                f"ClientError: requirements.txt asks for what is not installed: {'; '.join(missing)}. Nothing is "
                "installed for a job here: install it into the endpoint's Python, or drop it from requirements.txt."
            )


def _missing(requirements: Path) -> Iterator[str]:
    """Yield a phrase for each line that the endpoint's Python does not satisfy."""
    for line in requirements.read_text(encoding="utf-8", errors="replace").splitlines():
        text = line.split(" #", 1)[0].strip()
        if not text or text.startswith("#"):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield f"{text!r} (only names with versions can be checked)"
            continue
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        found = _version(requirement.name)
        if found is None or requirement.url or not requirement.specifier.contains(found, prereleases=True):
            yield f"{text!r} (installed: {found or 'none'})"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
