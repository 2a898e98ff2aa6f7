"""Brings a job's inputs from S3 into its folder, and takes its outputs back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.errors import JobFailed, NoSuchBucket, NoSuchKey, ValidationException
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.s3_uri import S3Uri

S3_PREFIX = "S3Prefix"
MANIFEST_FILE = "ManifestFile"
_COPY_CHUNK = 1 << 30
_CHECK = "Check the address, and that the step which writes it has run; `aws s3 ls` lists what is there."


@dataclass(frozen=True, slots=True)
class InputObject:
    """One object of an input, and where it lands below the input's folder."""

    bucket: str
    key: str
    relative_path: str


def relative_path(prefix: str, key: str) -> str:
    """Where an object lands below the folder of an input with that prefix.

    The prefix names a folder, with or without its slash, an object, or the beginning of names, which stay whole
    (observed on AWS, sagemaker-python-sdk issue 3612): below `data/tr`, `data/tr/a.csv` lands as `a.csv`,
    `data/train.csv` as `train.csv`, and `data/tr2/a.csv` as `tr2/a.csv`; below `data/`, `data/tr/a.csv` as `tr/a.csv`.
    """
    if prefix and not prefix.endswith("/") and key.startswith(f"{prefix}/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def say_nothing(_text: str) -> None:
    """Drop a sentence that nobody asked for."""


def list_input(objects: ObjectStore, uri: str, data_type: str = S3_PREFIX) -> list[InputObject]:
    """Find the objects of an input, in UTF-8 order of the key, or in the manifest's order; never none.

    One host gets every object, whether FullyReplicated or ShardedByS3Key.

    Raises:
        JobFailed: no such bucket, no object at all, an unusable manifest, or a key that names no file.
    """
    location = S3Uri.parse(uri)
    try:
        if data_type == MANIFEST_FILE:
            found = _list_manifest(objects, location)
        else:
            listed = objects.list(location.bucket, location.key)
            found = [InputObject(location.bucket, o.key, relative_path(location.key, o.key)) for o in listed]
    except NoSuchBucket as error:
        raise JobFailed(f"ClientError: the bucket {location.bucket!r} of {uri} does not exist. {_CHECK}") from error
    # Names that end with a slash are markers by which consoles show empty folders.
    files = [item for item in found if not item.key.endswith("/")]
    if not files:
        raise JobFailed(f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. {_CHECK}')
    for item in files:
        _check_name(item)
    return files


def bring(objects: ObjectStore, files: Sequence[InputObject], folder: Path, *, link: bool = False) -> None:
    """Put objects into a folder, as copies that a script may change.

    With `link`, as hard links to the stored bodies, where the file system allows it: only for code that never writes to
    its inputs, because writing to a link would change the object itself.

    Raises:
        JobFailed: two objects land on one path, or a file cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = _link if link else copy_file
    made = {folder}
    for item in files:
        target = folder / item.relative_path
        try:
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            place(objects.local_path(item.bucket, item.key), target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            message = (
                f"s3://{item.bucket}/{item.key} lands on {item.relative_path!r}, where another object of the input is"
            )
            raise JobFailed(f"ClientError: {message}; rename one of them.") from error
        except (OSError, NoSuchKey) as error:
            raise JobFailed(f"ClientError: cannot bring s3://{item.bucket}/{item.key}: {error}") from error


def copy_file(source: Path, target: Path) -> None:
    """Copy to a new file inside the kernel; file systems that can share blocks do so (Btrfs, XFS)."""
    with source.open("rb") as reader, target.open("xb") as writer:
        size = os.fstat(reader.fileno()).st_size
        if not hasattr(os, "copy_file_range"):
            shutil.copyfileobj(reader, writer)
            return
        try:
            while size > 0 and (copied := os.copy_file_range(reader.fileno(), writer.fileno(), min(size, _COPY_CHUNK))):
                size -= copied
        except OSError:  # not between these two file systems
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        copy_file(source, target)


def require_bucket(objects: ObjectStore, target: S3Uri) -> None:
    """Find out before a job runs that its output has no place to go.

    Raises:
        JobFailed: by name.
    """
    if not objects.has_bucket(target.bucket):
        raise JobFailed(_no_bucket(target))


def _no_bucket(target: S3Uri) -> str:
    message = f"the bucket {target.bucket!r} of the output {target} does not exist"
    return f"ClientError: {message}; make it with `aws s3 mb`, or correct the address."


def upload_folder(objects: ObjectStore, folder: Path, target: S3Uri, note: Callable[[str], None] = say_nothing) -> int:
    """Store every regular file below a folder at `target` plus its relative path; symbolic links are not followed.

    `note` gets a sentence for each entry that is not uploaded.

    Returns:
        The number of objects.

    Raises:
        JobFailed: no such bucket, or a name that cannot be a key.
    """
    count = 0
    for path, name in walk(folder, note):
        upload_file(objects, path, target.join(name))
        count += 1
    return count


def upload_file(objects: ObjectStore, path: Path, target: S3Uri) -> None:
    """Store one file.

    Raises:
        JobFailed: no such bucket, or a name that cannot be a key.
    """
    try:
        target.key.encode()
        objects.put_file(target.bucket, target.key, path)
    except NoSuchBucket as error:
        raise JobFailed(_no_bucket(target)) from error
    except UnicodeEncodeError as error:
        raise JobFailed(f"ClientError: the name of the output file {path.name!r} is not UTF-8; rename it.") from error


def walk(folder: Path, note: Callable[[str], None] = say_nothing) -> Iterator[tuple[Path, str]]:
    """Yield every regular file below a folder with its path relative to it, `/` between parts, in order of name."""
    if not folder.is_dir():
        return
    pending = [("", folder)]
    while pending:
        prefix, current = pending.pop()
        folders = []
        for entry in sorted(os.scandir(current), key=lambda entry: entry.name):
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                folders.append((f"{name}/", Path(entry.path)))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path), name
            else:
                kind = "a symbolic link" if entry.is_symlink() else "not a regular file"
                note(f"not uploaded, because it is {kind}: {name}")
        pending.extend(reversed(folders))


def _list_manifest(objects: ObjectStore, location: S3Uri) -> list[InputObject]:
    """Read `[{"prefix": "s3://b/p/"}, "x/1.csv", ...]`: an object lies at prefix + entry and lands at the entry."""
    try:
        entries = json.loads(objects.read(location.bucket, location.key))
    except NoSuchKey as error:
        raise JobFailed(f"ClientError: the manifest {location} does not exist. {_CHECK}") from error
    except ValueError as error:
        raise JobFailed(f"ClientError: the manifest {location} is not JSON: {error}") from error
    prefix, names = _read_manifest(location, entries)
    found = []
    for name in names:
        key = f"{prefix.key}{name}"
        if not any(info.key == key for info in objects.list(prefix.bucket, key)):
            raise JobFailed(
                f"ClientError: s3://{prefix.bucket}/{key}, named in the manifest {location}, does not exist."
            )
        found.append(InputObject(prefix.bucket, key, name.lstrip("/")))
    return found


def _read_manifest(location: S3Uri, entries: Any) -> tuple[S3Uri, list[str]]:
    expected = '[{"prefix": "s3://bucket/prefix/"}, "relative/path", ...]'
    head = entries[0] if isinstance(entries, list) and entries else None
    names = entries[1:] if head is not None else []
    if not isinstance(head, dict) or set(head) != {"prefix"} or not all(isinstance(name, str) for name in names):
        raise JobFailed(f"ClientError: the manifest {location} does not read {expected}.")
    try:
        return S3Uri.parse(str(head["prefix"])), names
    except ValidationException as error:
        raise JobFailed(f"ClientError: the manifest {location} does not read {expected}: {error}") from error


def _check_name(item: InputObject) -> None:
    """Refuse keys that would leave the folder or cannot be file names."""
    parts = item.relative_path.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in item.relative_path:
        message = f"the key s3://{item.bucket}/{item.key} cannot be a file below the input's folder"
        raise JobFailed(f"ClientError: {message}: empty parts, '.' and '..' are not allowed; rename the object.")
