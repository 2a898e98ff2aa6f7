"""Packs a folder as the training service does, the same bytes for the same files, and unpacks what users packed."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from sagemaker_local.errors import JobFailed

# Models are mostly floating-point numbers: higher levels cost much and save little.
_COMPRESSION_LEVEL = 1


def pack(folder: Path, archive: Path) -> None:
    """Write a .tar.gz with the folder's content at its root: no times, owners or order of the disk in it."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION_LEVEL, fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or path.is_dir() or path.is_file():
                tar.add(path, path.relative_to(folder).as_posix(), recursive=False, filter=_anonymous)


def unpack(archive: Path, folder: Path, what: str) -> None:
    """Unpack a gzipped tar file, as the containers do; nothing may land outside `folder`.

    Raises:
        JobFailed: not such a file, or one with entries that point elsewhere; `what` names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as content:
            content.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise JobFailed(f"ClientError: {what} is not a usable .tar.gz archive: {error}") from error


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = 0
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
