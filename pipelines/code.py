"""Files that jobs need, named by their content: the same bytes lie at the same S3 address, everywhere and for ever."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.errors import MissingScript

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"

_ARCHIVE_DAY = (1980, 1, 1, 0, 0, 0)
"""The first that a zip archive can express; archives carry no time of ours."""

Files = Mapping[str, bytes]
"""Names with `/` between folders, and contents."""


class Artifacts:
    """What a definition refers to and `upsert` uploads: S3 address -> bytes, collected while building."""

    def __init__(self, code_uri: str) -> None:
        """Collect below `code_uri`, for example s3://bucket/prefix/code."""
        self._code_uri = code_uri
        self._bodies: dict[str, bytes] = {}

    def add_folder(self, files: Files) -> str:
        """Keep files as plain objects; return the address of their folder, with a slash at its end."""
        folder = self._folder(files)
        for name, body in files.items():
            self._bodies[f"{folder}{name}"] = body
        return folder

    def add_archive(self, files: Files, name: str = "sourcedir.tar.gz") -> str:
        """Keep files as one tar.gz, as script mode wants its code; return the archive's address."""
        address = f"{self._folder(files)}{name}"
        self._bodies[address] = tar_gz(files)
        return address

    def add_file(self, name: str, body: bytes) -> str:
        """Keep one file; return its address."""
        return f"{self.add_folder({name: body})}{name}"

    def collected(self) -> dict[str, bytes]:
        """Return everything kept so far, sorted by address."""
        return dict(sorted(self._bodies.items()))

    def _folder(self, files: Files) -> str:
        return f"{self._code_uri}/{digest(files)}/"


def read_scripts(names: Iterable[str], folder: Path = SCRIPTS) -> dict[str, bytes]:
    """Read scripts; in the result they lie side by side, as in the container.

    Raises:
        MissingScript: by path.
    """
    files = {}
    for name in names:
        path = folder / name
        try:
            files[path.name] = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingScript(
                f"The script {name!r} is not in {str(folder)!r}; a step packs it. Restore the file from the repository."
            ) from error
    return files


def digest(files: Files) -> str:
    """Hash names and bytes (SHA-256), whatever the order, the folder they came from, or their times."""
    found = hashlib.sha256()
    for name, body in sorted(files.items()):
        # The length keeps ("a", "bc") apart from ("ab", "c").
        found.update(f"{name}\0{len(body)}\0".encode())
        found.update(body)
    return found.hexdigest()


def tar_gz(files: Files) -> bytes:
    """Pack files so that the same files give the same bytes: sorted, without times, owners and machine-made modes."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, body in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def zip_archive(files: Files) -> bytes:
    """Pack files as AWS Lambda wants them, the same bytes for the same files.

    Stored, not compressed: what a compressor makes differs between versions of zlib.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, body in sorted(files.items()):
            member = zipfile.ZipInfo(name, _ARCHIVE_DAY)
            member.create_system = 3  # Unix, wherever it is packed: Lambda needs the mode below
            member.external_attr = 0o644 << 16
            archive.writestr(member, body)
    return packed.getvalue()
